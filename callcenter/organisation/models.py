"""The centre itself: its branches, its skills, its policies."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base
from callcenter.revision import Configured


class Centre(Configured, Base):
    """One installation serves one centre: its zone, its country, whom it may dial, the handbook's numbers.

    `revision` moves whenever a row is written that configures the centre (`callcenter/revision.py`).
    """

    __tablename__ = "centres"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    timezone: Mapped[str] = mapped_column(sa.String(60))
    country: Mapped[str] = mapped_column(sa.String(2))
    dial_prefixes: Mapped[list[str]]
    sip_domains: Mapped[list[str]]
    policies: Mapped[dict[str, Any]]
    revision: Mapped[str | None] = mapped_column(sa.String(32))


class Branch(Configured, Base):
    """An office: the head office or a branch (handbook B)."""

    __tablename__ = "branches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    names: Mapped[dict[str, Any]]
    head_office: Mapped[bool]


class Skill(Configured, Base):
    """What an agent can be asked for."""

    __tablename__ = "skills"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    names: Mapped[dict[str, Any]]

"""The people who answer."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base


class Agent(Base):
    """Someone who takes calls, at one address: E.164, `client:` and the agent's id in hex, or `sip:`."""

    __tablename__ = "agents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    branch_id: Mapped[UUID] = mapped_column(sa.ForeignKey("branches.id"))
    languages: Mapped[list[str]]
    address: Mapped[str] = mapped_column(sa.String(120))
    address_raw: Mapped[str] = mapped_column(sa.String(120))
    active: Mapped[bool] = mapped_column(default=True)


class AgentSkill(Base):
    """How well an agent masters a skill: 1 is best."""

    __tablename__ = "agent_skills"

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True)
    level: Mapped[int] = mapped_column(sa.SmallInteger)

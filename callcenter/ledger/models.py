"""What people did and looked at: rows that are only ever added."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base


class LedgerEntry(Base):
    """Somebody did something to a subject at an instant."""

    __tablename__ = "ledger"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(80))
    action: Mapped[str] = mapped_column(sa.String(40))
    subject_kind: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[str] = mapped_column(sa.String(60), index=True)
    detail: Mapped[dict[str, Any]]


class LedgerSeal(Base):
    """An entry's place in the chain (from 1) and the digest up to it; neither table is ever changed.

    No reference to the entry: a seal outlives one that somebody has removed, and tells of it.
    """

    __tablename__ = "ledger_seals"

    sequence: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    sealed_at: Mapped[datetime]

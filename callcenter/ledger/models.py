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

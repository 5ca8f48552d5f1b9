"""What was promised to whom by when."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

OF_CALLBACK = sa.text("subject_kind = 'callback'")


class Promise(Base):
    """A time limit of the handbook about one subject; `why` says by which rule and calendar it is due."""

    __tablename__ = "promises"
    __table_args__ = (
        sa.UniqueConstraint("subject_kind", "subject_id", "rule"),
        sa.Index("ix_promises_state_due_at", "state", "due_at"),
        sa.Index(
            "ix_promises_callback_due_at", "due_at", sqlite_where=OF_CALLBACK, postgresql_where=OF_CALLBACK
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    rule: Mapped[str] = mapped_column(sa.String(10))
    subject_kind: Mapped[str] = mapped_column(sa.String(12))
    subject_id: Mapped[UUID]
    customer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("customers.id"))
    owner_agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    grace_seconds: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(10))
    settled_at: Mapped[datetime | None]
    why: Mapped[dict[str, Any]]

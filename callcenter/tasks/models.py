"""Tasks for people: what no machine can know, or may do."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

OPEN = sa.text("state = 'open'")


class Task(Base):
    """A question to a person: was this customer called? One is open about a subject at a time.

    `kind` is unknown_call, not_dialled or not_reached, `reason` why. `number` is who was to be rung, as he is
    dialled. `verdict` is called, not_called, or found where it answered itself.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.Index("ix_tasks_opened_at", "opened_at"),
        sa.Index(
            "uq_tasks_subject_open",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    kind: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(60))
    subject_kind: Mapped[str] = mapped_column(sa.String(12))
    subject_id: Mapped[UUID]
    attempt_id: Mapped[UUID | None]
    number: Mapped[str] = mapped_column(sa.String(120))
    opened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(10))
    verdict: Mapped[str | None] = mapped_column(sa.String(12))
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(sa.String(80))
    note: Mapped[str | None] = mapped_column(sa.String(400))

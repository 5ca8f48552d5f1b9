"""What was promised to whom by when, to what time it was moved, and who was told of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

OF_CALLBACK = sa.text("subject_kind = 'callback'")
TO_TELL = sa.text("next_alert_at IS NOT NULL")
AWAITING = sa.text("awaits_call_id IS NOT NULL")


class Promise(Base):
    """A time limit of the handbook about one subject; `why` says by which rule and calendar it is due.

    It counts from `counted_from`; while `awaits_call_id` is set, from that call's end, and `due_at` is only
    the least that will be. `next_alert_at` is when somebody is to be told next. Line and ticket are named
    without a foreign key: the ticket stands higher in the house, and both may be unknown.
    """

    __tablename__ = "promises"
    __table_args__ = (
        sa.UniqueConstraint("subject_kind", "subject_id", "rule"),
        sa.Index("ix_promises_state_due_at", "state", "due_at"),
        sa.Index(
            "ix_promises_callback_due_at", "due_at", sqlite_where=OF_CALLBACK, postgresql_where=OF_CALLBACK
        ),
        sa.Index("ix_promises_due_at_id", "due_at", "id"),
        sa.Index(
            "ix_promises_next_alert_at", "next_alert_at", sqlite_where=TO_TELL, postgresql_where=TO_TELL
        ),
        sa.Index(
            "ix_promises_awaits_call_id", "awaits_call_id", sqlite_where=AWAITING, postgresql_where=AWAITING
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
    made_by: Mapped[str | None] = mapped_column(sa.String(80))
    line_id: Mapped[UUID | None]
    ticket_id: Mapped[UUID | None] = mapped_column(index=True)
    counted_from: Mapped[datetime | None]
    awaits_call_id: Mapped[UUID | None]
    next_alert_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(sa.String(80))
    reason: Mapped[str | None] = mapped_column(sa.String(60))


class PromiseMove(Base):
    """A promise was moved to another time; `consent` is whether its customer agreed, None when unsaid."""

    __tablename__ = "promise_moves"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    promise_id: Mapped[UUID] = mapped_column(sa.ForeignKey("promises.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    from_due_at: Mapped[datetime]
    to_due_at: Mapped[datetime]
    consent: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(sa.String(200))


class PromiseAlert(Base):
    """Somebody was told of a promise, once for each step and each time that it was due.

    Steps: warning (before the limit), owner, duty_manager, supervisor (after it). `agent_id` is who the
    owner is; whoever has the duty reads the others.
    """

    __tablename__ = "promise_alerts"
    __table_args__ = (sa.UniqueConstraint("promise_id", "step", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    promise_id: Mapped[UUID] = mapped_column(sa.ForeignKey("promises.id"))
    step: Mapped[str] = mapped_column(sa.String(12))
    due_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(index=True)
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(sa.String(80))

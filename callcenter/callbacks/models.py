"""Callbacks (回呼): calls that a customer was promised."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

SUBJECT = "callback"
"""What promises, waits, attempts and tasks call it that they are about."""
OPEN = sa.text("state IN ('booked', 'waiting', 'agent')")


class Callback(Base):
    """A call we owe. `due_at` is the time that was promised, `next_try_at` when we act next.

    `chosen` says that the customer, or who booked for him, chose that time: he is not rung before it.
    `settled_by` is who cancelled it or gave it up, None where the tries did; `reason` is why. In line it has
    the place of `arrived_at`, when the customer joined it in his first call, else asked; `waiting_since` is
    when it was put there last.

    States: booked, waiting (for an agent), agent (one accepted, the customer is rung), kept,
    failed (not reachable after all tries), cancelled. A number is owed one call on a line at a time, and a
    customer one call about a `matter`: who he is, and what he wants (the skill); null where nobody knows him.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        sa.Index(
            "uq_callbacks_number_line_id_open",
            "number",
            "line_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        sa.Index("uq_callbacks_matter_open", "matter", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        sa.Index("ix_callbacks_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    number: Mapped[str] = mapped_column(sa.String(40), index=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lines.id"))
    skill_id: Mapped[UUID] = mapped_column(sa.ForeignKey("skills.id"))
    language: Mapped[str] = mapped_column(sa.String(10))
    customer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("customers.id"))
    origin_call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    ticket_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tickets.id"), index=True)
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    matter: Mapped[str | None] = mapped_column(sa.String(80))
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(60))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    due_at: Mapped[datetime]
    chosen: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    next_try_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(sa.String(80))


class CallbackTry(Base):
    """One attempt to reach the customer: whose it was, how it ended, and when the next one follows.

    `result` is reached, busy, no_answer, failed, canceled, not_accepted (nobody pressed the key), voicemail
    (a machine, where the line asks for detection), agent_lost, or why no call was made, which costs none of
    the callback's `tries`; None while it lasts.
    """

    __tablename__ = "callback_tries"
    __table_args__ = (sa.UniqueConstraint("callback_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    callback_id: Mapped[UUID] = mapped_column(sa.ForeignKey("callbacks.id"))
    number: Mapped[int]
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(sa.String(20))
    answered_by: Mapped[str | None] = mapped_column(sa.String(20))
    message_left: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    next_try_at: Mapped[datetime | None]

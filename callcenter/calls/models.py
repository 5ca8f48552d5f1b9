"""The call, its legs, and what happened on it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import JSON, Base, LastFour


class Call(Base):
    """One conversation with a customer, whoever phoned; exactly one outcome, `open` while it lives.

    `sid` is the SID of the customer's leg. `stage` is how far the caller came: greeting, menu, closed,
    queue, connecting, talk, message. `day` is the day on which it started in the line's zone. `ticket_id` is
    the ticket that an earlier contact opened and this call is about, `callback_id` the promised call that its
    caller is owed; both stand higher in the house, so neither is a foreign key.
    """

    __tablename__ = "calls"
    __table_args__ = (
        sa.Index("ix_calls_line_id_started_at", "line_id", "started_at", "id"),
        sa.Index("ix_calls_started_at_id", "started_at", "id"),
        sa.Index("ix_calls_agent_id_started_at", "agent_id", "started_at", "id"),
        sa.Index("ix_calls_outcome_started_at", "outcome", "started_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    sid: Mapped[str | None] = mapped_column(sa.String(34), unique=True)
    direction: Mapped[str] = mapped_column(sa.String(10))
    line_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lines.id"))
    customer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("customers.id"))
    from_number: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    from_raw: Mapped[str] = mapped_column(sa.String(120))
    to_number: Mapped[str] = mapped_column(sa.String(120))
    language: Mapped[str | None] = mapped_column(sa.String(10))
    stage: Mapped[str] = mapped_column(sa.String(12))
    day: Mapped[date] = mapped_column(index=True)
    started_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    left_queue_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    outcome: Mapped[str] = mapped_column(sa.String(24), default="open")
    promised: Mapped[bool] = mapped_column(default=False)
    message_left: Mapped[bool] = mapped_column(default=False)
    fault: Mapped[str | None] = mapped_column(sa.String(60))
    ticket_id: Mapped[UUID | None]
    callback_id: Mapped[UUID | None]


sa.Index("ix_calls_from_number_last_four", LastFour(Call.__table__.c.from_number))
sa.Index("ix_calls_to_number_last_four", LastFour(Call.__table__.c.to_number))


class Leg(Base):
    """One party's connection, keyed by the carrier's SID, and its conversation with our ivr.

    The four times are the carrier's own stamps (whole seconds), never the arrival of a webhook.
    `step` is where the leg's flow stands and `turn` counts the documents it was given. `checked_at` is when
    we last asked the carrier about a leg of which it had said nothing for a while.
    """

    __tablename__ = "legs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    sid: Mapped[str] = mapped_column(sa.String(34), unique=True)
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(10))
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    attempt_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    created_at: Mapped[datetime]
    initiated_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    checked_at: Mapped[datetime] = mapped_column(index=True)
    step: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    turn: Mapped[int] = mapped_column(default=0)


class CallEvent(Base):
    """Something that happened on a call, once: the key says what, so that a repetition is no second event.

    `detail` holds nothing personal; what does is in `CallWords`.
    """

    __tablename__ = "call_events"
    __table_args__ = (
        sa.UniqueConstraint("leg_sid", "key"),
        sa.Index("ix_call_events_call_id_at", "call_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"))
    leg_sid: Mapped[str] = mapped_column(sa.String(34))
    key: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(24))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class CallWords(Base):
    """What was heard and said at an event: personal data, erasable without touching the event."""

    __tablename__ = "call_words"

    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("call_events.id"), primary_key=True)
    heard: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    answers: Mapped[list[Any] | None] = mapped_column(JSON)
    document: Mapped[str | None] = mapped_column(sa.Text)


class Lookback(Base):
    """How far the carrier's own lists were compared with ours (decision 0022).

    Nothing before `first_at` is ours: that is when this installation looked first. Everything that began
    before `until` was compared. `asked_at` is when somebody last went to look.
    """

    __tablename__ = "lookbacks"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    first_at: Mapped[datetime]
    until: Mapped[datetime]
    asked_at: Mapped[datetime]


class Recording(Base):
    """A recording at the carrier, known by its SID; the audio is only ever fetched through us."""

    __tablename__ = "recordings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    sid: Mapped[str] = mapped_column(sa.String(34), unique=True)
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    seconds: Mapped[int | None]
    created_at: Mapped[datetime]

"""Who waits, who is free, who was offered what."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

WAIT_LIVE = sa.text("state IN ('waiting', 'offered', 'won')")
OFFER_LIVE = sa.text("state IN ('ringing', 'accepted', 'joined')")
IN_LINE = sa.text("state = 'waiting'")
IDLE = sa.text("state = 'available'")
OFFER_WON = sa.text("state IN ('accepted', 'joined')")


class Wait(Base):
    """Something that waits for an agent: a caller in the queue, or a callback that is due.

    `connection` is the number of its last offer, counted over all stays of one call. `joined` is an end:
    it left the queue for a conversation. `told_position` and `told_high` (the longest wait, in seconds) are
    what the caller was told last, `told_agents` how many agents were on duty then. `on_line` says that a
    customer who is called back holds the line meanwhile.
    """

    __tablename__ = "waits"
    __table_args__ = (
        sa.Index(
            "uq_waits_subject_live",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=WAIT_LIVE,
            postgresql_where=WAIT_LIVE,
        ),
        sa.Index("ix_waits_state_entered_at", "state", "entered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    subject_kind: Mapped[str] = mapped_column(sa.String(12))
    subject_id: Mapped[UUID]
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lines.id"))
    skill_id: Mapped[UUID] = mapped_column(sa.ForeignKey("skills.id"))
    language: Mapped[str] = mapped_column(sa.String(10))
    priority: Mapped[int] = mapped_column(default=0)
    entered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(10))
    exit: Mapped[str | None] = mapped_column(sa.String(20))
    ended_at: Mapped[datetime | None]
    connection: Mapped[int] = mapped_column(default=0)
    told_position: Mapped[int | None]
    told_high: Mapped[int | None]
    told_agents: Mapped[int | None]
    on_line: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


_WAIT = Wait.__table__.c
FIRST: tuple[sa.ColumnElement[Any], ...] = (
    sa.literal_column("0") - _WAIT.priority,
    _WAIT.entered_at,
    _WAIT.id,
)
"""The order of the line: by priority, then by arrival."""
sa.Index("ix_waits_in_line", *FIRST, sqlite_where=IN_LINE, postgresql_where=IN_LINE)


class AgentState(Base):
    """What an agent is doing now.

    `until` is when the state ends by itself and `after` what follows it. `free_since` is the idle clock:
    it goes on through an offer that was withdrawn, and starts anew after every conversation.
    """

    __tablename__ = "agent_states"
    __table_args__ = (
        sa.Index("ix_agent_states_idle", "free_since", "agent_id", sqlite_where=IDLE, postgresql_where=IDLE),
    )

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(60))
    since: Mapped[datetime]
    until: Mapped[datetime | None] = mapped_column(index=True)
    after: Mapped[str | None] = mapped_column(sa.String(12))
    free_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class AgentStateChange(Base):
    """The timeline of an agent's states: only ever added to."""

    __tablename__ = "agent_state_changes"
    __table_args__ = (sa.Index("ix_agent_state_changes_agent_id_at", "agent_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"))
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(60))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))


class Offer(Base):
    """A waiting subject offered to one agent: one live offer an agent, one winner a subject.

    `ring_until` is our own timer: the carrier's `ringing` plus the line's rings; before `ringing` is
    known it is the backstop.
    """

    __tablename__ = "offers"
    __table_args__ = (
        sa.Index(
            "uq_offers_agent_live",
            "agent_id",
            unique=True,
            sqlite_where=OFFER_LIVE,
            postgresql_where=OFFER_LIVE,
        ),
        sa.Index(
            "uq_offers_wait_live",
            "wait_id",
            unique=True,
            sqlite_where=OFFER_LIVE,
            postgresql_where=OFFER_LIVE,
        ),
        sa.Index("ix_offers_state_ring_until", "state", "ring_until"),
        sa.Index("ix_offers_line_id_ended_at", "line_id", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    wait_id: Mapped[UUID] = mapped_column(sa.ForeignKey("waits.id"), index=True)
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"))
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lines.id"))
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    connection: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(60))
    leg_sid: Mapped[str | None] = mapped_column(sa.String(34), index=True)
    made_at: Mapped[datetime]
    ring_until: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

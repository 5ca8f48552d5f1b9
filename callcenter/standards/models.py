"""What was measured: rings, as facts of their own with the profile that counted them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

IS_ESTIMATED = sa.text("source = 'estimated'")


class RingMeasure(Base):
    """One agent leg's ring (HL-1). Seconds are the fact, rings are derived from the cadence profile.

    `source`: measured (from the carrier's `ringing`), estimated (only `initiated` is known), none.
    `verdict`: accepted, rung_out, declined, not_accepted, withdrawn, and apart from the rate
    withdrawn_early, busy, unreachable, failed.
    """

    __tablename__ = "ring_measures"
    __table_args__ = (
        sa.Index("ix_ring_measures_line_id_day", "line_id", "day"),
        sa.Index("ix_ring_measures_agent_id_day", "agent_id", "day"),
        sa.Index(
            "ix_ring_measures_call_id_estimated",
            "call_id",
            sqlite_where=IS_ESTIMATED,
            postgresql_where=IS_ESTIMATED,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    offer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("offers.id"), unique=True)
    leg_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("legs.id"))
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lines.id"))
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"))
    day: Mapped[date]
    at: Mapped[datetime]
    profile: Mapped[str] = mapped_column(sa.String(8))
    profile_version: Mapped[int]
    cycle_seconds: Mapped[float]
    limit_rings: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(10))
    verdict: Mapped[str] = mapped_column(sa.String(16))
    ring_seconds: Mapped[float | None]
    rings: Mapped[int | None]
    judged: Mapped[bool]
    within: Mapped[bool | None]
    borderline: Mapped[bool]


class DayReport(Base):
    """A closed day of one line (or of what has no line): counted once, never changed.

    `part` is calls, tickets or agents, which close at different times; `place` is the line's id in hex, or
    `-`. A recomputation is a new row with the next version; all it does to the one before is to note when it
    was superseded. `tally` are the counts, `identity` whether they add up, `formulas` the figures' versions,
    `differences` what changed against the version before.
    """

    __tablename__ = "day_reports"
    __table_args__ = (
        sa.UniqueConstraint("part", "place", "day", "version"),
        sa.Index(
            "uq_day_reports_current",
            "part",
            "place",
            "day",
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    part: Mapped[str] = mapped_column(sa.String(10))
    place: Mapped[str] = mapped_column(sa.String(32))
    line_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lines.id"))
    day: Mapped[date]
    version: Mapped[int]
    closed_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(sa.String(80))
    reason: Mapped[str | None] = mapped_column(sa.String(200))
    formulas: Mapped[dict[str, Any]]
    tally: Mapped[dict[str, Any]]
    identity: Mapped[dict[str, Any]]
    differences: Mapped[list[Any]]


class AgentTally(Base):
    """One agent's share of a day report."""

    __tablename__ = "agent_tallies"

    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("day_reports.id"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agents.id"), primary_key=True)
    tally: Mapped[dict[str, Any]]


class DayBook(Base):
    """The rows that a day report was counted from, of one kind, packed: which call was in which set."""

    __tablename__ = "day_books"

    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("day_reports.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    book: Mapped[bytes] = mapped_column(sa.LargeBinary)

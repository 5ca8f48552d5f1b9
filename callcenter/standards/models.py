"""What was measured: rings, as facts of their own with the profile that counted them."""

from datetime import date, datetime
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

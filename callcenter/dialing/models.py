"""Calls we place and orders we give about living ones: an intent row before every side effect."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

UNRESOLVED = sa.text("state IN ('intent', 'sending', 'unknown', 'live')")


class Attempt(Base):
    """One try to place one call (reliability: the dialing protocol).

    `purpose` names what it is for: an offer to an agent, or a callback's customer. `target` is what may
    be rung once at a time: `agent:{id}`, or the customer's canonical number. Whoever sends it owns it until
    `lease_until`, and is known by its `fence`: each new owner gets a higher one.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        sa.Index(
            "uq_attempts_target_unresolved",
            "target",
            unique=True,
            sqlite_where=UNRESOLVED,
            postgresql_where=UNRESOLVED,
        ),
        sa.Index("ix_attempts_purpose", "purpose_kind", "purpose_id"),
        sa.Index("ix_attempts_state_bell_at", "state", "bell_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    purpose_kind: Mapped[str] = mapped_column(sa.String(12))
    purpose_id: Mapped[UUID]
    target: Mapped[str] = mapped_column(sa.String(160))
    to_address: Mapped[str] = mapped_column(sa.String(120))
    from_number: Mapped[str] = mapped_column(sa.String(40))
    timeout_seconds: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(200))
    fence: Mapped[int] = mapped_column(default=0)
    sid: Mapped[str | None] = mapped_column(sa.String(34), unique=True)
    created_at: Mapped[datetime]
    bell_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    empty_listings: Mapped[int] = mapped_column(default=0)


class CarrierOrder(Base):
    """A redirect or a hang-up that is to happen: repeating it is harmless, forgetting it is not."""

    __tablename__ = "carrier_orders"
    __table_args__ = (sa.Index("ix_carrier_orders_state_bell_at", "state", "bell_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(80), unique=True)
    verb: Mapped[str] = mapped_column(sa.String(10))
    sid: Mapped[str] = mapped_column(sa.String(34), index=True)
    path: Mapped[str | None] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(10))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    bell_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(200))


class DialCount(Base):
    """How many calls were placed on a day of the centre's zone, to an agent, to a number, or to customers.

    A number is kept as an id that follows from it, and never written out.
    """

    __tablename__ = "dial_counts"

    scope: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int]


class DialGate(Base):
    """Where every call to be placed passes, one row an account: its pace, and whether the carrier fails.

    `slot` is when the next call may leave, in microseconds since 1970. `failures` counts those in a row;
    from `opened_at` on nothing is sent but one probe now and then, the next at `probe_at`.
    """

    __tablename__ = "dial_gates"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    slot: Mapped[int] = mapped_column(sa.BigInteger())
    failures: Mapped[int]
    opened_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]

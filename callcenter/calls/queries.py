"""Reading calls, legs and events; statements of the hot path are built once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Recording
from callcenter.calls.rules import TERMINAL
from callcenter.db import locked

PORTION = 500
_STORED = (
    sa.select(CallWords.document)
    .join(CallEvent, CallEvent.id == CallWords.event_id)
    .where(CallEvent.leg_sid == sa.bindparam("sid"), CallEvent.key == sa.bindparam("key"))
)
_CURRENT = (
    sa.select(CallWords.document)
    .join(CallEvent, CallEvent.id == CallWords.event_id)
    .where(CallEvent.leg_sid == sa.bindparam("sid"), CallEvent.kind == "turn")
    .order_by(CallEvent.id.desc())
    .limit(1)
)
_LEG = sa.select(Leg).where(Leg.sid == sa.bindparam("sid"))
_LEG_LOCKED = locked(_LEG)
_CALL = sa.select(Call).where(Call.id == sa.bindparam("id"))
_CALL_LOCKED = locked(_CALL)


def stored_document(session: Session, sid: str, key: str) -> str | None:
    """Return the document this very request was answered with before, if it was."""
    return session.execute(_STORED, {"sid": sid, "key": key}).scalar_one_or_none()


def current_document(session: Session, sid: str) -> str | None:
    """Return the last document this leg was given."""
    return session.execute(_CURRENT, {"sid": sid}).scalar_one_or_none()


def leg_by_sid(session: Session, sid: str, *, lock: bool = False) -> Leg | None:
    """Return the leg, locked against every other webhook of it where asked."""
    statement = _LEG_LOCKED if lock else _LEG
    return session.execute(statement, {"sid": sid}).scalar_one_or_none()


def call_by_id(session: Session, call_id: UUID, *, lock: bool = False) -> Call:
    """Return the call; it must exist."""
    statement = _CALL_LOCKED if lock else _CALL
    return session.execute(statement, {"id": call_id}).scalar_one()


def customer_leg(session: Session, call_id: UUID) -> Leg | None:
    """Return the leg of the customer of a call: the caller's, or the one we called back."""
    statement = sa.select(Leg).where(Leg.call_id == call_id, Leg.role.in_(("caller", "customer")))
    return session.execute(statement).scalars().first()


def silent_legs(session: Session, since: datetime) -> list[Leg]:
    """Return living legs that were not asked about since then; rows of other processes are passed over."""
    statement = (
        sa.select(Leg)
        .where(Leg.state.not_in(TERMINAL), Leg.checked_at < since)
        .order_by(Leg.checked_at)
        .limit(200)
    )
    return list(session.execute(locked(statement, skip_locked=True)).scalars())


def known_legs(session: Session, sids: Collection[str]) -> set[str]:
    """Return which of the carrier's calls we have rows of."""
    return _known(session, Leg.sid, sids)


def known_recordings(session: Session, sids: Collection[str]) -> set[str]:
    """Return which of the carrier's recordings we have rows of."""
    return _known(session, Recording.sid, sids)


def _known(session: Session, column: "sa.orm.InstrumentedAttribute[str]", sids: Collection[str]) -> set[str]:
    """Ask in portions: both databases bound how many values a statement takes."""
    ordered = sorted(sids)
    portions = (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))
    return {sid for part in portions for sid in session.scalars(sa.select(column).where(column.in_(part)))}


def leg_by_id(session: Session, leg_id: UUID) -> Leg | None:
    """Return a leg."""
    return session.get(Leg, leg_id)

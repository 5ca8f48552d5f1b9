"""Reading calls, legs and events; statements of the hot path are built once."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Recording
from callcenter.calls.rules import TERMINAL
from callcenter.configuration import of_revision
from callcenter.revision import REVISION
from callcenter.statements import Query, as_read, at_most, held, hold, locked, locks, table_of, take

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
    .limit(at_most(1))
)
_LEG = sa.select(Leg).where(Leg.sid == sa.bindparam("sid"))
_LEG_LOCKED = locked(_LEG)
_TAKE_LEG_AND_CALL = locks(
    sa.select(Leg.id).join(Call, Call.id == Leg.call_id).where(Leg.sid == sa.bindparam("sid")), Leg, Call
)
_SAID = (
    sa.select(CallWords.document)
    .join(CallEvent, CallEvent.id == CallWords.event_id)
    .where(CallEvent.leg_sid == Leg.sid, CallEvent.key == sa.bindparam("key"))
    .scalar_subquery()
)
_READ_LEG_AND_CALL = (
    sa.select(*table_of(Leg).c, *table_of(Call).c, _SAID.label("document"), REVISION.label("revision"))
    .select_from(Leg)
    .join(Call, Call.id == Leg.call_id)
    .where(Leg.sid == sa.bindparam("sid"))
)
_LEG_AND_CALL = Query(lambda _: _READ_LEG_AND_CALL)
_OF_LEG = len(table_of(Leg).c)
_CALL_OF_SID = sa.select(Call).where(Call.sid == sa.bindparam("sid"))
_CALL = sa.select(Call).where(Call.id == sa.bindparam("id"))
_CALL_LOCKED = locked(_CALL)


def stored_document(session: Session, sid: str, key: str) -> str | None:
    """Return the document this very request was answered with before, if it was."""
    return session.execute(_STORED, {"sid": sid, "key": key}).scalar_one_or_none()


def take_leg_and_call(session: Session, sid: str, key: str) -> tuple[Leg, Call, str | None] | None:
    """Return a caller's leg and its call, both locked, and what the request of this key was answered before.

    None for a leg that nobody knows, and for one without a call.
    """
    return ask_leg_and_call(session, sid, key)()


def ask_leg_and_call(
    session: Session, sid: str, key: str
) -> Callable[[], tuple[Leg, Call, str | None] | None]:
    """Ask for what `take_leg_and_call` returns; what is asked after it sees the call locked."""
    values = {"sid": sid, "key": key}
    take(session, _TAKE_LEG_AND_CALL, values)
    asked = _LEG_AND_CALL.ask(session, values)
    return lambda: _leg_and_call(session, asked())


def _leg_and_call(session: Session, rows: Sequence[Any]) -> tuple[Leg, Call, str | None] | None:
    if not rows:
        return None
    *columns, document, revision = rows[0]
    of_revision(session, revision)
    leg, call = as_read(session, Leg, columns[:_OF_LEG]), as_read(session, Call, columns[_OF_LEG:])
    assert leg is not None and call is not None  # noqa: S101  Neither is joined from outside.
    return leg, hold(session, call.id, call), document


def call_by_sid(session: Session, sid: str) -> Call:
    """Return the call of a customer's leg; it must exist."""
    return session.execute(_CALL_OF_SID, {"sid": sid}).scalar_one()


def current_document(session: Session, sid: str) -> str | None:
    """Return the last document this leg was given."""
    return session.execute(_CURRENT, {"sid": sid}).scalar_one_or_none()


def leg_by_sid(session: Session, sid: str, *, lock: bool = False) -> Leg | None:
    """Return the leg, locked against every other webhook of it where asked."""
    statement = _LEG_LOCKED if lock else _LEG
    return session.execute(statement, {"sid": sid}).scalar_one_or_none()


def call_by_id(session: Session, call_id: UUID, *, lock: bool = False) -> Call:
    """Return the call; it must exist."""
    mine = held(session, Call, call_id)
    if mine is not None:
        return mine
    found = session.execute(_CALL_LOCKED if lock else _CALL, {"id": call_id}).scalar_one()
    return hold(session, call_id, found) if lock else found


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


def recordings_of(session: Session, call_id: UUID) -> list[Recording]:
    """Return the recordings of a call, in order."""
    mine = sa.select(Recording).where(Recording.call_id == call_id)
    return list(session.scalars(mine.order_by(Recording.id)))


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

"""What a caller is promised, and what becomes of a call that he is owed: kept, moved, cancelled by key."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks import actions
from callcenter.callbacks.bounds import zone_for
from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.callbacks.rules import CHANGEABLE
from callcenter.callbacks.times import choice_for, is_on_offer
from callcenter.calls.models import Call
from callcenter.phone_numbers import spoken_groups
from ivr import asks

BY_KEY = "by_key"
CALLER = "caller"


def times(session: Session, line_id: UUID, number: str, at: datetime) -> asks.Times | None:
    """Return when a number may be called, by the clock of whoever has it."""
    found = choice_for(session, line_id, number, at)
    if found is None:
        return None
    others = tuple(other.astimezone(found.zone) for other in found.others)
    return asks.Times(at.astimezone(found.zone), found.soonest.astimezone(found.zone), others, found.abroad)


def still_possible(
    session: Session, line_id: UUID, number: str, chosen: datetime | None, at: datetime
) -> datetime | None:
    """Return the time that was chosen, None where it has passed while the caller thought about it."""
    if chosen is None or not is_on_offer(session, line_id, number, chosen, at):
        return None
    return chosen.astimezone(UTC)


def promised(session: Session, call: Call, callback: Callback, at: datetime) -> asks.CallbackBooked:
    """Tell what is promised to this caller now, by the clock of whoever has the number."""
    call.promised = True
    zone, abroad = zone_for(session, callback.line_id, callback.number, at)
    due, now = callback.due_at.astimezone(zone), at.astimezone(zone)
    return asks.CallbackBooked(spoken_groups(callback.number), due, now, callback.chosen, abroad)


def keep(session: Session, call: Call, at: datetime) -> asks.CallbackBooked | asks.CallbackGone:
    """Tell once more what was promised."""
    callback = _owed(session, call)
    return promised(session, call, callback, at) if callback else asks.CallbackGone()


def propose(session: Session, call: Call, at: datetime) -> asks.Times | asks.CallbackGone:
    """Return the times to which the call may be moved."""
    callback = _owed(session, call)
    found = times(session, callback.line_id, callback.number, at) if callback else None
    return found or asks.CallbackGone()


def move(
    session: Session, call: Call, chosen: datetime | None, at: datetime
) -> asks.CallbackBooked | asks.CallbackGone:
    """Promise another time, the usual one where the chosen one has passed meanwhile."""
    callback = _owed(session, call)
    if callback is None:
        return asks.CallbackGone()
    due = still_possible(session, callback.line_id, callback.number, chosen, at)
    moved = actions.reschedule_callback(session, callback.id, due, at, CALLER, consent=True, reason=BY_KEY)
    return promised(session, call, moved, at)


def cancel(session: Session, call: Call, at: datetime) -> asks.CallbackCancelled | asks.CallbackGone:
    """Nobody calls: the customer has said so himself."""
    callback = _owed(session, call)
    if callback is None:
        return asks.CallbackGone()
    actions.cancel_callback(session, callback.id, at, CALLER, BY_KEY)
    call.stage = "served"
    return asks.CallbackCancelled()


def _owed(session: Session, call: Call) -> Callback | None:
    """Return the callback that this caller may change: his own number's, while nobody carries it out."""
    callback = callback_by_id(session, call.callback_id, lock=True) if call.callback_id else None
    return callback if callback is not None and callback.state in CHANGEABLE else None

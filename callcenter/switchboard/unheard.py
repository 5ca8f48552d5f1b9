"""What a caller was never told is taken back (decision 6).

A COMMIT that hangs may succeed after the caller has heard the apology: then he stands in a line, or is owed
a call, of which he knows nothing. His ticket stays: he wanted something, and that is answered.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.actions import cancel_callback
from callcenter.callbacks.models import Callback
from callcenter.calls import queries as calls
from callcenter.calls.models import CallEvent, Leg
from callcenter.routing.actions import leave_line
from callcenter.routing.queries import live_offer_of_wait, live_wait
from callcenter.switchboard import rooms
from callcenter.switchboard.chain import hold_subject

APOLOGY = "apology"
_CANCELLABLE = ("booked", "waiting")


def take_back(session: Session, leg: Leg, turn: str, at: datetime, *, committed: bool) -> None:
    """Let the caller of a locked leg, who heard an apology instead of a turn's document, wait for nobody.

    The callbacks of that turn are cancelled, for nobody told him of them. Nothing is done twice. `committed`
    says that the commit may have succeeded. When it did not and the turn is there all the same, the same
    request was answered at its second coming, and heard.
    """
    if leg.call_id is None or not (committed or calls.stored_document(session, leg.sid, turn) is None):
        return
    cancelled = [
        cancel_callback(session, callback.id, at, APOLOGY, "was never told")
        for callback in _booked_in(session, leg, turn)
    ]
    call = calls.call_by_id(session, leg.call_id, lock=True)
    if cancelled:
        call.promised = False
    _leave(session, leg, at)


def _booked_in(session: Session, leg: Leg, turn: str) -> list[Callback]:
    """Return the callbacks that were booked in a turn; they carry its very instant."""
    when = sa.select(CallEvent.at).where(CallEvent.leg_sid == leg.sid, CallEvent.key == turn)
    booked = sa.select(Callback).where(
        Callback.origin_call_id == leg.call_id,
        Callback.created_at == when.scalar_subquery(),
        Callback.state.in_(_CANCELLABLE),
    )
    return list(session.scalars(booked))


def _leave(session: Session, leg: Leg, at: datetime) -> None:
    if leg.call_id is None:
        return
    hold_subject(session, "call", leg.call_id)
    wait = live_wait(session, "call", leg.call_id, lock=True)
    if wait is None:
        return
    offer = live_offer_of_wait(session, wait.id)
    leave_line(session, wait, APOLOGY, at)
    if offer is not None and offer.state == "accepted":
        rooms.send_agent_away(session, offer, at)

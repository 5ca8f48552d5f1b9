"""An offer's life between the agent's phone and the waiting caller or callback.

Acceptance, time-out, the caller's callback key and the hang-up meet on the locked wait: one wins.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.queries import hours_of
from callcenter.callbacks.actions import agent_found, miss_callback
from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls.actions import end_outbound, start_call
from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.calls.queries import call_by_id, customer_leg, leg_by_sid
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import CarrierOrder
from callcenter.dialing.queries import attempt_for
from callcenter.lines.models import Line
from callcenter.lines.rules import cadence
from callcenter.organisation.queries import policies
from callcenter.routing import actions as routing
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.routing.rules import ring_allowance

# The agent's entry into the room calls the caller in; should that notice be lost, this is how long we wait.
JOIN_PATIENCE = timedelta(seconds=3)
CUSTOMER_RINGS_SECONDS = 40
# The whisper is said three times at most; after that it was no answer.
TIME_TO_ACCEPT = timedelta(seconds=40)


def room_of(offer: Offer) -> str:
    """Return the conference's name: the offer is one connection of one subject."""
    return f"room-{offer.id.hex}"


def offer_of_room(session: Session, room: str) -> Offer | None:
    """Return the offer that a conference belongs to, None for rooms that are not ours."""
    prefix, _, name = room.partition("-")
    try:
        return queries.offer_by_id(session, UUID(hex=name)) if prefix == "room" else None
    except ValueError:
        return None


def lock_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Lock an offer with all it touches, in the one order everybody keeps: callback, wait, offer."""
    offer = queries.offer_by_id(session, offer_id)
    if offer is None:
        return None
    wait = session.get_one(Wait, offer.wait_id)
    if wait.subject_kind == "callback":
        callback_by_id(session, wait.subject_id, lock=True)
    return queries.lock_offer(session, offer_id)


def accept_offer(session: Session, offer_id: UUID, at: datetime) -> Offer | None:
    """The agent takes it: the caller is called into the room, or the customer is rung. None when too late."""
    found = lock_offer(session, offer_id)
    if found is None:
        return None
    offer, wait = found
    if offer.state in ("accepted", "joined"):
        return offer
    if not routing.win_offer(session, offer, wait, at):
        return None
    if wait.subject_kind == "call":
        _call_in(session, offer, at, at + JOIN_PATIENCE)
        return offer
    return _ring_customer(session, offer, wait, at)


def _call_in(session: Session, offer: Offer, at: datetime, due_at: datetime) -> None:
    """Redirect the waiting caller into the room, once, at the latest at the due time."""
    leg = customer_leg(session, offer.call_id) if offer.call_id else None
    if leg is None:
        return
    path = f"/twilio/voice/summon/{offer.connection}"
    dialing.order(
        session, key=f"summon:{offer.id}", verb="redirect", sid=leg.sid, path=path, at=at, due_at=due_at
    )


def _ring_customer(session: Session, offer: Offer, wait: Wait, at: datetime) -> Offer | None:
    """Place the promised call: a call row of its own, the agent's leg in it (agent first, then customer)."""
    callback = callback_by_id(session, wait.subject_id, lock=True)
    line = session.get_one(Line, wait.line_id)
    if callback is None or callback.state != "waiting":
        _give_back(session, offer, wait, at)
        return None
    attempt_id = dialing.intend(
        session,
        purpose_kind="callback",
        purpose_id=callback.id,
        target=callback.number,
        to_address=callback.number,
        from_number=line.number,
        timeout_seconds=CUSTOMER_RINGS_SECONDS,
        at=at,
    )
    if attempt_id is None:
        miss_callback(session, callback, "number_busy_with_us", at)
        _give_back(session, offer, wait, at)
        return None
    call = _outbound_call(session, callback, line, at)
    agent_found(session, callback, call.id, at)
    wait.call_id = offer.call_id = call.id
    _bind_agent_leg(session, offer, call.id)
    return offer


def _give_back(session: Session, offer: Offer, wait: Wait, at: datetime) -> None:
    """There is nobody to ring: the agent is free again."""
    routing.end_offer(session, offer, "nobody_to_ring", timedelta(0), at)
    routing.leave_line(session, wait, "nobody_to_ring", at)


def _outbound_call(session: Session, callback: Callback, line: Line, at: datetime) -> Call:
    zone = ZoneInfo(hours_of(session, line.calendar_id).zone)
    call = start_call(
        session,
        sid=None,
        direction="outbound",
        line_id=line.id,
        customer_id=callback.customer_id,
        from_number=line.number,
        from_raw=line.number,
        to_number=callback.number,
        day=at.astimezone(zone).date(),
        at=at,
    )
    call.language = callback.language
    call.stage = "connecting"
    return call


def _bind_agent_leg(session: Session, offer: Offer, call_id: UUID) -> None:
    """The agent's leg is older than the call it now belongs to: leg and events are told."""
    if offer.leg_sid:
        for table, column in ((Leg, Leg.sid), (CallEvent, CallEvent.leg_sid)):
            session.execute(sa.update(table).where(column == offer.leg_sid).values(call_id=call_id))


def decline_offer(session: Session, offer_id: UUID, at: datetime) -> bool:
    """The agent does not take it: the next one is asked; False when it was over already."""
    found = lock_offer(session, offer_id)
    if found is None:
        return False
    declined = routing.lose_offer(session, *found, "declined", "declined", at, timedelta(0))
    if declined:
        routing.stop_ringing(session, found[0], at)
    return declined


def miss_offer(session: Session, offer_id: UUID, at: datetime) -> bool:
    """Our timer is over: the agent missed it and rests, the next one is asked (HL-1)."""
    found = lock_offer(session, offer_id)
    if found is None or found[0].ring_until > at:
        return False
    rest = timedelta(seconds=policies(session).missed_rest_seconds)
    missed = routing.lose_offer(session, *found, "missed", "rung_out", at, rest)
    if missed:
        routing.stop_ringing(session, found[0], at)
    return missed


def fail_offer(session: Session, offer_id: UUID, reason: str, at: datetime, rest: timedelta) -> bool:
    """The agent could not be rung at all."""
    found = lock_offer(session, offer_id)
    return found is not None and routing.lose_offer(session, *found, "failed", reason, at, rest)


def agent_rings(session: Session, offer_id: UUID, leg: Leg) -> None:
    """The carrier reports the agent's phone ringing: our own timer runs from its stamp."""
    found = lock_offer(session, offer_id)
    if found is None:
        return
    offer = found[0]
    line = session.get_one(Line, offer.line_id)
    allowance = ring_allowance(line.rings_timeout, cadence(line.cadence_country).cycle_seconds)
    rings_since = leg.ringing_at or leg.created_at
    routing.rings_now(offer, leg.sid, rings_since + allowance)


def agent_picks_up(session: Session, offer_id: UUID, at: datetime) -> None:
    """The agent listens to the whisper: time enough to hear it and press the key."""
    found = lock_offer(session, offer_id)
    if found is not None and found[0].state == "ringing":
        found[0].ring_until = max(found[0].ring_until, at + TIME_TO_ACCEPT)


# How a leg that ends before acceptance is told: (state, reason) by the carrier's terminal status.
_LOST = {
    "busy": ("failed", "busy"),
    "no-answer": ("missed", "rung_out"),
    "failed": ("failed", "unreachable"),
    "canceled": ("declined", "declined"),
    "completed": ("missed", "not_accepted"),
}


def agent_leg_ended(session: Session, offer_id: UUID, leg: Leg, at: datetime) -> None:
    """The agent's phone is silent again: a missed offer, a lost agent, or the end of the conversation."""
    found = lock_offer(session, offer_id)
    if found is None:
        return
    offer, wait = found
    if offer.state == "ringing":
        state, reason = _LOST[leg.state]
        rest = timedelta(seconds=policies(session).missed_rest_seconds)
        routing.lose_offer(session, offer, wait, state, reason, at, rest)
    elif offer.state == "accepted":
        _lose_agent(session, offer, wait, at)
    else:
        finish_talk(session, offer, at)


def _lose_agent(session: Session, offer: Offer, wait: Wait, at: datetime) -> None:
    """The agent who had accepted is gone before they met: the caller keeps the place in line."""
    routing.end_offer(session, offer, "agent_lost", timedelta(0), at)
    dialing.withdraw_orders(session, f"summon:{offer.id}", at)
    if wait.subject_kind == "callback":
        routing.leave_line(session, wait, "agent_lost", at)
        callback = callback_by_id(session, wait.subject_id, lock=True)
        if callback is not None:
            _spare_customer(session, callback, at)
            miss_callback(session, callback, "agent_lost", at)
        return
    routing.wait_again(session, wait, at)
    if _was_called_in(session, offer):
        leg = customer_leg(session, offer.call_id) if offer.call_id else None
        if leg is not None:
            path = f"/twilio/voice/requeue/{offer.connection}"
            dialing.order(session, key=f"requeue:{offer.id}", verb="redirect", sid=leg.sid, path=path, at=at)


def _spare_customer(session: Session, callback: Callback, at: datetime) -> None:
    """The agent is gone before the customer's phone rings: it shall not ring, and the placed call is over.

    One that rings already ends with its leg.
    """
    attempt = attempt_for(session, "callback", callback.id)
    if attempt is None or callback.call_id is None:
        return
    if dialing.settle_intent(session, attempt.id, "withdrawn", at):
        end_outbound(session, call_by_id(session, callback.call_id, lock=True), "not_reached", at)


def _was_called_in(session: Session, offer: Offer) -> bool:
    """Say whether the caller was redirected into the room already."""
    state = sa.select(CarrierOrder.state).where(CarrierOrder.key == f"summon:{offer.id}")
    return session.execute(state).scalar_one_or_none() == "done"


def finish_talk(session: Session, offer: Offer, at: datetime) -> None:
    """The conversation is over: wrap-up begins and is bounded (HL-12)."""
    wrap_up = timedelta(seconds=policies(session).wrap_up_seconds)
    routing.end_offer(session, offer, "talk_ended", wrap_up, at)


def agent_in_room(session: Session, offer: Offer, at: datetime) -> None:
    """The agent has entered first: now a waiting caller may come; a customer is being rung already."""
    wait = session.get_one(Wait, offer.wait_id)
    if offer.state == "accepted" and wait.subject_kind == "call":
        _call_in(session, offer, at, at)


def customer_in_room(session: Session, offer: Offer, at: datetime) -> None:
    """Caller and agent have met: the call is answered, the wait is over."""
    if offer.call_id is None:
        return
    call = call_by_id(session, offer.call_id, lock=True)
    found = lock_offer(session, offer.id)
    if found is None or not routing.join(session, *found, at):
        return
    call.joined_at = call.joined_at or at
    call.left_queue_at = call.left_queue_at or at
    call.agent_id = offer.agent_id
    call.stage = "talk"


def caller_gone(session: Session, call: Call, at: datetime) -> None:
    """The caller has hung up: the ringing stops, a waiting agent is told, a conversation is over."""
    wait = queries.live_wait(session, "call", call.id, lock=True)
    if wait is not None:
        _leave_room_or_line(session, call, wait, at)
        return
    for offer in queries.offers_of_call(session, call.id):
        if offer.state == "joined":
            finish_talk(session, offer, at)


def _leave_room_or_line(session: Session, call: Call, wait: Wait, at: datetime) -> None:
    """Take a caller who has gone out of the line.

    One who was given the room's document has met the agent, even if the carrier's notices of that are lost.
    """
    offer = queries.live_offer_of_wait(session, wait.id)
    met_at = _entered_room(session, call, offer) if offer is not None else None
    if offer is not None and met_at is not None:
        customer_in_room(session, offer, met_at)
        finish_talk(session, offer, at)
        _dismiss(session, offer, at)
        return
    routing.leave_line(session, wait, "hung_up", at)
    if offer is not None and offer.state == "accepted":
        send_agent_away(session, offer, at)


def _entered_room(session: Session, call: Call, offer: Offer) -> datetime | None:
    """Return when the caller was given the document that leads into this offer's room."""
    if offer.state != "accepted" or call.sid is None:
        return None
    served = sa.select(CallEvent.at).where(
        CallEvent.leg_sid == call.sid, CallEvent.key == f"summon-{offer.connection}"
    )
    return session.execute(served).scalar_one_or_none()


def send_agent_away(session: Session, offer: Offer, at: datetime) -> None:
    """Tell an agent who waits in a room that nobody will come, and free him."""
    routing.end_offer(session, offer, "caller_gone", timedelta(0), at)
    dialing.withdraw_orders(session, f"summon:{offer.id}", at)
    _dismiss(session, offer, at)


def _dismiss(session: Session, offer: Offer, at: datetime) -> None:
    """Redirect the agent's leg to the sentence that the other side has gone, if it still lives."""
    leg = leg_by_sid(session, offer.leg_sid) if offer.leg_sid else None
    if leg is None or leg.attempt_id is None:
        return
    path = f"/twilio/leg/{leg.attempt_id}/{{token}}/dismiss/{offer.connection}"
    dialing.order(session, key=f"dismiss:{offer.id}", verb="redirect", sid=leg.sid, path=path, at=at)

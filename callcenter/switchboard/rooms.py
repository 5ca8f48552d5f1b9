"""Where agent and customer meet: the agent enters first, the other is called in or rung, they talk, it ends.

The carrier's notices of who entered may be lost; the documents that we gave out are proof enough then.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.actions import agent_found, keep_callback, miss_callback
from callcenter.callbacks.models import Callback
from callcenter.callbacks.phoning import meets_by_phoning
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls.actions import end_outbound, start_outbound
from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.calls.queries import call_by_id
from callcenter.calls.rules import TERMINAL
from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.lines.models import Line
from callcenter.routing import actions as routing
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.switchboard.chain import Chain, chain_of, hold_offer
from callcenter.switchboard.evidence import (
    A_MOMENT,
    agent_entered_at,
    evidence,
    joined_at,
    left_at,
    met_by_documents,
    met_in_room,
    other_entered_at,
)
from callcenter.switchboard.unmet import reconsider_meeting, undo_meeting
from ivr.flow.caller import TALKED
from ivr.hearing import TalkEnded

# The agent's entry calls the caller in; should the notice of it be lost, this is how long we wait.
JOIN_PATIENCE = timedelta(seconds=3)
CUSTOMER_RINGS_SECONDS = 40
_WON = ("accepted", "joined")


def offer_id_of(room: str) -> UUID | None:
    """Return the id of the offer that a conference is named after, None for rooms that are not ours."""
    prefix, _, name = room.partition("-")
    try:
        return UUID(hex=name) if prefix == "room" else None
    except ValueError:
        return None


def offer_of_room(session: Session, room: str) -> Offer | None:
    """Return the offer that a conference belongs to, None for rooms that are not ours."""
    offer_id = offer_id_of(room)
    return queries.offer_by_id(session, offer_id) if offer_id else None


def lock_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Lock an offer with what it is about, in the one order everybody keeps: callback, call, wait, offer."""
    return hold_offer(session, offer_id)


def _lock_callback(session: Session, offer: Offer) -> Callback | None:
    wait = session.get_one(Wait, offer.wait_id)
    if wait.subject_kind != "callback":
        return None
    return callback_by_id(session, wait.subject_id, lock=True)


def agent_enters(session: Session, offer: Offer, at: datetime) -> bool:
    """The agent is given the room: the caller is called in, or the customer rung. False: nobody to ring."""
    found = lock_offer(session, offer.id)
    if found is None:
        return False
    offer, wait = found
    if wait.subject_kind == "callback" and not wait.on_line:
        return _ring_customer(session, offer, wait, at)
    _call_in(session, offer, wait, at, at + JOIN_PATIENCE)
    return True


def agent_in_room(session: Session, offer: Offer, at: datetime) -> None:
    """The agent has entered: now a waiting caller may come; a customer is being rung already."""
    wait = session.get_one(Wait, offer.wait_id)
    if offer.state == "accepted" and (wait.subject_kind == "call" or wait.on_line):
        _call_in(session, offer, wait, at, at)


def agent_left(session: Session, offer: Offer, at: datetime, stamp: datetime | None = None) -> None:
    """The agent has left the room: the talk is over, or he is lost if they had not met.

    Of a talk that is over it is told late, and there may have been none; `stamp` is the carrier's own time.
    """
    found = lock_offer(session, offer.id)
    if found is None:
        return
    if found[0].state == "accepted" or not _was_a_talk(session, found[0], at):
        agent_gone(session, *found, at)
    else:
        reconsider_meeting(session, *found, stamp, at)


def note_presence(session: Session, offer: Offer, at: datetime) -> None:
    """Somebody has entered, or the room has begun: they have met, or the customer has found nobody."""
    met = met_in_room(session, offer)
    if met:
        customer_in_room(session, offer, joined_at(session, offer, at))
    elif met is False:
        agent_left(session, offer, at)


def _call_in(session: Session, offer: Offer, wait: Wait, at: datetime, due_at: datetime) -> None:
    """Redirect whoever waits on the line into the room, once, at the latest at the due time."""
    sid = call_by_id(session, offer.call_id).sid if offer.call_id else None
    path = _way(session, offer, wait, "summon", "enter")
    if sid is None or path is None:
        return
    key = f"summon:{offer.id}"
    dialing.order(session, key=key, verb="redirect", sid=sid, path=path, at=at, due_at=due_at)


def _way(session: Session, offer: Offer, wait: Wait, callers: str, customers: str) -> str | None:
    """Return the address to which a caller is led, or a called customer; None for one who has no leg."""
    if wait.subject_kind == "call":
        return f"/twilio/voice/{callers}/{offer.connection}"
    leg = chain_of(session, offer).other_leg
    if leg is None or leg.attempt_id is None:
        return None
    return f"/twilio/leg/{leg.attempt_id}/{{token}}/{customers}/{offer.connection}"


def _ring_customer(session: Session, offer: Offer, wait: Wait, at: datetime) -> bool:
    """Place the promised call: a call row of its own, the agent's leg in it (agent first, then customer)."""
    callback = callback_by_id(session, wait.subject_id, lock=True)
    line = configuration(session).lines[wait.line_id]
    if callback is None or callback.state != "waiting":
        return _is_rung_for(callback, offer) or _give_back(session, offer, wait, at)
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
        return _give_back(session, offer, wait, at)
    call = outbound_call(session, callback, line, at)
    agent_found(session, callback, call.id, at)
    wait.call_id = offer.call_id = call.id
    _bind_agent_leg(session, offer, call.id)
    return True


def _is_rung_for(callback: Callback | None, offer: Offer) -> bool:
    """Say whether the customer is being rung for this very offer: the agent was told so before."""
    return callback is not None and callback.state == "agent" and callback.call_id == offer.call_id


def _give_back(session: Session, offer: Offer, wait: Wait, at: datetime) -> bool:
    """There is nobody to ring: the agent is free again."""
    routing.end_offer(session, offer, "nobody_to_ring", timedelta(0), at)
    routing.leave_line(session, wait, "nobody_to_ring", at)
    return False


def outbound_call(session: Session, callback: Callback, line: Line, at: datetime) -> Call:
    """Make the row of a promised call."""
    zone = ZoneInfo(configuration(session).hours[line.calendar_id].zone)
    call = start_outbound(
        session,
        line_id=line.id,
        customer_id=callback.customer_id,
        from_number=line.number,
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


def customer_in_room(session: Session, offer: Offer, at: datetime) -> None:
    """Agent and customer have met: the call is answered, the wait over, a promised call kept."""
    found = lock_offer(session, offer.id)
    if offer.call_id is None or agent_entered_at(session, offer) is None:
        return
    callback = _lock_callback(session, offer)
    call = call_by_id(session, offer.call_id, lock=True)
    met = max(at, call.queued_at or at)
    if found is None or not routing.join(session, *found, met):
        return
    call.joined_at = call.joined_at or met
    call.left_queue_at = call.left_queue_at or met
    call.agent_id = offer.agent_id
    call.stage = "talk"
    if callback is not None and callback.state == "agent":
        keep_callback(session, callback, met)
    if call.callback_id is not None:
        meets_by_phoning(session, call.callback_id, met)


def finish_talk(session: Session, offer: Offer, at: datetime) -> None:
    """The conversation is over: wrap-up begins and is bounded (HL-12)."""
    wrap_up = timedelta(seconds=configuration(session).policies.wrap_up_seconds)
    routing.end_offer(session, offer, routing.TALK_ENDED, wrap_up, at)


def note_meeting(session: Session, offer: Offer, at: datetime) -> bool:
    """Make up for notices that were lost: both were given the room and stayed a while, so they have met."""
    if offer.state == "accepted":
        told = met_in_room(session, offer)
        met = joined_at(session, offer, at) if told else None
        met = met_by_documents(session, offer, at) if told is None else met
        if met is not None:
            customer_in_room(session, offer, met)
    return offer.state == "joined"


def agent_gone(session: Session, offer: Offer, wait: Wait, at: datetime, *, told: bool = False) -> None:
    """The agent has gone: the talk is over, or, if they have not really met, the other is not left alone.

    `told` says that the other hears of it already, in the answer to his own request.
    """
    if offer.state not in _WON:
        return
    if not note_meeting(session, offer, at):
        _lose_agent(session, offer, wait, at, told=told)
    elif _was_a_talk(session, offer, at):
        finish_talk(session, offer, at)
    else:
        undo_meeting(session, offer, wait, at)
        _lose_agent(session, offer, wait, at, told=told)


def _was_a_talk(session: Session, offer: Offer, at: datetime) -> bool:
    """Say whether the agent stayed for more than a moment; a customer who left by himself was reached."""
    if offer.state != "joined":
        return True
    chain = chain_of(session, offer)
    agent, other = chain.agent_leg, chain.other_leg
    if agent is None or other is None or other.state in TERMINAL or offer.joined_at is None:
        return True
    return left_at(session, offer, agent, at) - offer.joined_at >= A_MOMENT


def _lose_agent(session: Session, offer: Offer, wait: Wait, at: datetime, *, told: bool) -> None:
    """The agent who had accepted is gone before they met: the other keeps place or promise."""
    called_in = _was_called_in(session, offer)
    routing.end_offer(session, offer, "agent_lost", timedelta(0), at)
    dialing.withdraw_orders(session, f"summon:{offer.id}", at)
    if wait.subject_kind == "callback" and not wait.on_line:
        _lose_agent_of_callback(session, offer, wait, at, told=told)
        return
    routing.wait_again(session, wait, at)
    leg, path = chain_of(session, offer).other_leg, _way(session, offer, wait, "requeue", "hold")
    if called_in and leg is not None and not told:
        dialing.order(session, key=f"requeue:{offer.id}", verb="redirect", sid=leg.sid, path=path, at=at)


def hear_of_end(
    session: Session, call: Call, chains: Iterable[Chain], heard: TalkEnded, at: datetime
) -> TalkEnded:
    """Say to a customer whose side of the room has ended what it means: a talk is over, or nobody came.

    The room ends for who still lives when the agent leaves it; the call must be locked, and `chains` is what
    goes on about it.
    """
    won = [chain.offer for chain in chains if chain.offer is not None and chain.offer.state in _WON]
    found = lock_offer(session, max(won, key=lambda offer: offer.id).id) if won else None
    talked = heard.status in TALKED
    if (
        talked
        and found is not None
        and not (note_meeting(session, found[0], at) and _was_a_talk(session, found[0], at))
    ):
        agent_gone(session, *found, at, told=True)
    return heard if call.joined_at is not None else TalkEnded("not_joined")


def _was_called_in(session: Session, offer: Offer) -> bool:
    """Say whether the caller was redirected into the room, or may be on the way."""
    called = evidence(session, offer).summons in ("given", "done")
    return called or other_entered_at(session, offer) is not None


def _lose_agent_of_callback(session: Session, offer: Offer, wait: Wait, at: datetime, *, told: bool) -> None:
    """The customer shall not ring, or is told; and is called again later."""
    routing.leave_line(session, wait, "agent_lost", at)
    callback = callback_by_id(session, wait.subject_id, lock=True)
    if callback is None:
        return
    if not told:
        _spare_customer(session, offer, callback, at)
    miss_callback(session, callback, "agent_lost", at)


def _spare_customer(session: Session, offer: Offer, callback: Callback, at: datetime) -> None:
    """A customer who is not rung yet is not, one who has entered is told; one who rings is told later."""
    if callback.call_id is None:
        return
    if dialing.takes_back(session, "callback", callback.id, at):
        end_outbound(session, call_by_id(session, callback.call_id, lock=True), "not_reached", at)
        return
    leg = chain_of(session, offer).other_leg
    if leg is not None and leg.state == "answered":
        dismiss(session, leg, at)


def dismiss(session: Session, leg: Leg, at: datetime) -> None:
    """Redirect a leg that we placed to the sentence that the other side has gone, if it still lives."""
    if leg.attempt_id is None or leg.state in TERMINAL:
        return
    path = f"/twilio/leg/{leg.attempt_id}/{{token}}/dismiss/1"
    dialing.order(session, key=f"dismiss:{leg.sid}", verb="redirect", sid=leg.sid, path=path, at=at)


def send_agent_away(session: Session, offer: Offer, at: datetime) -> None:
    """Tell an agent who waits in a room that nobody will come, and free him."""
    routing.end_offer(session, offer, "caller_gone", timedelta(0), at)
    dialing.withdraw_orders(session, f"summon:{offer.id}", at)
    leg = chain_of(session, offer).agent_leg
    if leg is not None and leg.state == "answered":
        dismiss(session, leg, at)
    else:
        routing.stop_ringing(session, offer, at)

"""An offer's life between the agent's phone and the waiting caller or callback.

Acceptance, time-out, the caller's callback key and the hang-up meet on the locked wait: one wins.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.calls.models import Call, Leg
from callcenter.calls.queries import leg_by_sid
from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.lines.rules import cadence
from callcenter.routing import actions as routing
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.routing.rules import ring_allowance
from callcenter.switchboard import rooms
from callcenter.switchboard.chain import chain_of, hold_subject
from callcenter.switchboard.rooms import lock_offer
from callcenter.switchboard.unmet import reconsider_meeting

# The whisper is said three times at most; after that it was no answer.
TIME_TO_ACCEPT = timedelta(seconds=40)
# Webhooks take a moment; a carrier's clock that differs from ours by more must not cut a ring short.
WEBHOOK_MOMENT = timedelta(seconds=5)


def accept_offer(session: Session, offer_id: UUID, at: datetime) -> Offer | None:
    """The agent takes it, if it is still to be had; the same agent again has it still."""
    found = lock_offer(session, offer_id)
    if found is None:
        return None
    offer, wait = found
    if offer.state in ("accepted", "joined"):
        return offer
    return offer if routing.win_offer(session, offer, wait, at) else None


def accept_by_click(session: Session, offer_id: UUID, at: datetime) -> bool:
    """Accept on a page: who listens to the whisper is led into the room, who has not picked up goes there
    when he does."""
    offer = accept_offer(session, offer_id, at)
    if offer is None:
        return False
    leg = leg_by_sid(session, offer.leg_sid) if offer.leg_sid else None
    if leg is not None and leg.state == "answered" and offer.state == "accepted":
        path = f"/twilio/leg/{leg.attempt_id}/{{token}}/enter/{offer.connection}"
        dialing.order(session, key=f"enter:{offer.id}", verb="redirect", sid=leg.sid, path=path, at=at)
    return True


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
    """Our timer is over: the agent missed it and rests, the next one is asked (HL-1).

    One whose phone nobody has rung yet, because workers are behind or away, has missed nothing.
    """
    found = lock_offer(session, offer_id)
    if found is None or found[0].ring_until > at or found[0].state != "ringing":
        return False
    if dialing.takes_back(session, "offer", offer_id, at):
        return routing.lose_offer(session, *found, "failed", "never_rung", at, timedelta(0))
    missed = routing.lose_offer(session, *found, "missed", "rung_out", at, _rest(session))
    if missed:
        routing.stop_ringing(session, found[0], at)
    return missed


def _rest(session: Session) -> timedelta:
    return timedelta(seconds=configuration(session).policies.missed_rest_seconds)


def fail_offer(session: Session, offer_id: UUID, reason: str, at: datetime, rest: timedelta) -> bool:
    """The agent could not be rung at all; one who had accepted on a page is lost."""
    found = lock_offer(session, offer_id)
    if found is None:
        return False
    if found[0].state == "accepted":
        rooms.agent_gone(session, *found, at)
        return True
    return routing.lose_offer(session, *found, "failed", reason, at, rest)


def agent_rings(session: Session, offer_id: UUID, leg: Leg, at: datetime) -> None:
    """The carrier reports the agent's phone ringing: our own timer runs from its stamp.

    One who has picked up already keeps the time to accept; a stamp that is far from our clock cuts nothing
    short, and the backstop stays the backstop.
    """
    found = lock_offer(session, offer_id)
    if found is None or leg.answered_at is not None:
        return
    offer = found[0]
    line = configuration(session).lines[offer.line_id]
    allowance = ring_allowance(line.rings_timeout, cadence(line.cadence_country).cycle_seconds)
    since = max(leg.ringing_at or at, at - WEBHOOK_MOMENT)
    routing.rings_now(offer, min(offer.ring_until, since + allowance))


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
    """The agent's phone is silent again: a missed offer, a lost agent, or the end of the conversation.

    Of a conversation that is over it is told late: there may have been none.
    """
    found = lock_offer(session, offer_id)
    if found is None:
        return
    offer, wait = found
    if offer.state == "ringing":
        state, reason = _LOST[leg.state]
        routing.lose_offer(session, offer, wait, state, reason, at, _rest(session))
    elif offer.state in ("accepted", "joined"):
        rooms.agent_gone(session, offer, wait, at)
    else:
        reconsider_meeting(session, offer, wait, leg.ended_at, at)


def caller_gone(session: Session, call: Call, at: datetime) -> None:
    """The caller has hung up: the ringing stops, a waiting agent is told, a conversation is over."""
    chains = hold_subject(session, "call", call.id)
    wait = queries.live_wait(session, "call", call.id, lock=True)
    if wait is not None:
        _leave_room_or_line(session, wait, at)
        return
    for chain in chains:
        if chain.offer is not None and chain.offer.state == "joined":
            rooms.finish_talk(session, chain.offer, at)


def _leave_room_or_line(session: Session, wait: Wait, at: datetime) -> None:
    """Take a caller who has gone out of the line, or out of the room if the two have met unnoticed."""
    offer = queries.live_offer_of_wait(session, wait.id)
    if offer is not None and rooms.note_meeting(session, offer, at):
        rooms.finish_talk(session, offer, at)
        leg = chain_of(session, offer).agent_leg
        if leg is not None:
            rooms.dismiss(session, leg, at)
        return
    routing.leave_line(session, wait, "hung_up", at)
    if offer is not None and offer.state == "accepted":
        rooms.send_agent_away(session, offer, at)

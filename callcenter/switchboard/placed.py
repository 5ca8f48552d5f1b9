"""The legs we place: an agent who is offered a call, a customer who was promised one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls import queries as calls
from callcenter.calls.actions import start_leg
from callcenter.calls.models import Call, Leg
from callcenter.configuration import configuration
from callcenter.customers.queries import customer
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.dialing.queries import attempt_by_id
from callcenter.dialing.rules import signature
from callcenter.jobs import Work
from callcenter.routing.models import Offer, Wait
from callcenter.routing.queries import live_offer_of_wait, live_wait, offer_by_id
from callcenter.staff.models import Agent
from callcenter.switchboard import offers, rooms
from callcenter.switchboard.driver import HANG_UP, Addresses, converse
from callcenter.switchboard.evidence import room_of
from callcenter.switchboard.facts import line_facts
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import ticket_of_call
from ivr import asks
from ivr.hearing import Heard, PickedUp, Summoned, TalkEnded
from ivr.turns import Step

PICKED_UP = "picked-up"
# An offer that is over so: the phone that rings for it is a nuisance.
RINGS_IN_VAIN = ("withdrawn", "missed", "failed")
OVER = ("declined", "ended")


def leg_of_attempt(session: Session, attempt_id: UUID, sid: str, at: datetime) -> tuple[Attempt, Leg] | None:
    """Tie a SID to the attempt that its address proves, and return both, the leg locked.

    None for a second SID of the same attempt: that one must not live, and is hung up (dialing protocol, 4).
    """
    attempt = attempt_by_id(session, attempt_id)
    if attempt is None:
        return None
    found = rooms.lock_offer(session, attempt.purpose_id) if attempt.purpose_kind == "offer" else None
    offer = found[0] if found else None
    if not dialing.bind(session, attempt, sid, at):
        dialing.order(session, key=f"hangup:{sid}", verb="hang_up", sid=sid, at=at)
        return None
    if offer is not None and _rings_in_vain(offer):
        dialing.order(session, key=f"hangup:{sid}", verb="hang_up", sid=sid, at=at)
    return attempt, _leg(session, attempt, offer, sid, at)


def _rings_in_vain(offer: Offer) -> bool:
    """Say whether a phone should stop; of a leg we hear for the first time, also after a page's decline."""
    return offer.state in RINGS_IN_VAIN or (offer.leg_sid is None and offer.state in OVER)


def _leg(session: Session, attempt: Attempt, offer: Offer | None, sid: str, at: datetime) -> Leg:
    """Make the leg's row by what the attempt was for."""
    if attempt.purpose_kind == "offer":
        call_id, agent_id, role = (offer.call_id, offer.agent_id, "agent") if offer else (None, None, "agent")
        if offer is not None and offer.leg_sid is None:
            offer.leg_sid = sid
    else:
        call_id, agent_id, role = _customers_call(session, attempt.purpose_id, sid), None, "customer"
    return start_leg(
        session,
        sid=sid,
        call_id=call_id,
        role=role,
        state="queued",
        at=at,
        agent_id=agent_id,
        attempt_id=attempt.id,
    )


def _customers_call(session: Session, callback_id: UUID, sid: str) -> UUID | None:
    """Return the call of a callback; the customer's SID becomes the call's."""
    callback = callback_by_id(session, callback_id)
    if callback is None or callback.call_id is None:
        return None
    call = calls.call_by_id(session, callback.call_id)
    call.sid = call.sid or sid
    return call.id


def pick_up(work: Work, session: Session, attempt_id: UUID, sid: str, at: datetime) -> str:
    """Answer a placed leg that was picked up: the whisper for an agent, the greeting for a customer."""
    found = leg_of_attempt(session, attempt_id, sid, at)
    if found is None:
        return HANG_UP
    attempt, leg = found
    known = calls.stored_document(session, sid, PICKED_UP)
    if known is not None:
        return known
    heard = _agent_hears(session, attempt, at) if leg.role == "agent" else _customer_hears(session, attempt)
    return _converse(work, session, attempt, leg, PICKED_UP, heard, at) if heard else HANG_UP


def _agent_hears(session: Session, attempt: Attempt, at: datetime) -> PickedUp | None:
    """Return what an agent is told first: line, matter, customer, wait. None when it is too late."""
    offer = offer_by_id(session, attempt.purpose_id)
    if offer is None or offer.state not in ("ringing", "accepted"):
        return None
    offers.agent_picks_up(session, offer.id, at)
    wait = session.get_one(Wait, offer.wait_id)
    agent = session.get_one(Agent, offer.agent_id)
    line = configuration(session).lines[offer.line_id]
    ticket, customer_id, promised = _matter(session, wait)
    return PickedUp(
        line=line_facts(session, line),
        language=agent.languages[0],
        matter=ticket.kind if ticket else "general",
        purpose="offer",
        waited_seconds=max(0, int((at - wait.entered_at).total_seconds())),
        name=customer(session, customer_id).name if customer_id else None,
        keypad_accepts=offer.state == "ringing" and not agent.address.startswith("client:"),
        promised=promised,
    )


def _matter(session: Session, wait: Wait) -> tuple[Ticket | None, UUID | None, bool]:
    """Return the ticket and the customer that a wait is about, and whether this caller is owed a callback."""
    if wait.subject_kind == "call":
        call = session.get_one(Call, wait.subject_id)
        return ticket_of_call(session, call), call.customer_id, call.callback_id is not None
    callback = session.get_one(Callback, wait.subject_id)
    ticket = session.get(Ticket, callback.ticket_id) if callback.ticket_id else None
    return ticket, callback.customer_id, False


def _customer_hears(session: Session, attempt: Attempt) -> PickedUp | None:
    """Return who calls and why; an agent who has gone meanwhile is told of when the key is pressed."""
    callback = callback_by_id(session, attempt.purpose_id)
    if callback is None or callback.state == "kept":
        return None
    line = configuration(session).lines[callback.line_id]
    return PickedUp(
        line=line_facts(session, line), language=callback.language, matter="callback", purpose="callback"
    )


def go_on(
    work: Work, session: Session, attempt_id: UUID, *, sid: str, key: str, heard: Heard, at: datetime
) -> str:
    """Answer a later webhook of a placed leg."""
    found = leg_of_attempt(session, attempt_id, sid, at)
    if found is None:
        return HANG_UP
    known = calls.stored_document(session, sid, key)
    if known is not None:
        return known
    leg = found[1]
    if isinstance(heard, TalkEnded) and leg.role == "customer" and leg.call_id is not None:
        heard = rooms.hear_of_end(session, _locked_call(session, found[0], leg.call_id), heard, at)
    return _converse(work, session, *found, key, heard, at)


def _locked_call(session: Session, attempt: Attempt, call_id: UUID) -> Call:
    """Lock a callback and its call, in the one order that everybody keeps."""
    callback_by_id(session, attempt.purpose_id, lock=True)
    return calls.call_by_id(session, call_id, lock=True)


def enter(work: Work, session: Session, attempt_id: UUID, sid: str, at: datetime) -> str:
    """Lead an agent who accepted on a page, while listening to the whisper, into the room."""
    attempt = attempt_by_id(session, attempt_id)
    offer = offer_by_id(session, attempt.purpose_id) if attempt else None
    if offer is None or offer.state != "accepted" or not rooms.agent_enters(session, offer, at):
        return dismiss(work, session, attempt_id, sid, at)
    heard = Summoned(offer.connection, room_of(offer))
    return go_on(work, session, attempt_id, sid=sid, key=f"enter-{offer.connection}", heard=heard, at=at)


def dismiss(work: Work, session: Session, attempt_id: UUID, sid: str, at: datetime) -> str:
    """Tell an agent who waits in a room, or a customer in one, that nobody will come."""
    return go_on(work, session, attempt_id, sid=sid, key="dismiss-1", heard=Summoned(0, ""), at=at)


def _converse(
    work: Work, session: Session, attempt: Attempt, leg: Leg, key: str, heard: Heard, at: datetime
) -> str:
    base = f"/twilio/leg/{attempt.id}/{signature(work.secret_key, attempt.id)}"
    desks = AgentDesks if leg.role == "agent" else CustomerDesks
    return converse(
        session,
        leg,
        key=key,
        heard=heard,
        desks=desks(session, attempt, at),
        addresses=Addresses(work.public_url, base),
        at=at,
    )


@dataclass
class AgentDesks:
    """Answers for the leg of an agent who is offered a call."""

    session: Session
    attempt: Attempt
    at: datetime

    def answer(self, ask: asks.Ask, _step: Step) -> asks.Answer | None:
        """Accept or decline; whoever comes second hears that it is gone."""
        if isinstance(ask, asks.DeclineOffer):
            offers.decline_offer(self.session, self.attempt.purpose_id, self.at)
            return asks.OfferGone()
        offer = offers.accept_offer(self.session, self.attempt.purpose_id, self.at)
        if offer is None or not rooms.agent_enters(self.session, offer, self.at):
            return asks.OfferGone()
        wait = self.session.get_one(Wait, offer.wait_id)
        return asks.OfferWon(room_of(offer), rings_customer=wait.subject_kind == "callback")


@dataclass
class CustomerDesks:
    """Answers for the leg of a customer whom we call back."""

    session: Session
    attempt: Attempt
    at: datetime

    def answer(self, _ask: asks.Ask, _step: Step) -> asks.Answer | None:
        """The customer wants to talk: into the room if the agent is there; meeting keeps the promise."""
        callback = callback_by_id(self.session, self.attempt.purpose_id, lock=True)
        offer = self._waiting_agent(callback) if callback else None
        return asks.RoomReady(room_of(offer)) if offer is not None else asks.AgentLost()

    def _waiting_agent(self, callback: Callback) -> Offer | None:
        wait = live_wait(self.session, "callback", callback.id)
        offer = live_offer_of_wait(self.session, wait.id) if wait else None
        return offer if offer is not None and offer.state in ("accepted", "joined") else None

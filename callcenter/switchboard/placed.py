"""The legs we place: an agent who is offered a call, a customer who was promised one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from callcenter.callbacks.bounds import next_try, zone_for
from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.callbacks.tries import note_answered_by
from callcenter.calls import queries as calls
from callcenter.calls.actions import record_event
from callcenter.calls.models import Call, Leg
from callcenter.configuration import configuration
from callcenter.customers.queries import customer
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.dialing.queries import attempt_by_id
from callcenter.dialing.rules import NEEDS_HUMAN, SECOND, signature
from callcenter.jobs import Work
from callcenter.ledger.actions import write
from callcenter.metrics import SECOND_SIDS
from callcenter.routing.models import Offer, Wait
from callcenter.routing.queries import live_offer_of_wait, live_wait, offer_by_id
from callcenter.staff.models import Agent
from callcenter.switchboard import calling_back, offers, rooms
from callcenter.switchboard.chain import Chain, hold_placed, hold_subject
from callcenter.switchboard.driver import HANG_UP, Addresses, converse
from callcenter.switchboard.evidence import room_of
from callcenter.switchboard.facts import line_facts
from callcenter.tasks.actions import answer_itself
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import ticket_of_call
from ivr import asks
from ivr.hearing import Heard, PickedUp, Summoned, TalkEnded
from ivr.turns import Step

log = structlog.get_logger()
PICKED_UP, NOT_JOINED = "picked-up", "not_joined"
# An offer that is over so: the phone that rings for it is a nuisance.
RINGS_IN_VAIN = ("withdrawn", "missed", "failed")
OVER = ("declined", "ended")
# Who answers so is none who could press a key (Twilio, "Answering machine detection").
MACHINES = ("machine", "fax")


class PlacedLeg(NamedTuple):
    """A leg that we placed, locked, with the attempt that its address proves.

    `said` is the document it was given under the key that was asked about, `noted` whether there is an event
    of that key.
    """

    attempt: Attempt
    leg: Leg
    said: str | None
    noted: bool


def leg_of_attempt(
    session: Session, attempt_id: UUID, sid: str, at: datetime, key: str | None = None
) -> PlacedLeg | None:
    """Tie a SID to the attempt that its address proves, and lock the leg and what it is about.

    None for a second SID of the same attempt: that one must not live, and is hung up (dialing protocol, 4).
    """
    attempt = attempt_by_id(session, attempt_id)
    if attempt is None:
        return None
    is_new = attempt.sid is None
    if is_new:
        if attempt.reason == NEEDS_HUMAN:
            answer_itself(session, attempt.purpose_kind, attempt.purpose_id, at)
        dialing.bind(session, attempt.id, sid)
    chain = hold_placed(session, attempt, sid, key, at)
    if attempt.sid != sid or chain is None or chain.leg is None:
        _stop_second(session, attempt, chain, sid, at)
        return None
    if chain.offer is not None and _rings_in_vain(chain.offer):
        dialing.order(session, key=f"hangup:{sid}", verb="hang_up", sid=sid, at=at)
    if is_new:
        _name(attempt, chain, sid)
    return PlacedLeg(attempt, chain.leg, chain.said, chain.noted)


def _stop_second(session: Session, attempt: Attempt, chain: Chain | None, sid: str, at: datetime) -> None:
    """Stop a call whose attempt has another one, or is over, and raise the alarm once."""
    dialing.order(session, key=f"{SECOND}{sid}", verb="hang_up", sid=sid, at=at)
    told: dict[str, Any] = {"attempt": str(attempt.id), "first": attempt.sid, "state": attempt.state}
    call_id = chain.call.id if chain is not None and chain.call is not None else None
    is_new = record_event(
        session, call_id=call_id, leg_sid=sid, key="second_sid", kind="second_sid", at=at, recorded_at=at,
        detail=told,
    )  # fmt: skip
    if is_new:
        write(session, "system", "attempt.second_sid", "attempt", attempt.id, at, told | {"second": sid})
        SECOND_SIDS.inc()
        log.error("attempt.second_sid", call_sid=sid, **told)


def _rings_in_vain(offer: Offer) -> bool:
    """Say whether a phone should stop; of a leg we hear for the first time, also after a page's decline."""
    return offer.state in RINGS_IN_VAIN or (offer.leg_sid is None and offer.state in OVER)


def _name(attempt: Attempt, chain: Chain, sid: str) -> None:
    """Write the SID where it is looked for: the offer's leg, or the called customer's call."""
    if attempt.purpose_kind == "offer" and chain.offer is not None:
        chain.offer.leg_sid = chain.offer.leg_sid or sid
    elif attempt.purpose_kind == "callback" and chain.call is not None:
        chain.call.sid = chain.call.sid or sid


def pick_up(
    work: Work, session: Session, attempt_id: UUID, sid: str, at: datetime, answered_by: str = ""
) -> str:
    """Answer a placed leg that was picked up: the whisper for an agent, the greeting for a customer.

    `answered_by` is who the carrier says has picked up, empty where it was not asked.
    """
    found = leg_of_attempt(session, attempt_id, sid, at, PICKED_UP)
    if found is None:
        return HANG_UP
    if found.said is not None:
        return found.said
    attempt, leg = found.attempt, found.leg
    if leg.role == "agent":
        heard = _agent_hears(session, attempt, at)
    else:
        heard = _customer_hears(session, attempt, answered_by, at)
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


def _customer_hears(session: Session, attempt: Attempt, answered_by: str, at: datetime) -> PickedUp | None:
    """Return who calls and why; an agent who has gone meanwhile is told of when the key is pressed.

    Who is unknown to the carrier is a person until nobody presses the key.
    """
    callback = callback_by_id(session, attempt.purpose_id)
    if callback is None or callback.state == "kept":
        return None
    line = configuration(session).lines[callback.line_id]
    if answered_by:
        note_answered_by(session, callback, answered_by)
    told = PickedUp(
        line=line_facts(session, line),
        language=callback.language,
        matter="callback",
        purpose="callback",
        machine=answered_by.startswith(MACHINES),
    )
    return _with_message(session, callback, told, at) if line.callback_leaves_message else told


def _with_message(session: Session, callback: Callback, told: PickedUp, at: datetime) -> PickedUp:
    """Let a message say when we try next, by the customer's clock."""
    zone, _ = zone_for(session, callback.line_id, callback.number, at)
    again = next_try(session, callback, at)
    following = again.astimezone(zone) if again else None
    return replace(told, message=True, next_try=following, told_at=at.astimezone(zone))


def go_on(
    work: Work, session: Session, attempt_id: UUID, *, sid: str, key: str, heard: Heard, at: datetime
) -> str:
    """Answer a later webhook of a placed leg."""
    found = leg_of_attempt(session, attempt_id, sid, at, key)
    if found is None:
        return HANG_UP
    if found.said is not None:
        return found.said
    attempt, leg = found.attempt, found.leg
    if isinstance(heard, TalkEnded) and leg.role == "customer" and leg.call_id is not None:
        heard = _hear_of_end(session, attempt, leg.call_id, heard, at)
    return _converse(work, session, attempt, leg, key, heard, at)


def _hear_of_end(
    session: Session, attempt: Attempt, call_id: UUID, heard: TalkEnded, at: datetime
) -> TalkEnded:
    """Say to a customer what the end of his side of the room means; his callback is locked."""
    call = calls.call_by_id(session, call_id, lock=True)
    return rooms.hear_of_end(session, call, hold_subject(session, "callback", attempt.purpose_id), heard, at)


def enter(work: Work, session: Session, attempt_id: UUID, *, sid: str, connection: int, at: datetime) -> str:
    """Lead into the room: an agent who accepted on a page, or a customer who holds the line."""
    key = f"enter-{connection}"
    found = leg_of_attempt(session, attempt_id, sid, at, key)
    if found is None:
        return HANG_UP
    if found.said is not None:
        return found.said
    if found.leg.role == "customer":
        return _customer_enters(work, session, found, connection, at)
    offer = offer_by_id(session, found.attempt.purpose_id)
    if offer is None or offer.state != "accepted" or not rooms.agent_enters(session, offer, at):
        return dismiss(work, session, attempt_id, sid, at)
    heard = Summoned(offer.connection, room_of(offer))
    return _converse(work, session, found.attempt, found.leg, key, heard, at)


def _customer_enters(work: Work, session: Session, found: PlacedLeg, connection: int, at: datetime) -> str:
    """Lead a customer who holds the line to his agent; he goes on holding it where that one has gone."""
    callback = callback_by_id(session, found.attempt.purpose_id, lock=True)
    offer = waiting_agent(session, callback) if callback is not None else None
    heard: Heard = TalkEnded(NOT_JOINED)
    if offer is not None and offer.connection == connection:
        heard = Summoned(connection, room_of(offer))
    return _converse(work, session, found.attempt, found.leg, f"enter-{connection}", heard, at)


def hold(work: Work, session: Session, attempt_id: UUID, *, sid: str, connection: int, at: datetime) -> str:
    """Let a customer whose agent was lost before they met hold the line again, in the same place."""
    heard = TalkEnded(NOT_JOINED)
    return go_on(work, session, attempt_id, sid=sid, key=f"hold-{connection}", heard=heard, at=at)


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
        rings = wait.subject_kind == "callback" and not wait.on_line
        return asks.OfferWon(room_of(offer), rings_customer=rings)


@dataclass
class CustomerDesks:
    """Answers for the leg of a customer whom we call back."""

    session: Session
    attempt: Attempt
    at: datetime

    def answer(self, ask: asks.Ask, _step: Step) -> asks.Answer | None:
        """Into the room if the agent is there; who was rung first holds the line until there is one."""
        callback = callback_by_id(self.session, self.attempt.purpose_id, lock=True)
        if callback is None:
            return asks.AgentLost()
        if isinstance(ask, asks.HowLong):
            return calling_back.how_long(self.session, callback, self.at)
        offer = waiting_agent(self.session, callback)
        if offer is not None:
            return asks.RoomReady(room_of(offer))
        call = calling_back.call_of(self.session, callback)
        if call is None or not calling_back.is_rung_first(self.session, callback):
            return asks.AgentLost()
        return calling_back.hold_line(self.session, callback, call, self.at)


def waiting_agent(session: Session, callback: Callback) -> Offer | None:
    """Return the offer whose agent waits for this customer in the room, or talks with him."""
    wait = live_wait(session, "callback", callback.id)
    offer = live_offer_of_wait(session, wait.id) if wait else None
    return offer if offer is not None and offer.state in ("accepted", "joined") else None

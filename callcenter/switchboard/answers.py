"""What the caller's conversation asks of the desks, answered with their verbs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.callbacks.actions import book_callback, reschedule_callback
from callcenter.callbacks.phoning import phones_in
from callcenter.callbacks.queries import take_open_callback_to
from callcenter.callbacks.rules import CHANGEABLE
from callcenter.calls.models import Call, Leg
from callcenter.configuration import configuration
from callcenter.customers.actions import ask_caller, remember_caller
from callcenter.customers.queries import candidates
from callcenter.errors import Conflict, Forbidden
from callcenter.lines.models import Line
from callcenter.phone_numbers import canonical, may_dial, spoken_groups
from callcenter.promises.queries import owed_by
from callcenter.routing.actions import NOTHING_TOLD, Told, enter_line, leave_line, note_told
from callcenter.routing.models import Wait
from callcenter.routing.queries import Outlook, ask_outlook, live_wait
from callcenter.routing.rules import Place, expected_wait, told_place
from callcenter.switchboard import owed
from callcenter.switchboard.ahead import Ahead
from callcenter.switchboard.facts import skill_for, zone_of
from callcenter.tickets.actions import mark_emergency, note_contact, open_ticket, take_number
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import newest_ticket_of, ticket_by_number, ticket_of_call
from ivr import asks
from ivr.turns import Step

USUAL_CALL_SECONDS = 180.0


@dataclass
class CallerDesks:
    """Answers for the leg of a caller whose call is locked."""

    session: Session
    call: Call
    leg: Leg
    line: Line | None
    at: datetime
    ahead: Ahead = field(default_factory=Ahead)

    def answer(self, ask: asks.Ask, step: Step) -> asks.Answer | None:
        """Carry out what was asked and say how it went."""
        language = step.memory.get("language")
        if language:
            self.call.language = language
        return _ANSWERS[type(ask)](self, ask)

    @property
    def served_line(self) -> Line:
        """The line, of which the flow is sure when it asks for agents or callbacks."""
        if self.line is None:
            raise RuntimeError("the conversation asked for a desk on a call without a line")
        return self.line

    def outlook(self, skill_id: UUID | None = None) -> Outlook:
        """Return what this caller has before him, as a new one who wants this skill or where he waits."""
        sid, line_id, language = self.leg.sid, self.served_line.id, self.language
        asked = self.ahead.outlooks.pop((skill_id, language), None)
        return (asked or ask_outlook(self.session, sid, line_id, self.at, skill_id, language))()

    @property
    def language(self) -> str:
        """The language of the conversation so far."""
        return self.call.language or self.served_line.languages[0]

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are told: the line's, else the centre's."""
        return zone_of(self.session, self.line)


def ticket_for(
    session: Session,
    call: Call,
    kind: str,
    at: datetime,
    *,
    problem: str | None = None,
    emergency: bool = False,
    asked: Callable[[], Ticket | None] | None = None,
) -> Ticket:
    """Return the call's ticket, opened now if it has none (TK-1); the caller is remembered with it (CU-1).

    `asked` is the call's ticket where this turn has asked for it already.
    """
    known = asked() if asked and call.ticket_id is None else ticket_of_call(session, call)
    if known is not None:
        return known
    caller = call.from_number
    who = ask_caller(session, caller) if call.customer_id is None and caller else None
    number = take_number(session, at)
    if who is not None:
        call.customer_id = remember_caller(session, caller, call.from_raw, call.language, at, who)
    return open_ticket(
        session,
        kind=kind,
        channel="phone",
        line_id=call.line_id,
        call_id=call.id,
        customer_id=call.customer_id,
        language=call.language,
        at=at,
        actor="ivr",
        problem=problem,
        emergency=emergency,
        number=number,
    )


def message_ticket(
    session: Session, call: Call, seconds: int, at: datetime, *, emergency: bool = False
) -> Ticket:
    """Return the ticket of a voice message; the sound is with the call.

    An emergency is a message that was left because we could not answer: its ticket says so, also where the
    call had one before.
    """
    said = f"voice message, {seconds} s"
    ticket = ticket_for(session, call, "general", at, problem=said, emergency=emergency)
    if emergency:
        mark_emergency(session, ticket, at, problem=said)
    return ticket


def _open_ticket(desks: CallerDesks, ask: asks.OpenTicket) -> asks.TicketOpened:
    asked, desks.ahead.ticket = desks.ahead.ticket, None
    return asks.TicketOpened(ticket_for(desks.session, desks.call, ask.kind, desks.at, asked=asked).number)


def _take_ticket(desks: CallerDesks, ask: asks.TakeTicket) -> asks.TicketOpened:
    """Go on about a ticket of this very customer; any other opens a new one."""
    ticket = ticket_by_number(desks.session, ask.number)
    if ticket is None or ticket.customer_id is None or ticket.customer_id != desks.call.customer_id:
        return _open_ticket(desks, asks.OpenTicket("general"))
    desks.call.ticket_id = ticket.id
    note_contact(desks.session, ticket, desks.leg.sid, desks.at, "ivr")
    return asks.TicketOpened(ticket.number)


def _find_agent(desks: CallerDesks, ask: asks.FindAgent) -> asks.Queued | asks.NobodyThere:
    """Put the caller in line (HL-6); nobody on duty for it means that waiting would be in vain."""
    line = desks.served_line
    skill_id = skill_for(desks.session, line, ask.choice)
    ahead = desks.outlook(skill_id)
    if not ahead.on_duty:
        return asks.NobodyThere()
    queued, told = tell_place(ahead)
    wait = enter_line(
        desks.session,
        subject_kind="call",
        subject_id=desks.call.id,
        call_id=desks.call.id,
        line_id=line.id,
        skill_id=skill_id,
        language=desks.language,
        at=desks.at,
        entered_at=_place_kept(desks),
        is_new=ahead.wait is None,
        told=told,
    )
    desks.call.queued_at = desks.call.queued_at or desks.at
    desks.call.left_queue_at = None
    desks.call.stage = "queue"
    return _with_callback(desks, wait, queued)


def _place_kept(desks: CallerDesks) -> datetime | None:
    """Return the earlier place that this caller keeps: his own of before, or that of a call we owe now."""
    owed = phones_in(desks.session, desks.call.callback_id, desks.at) if desks.call.callback_id else None
    return min((place for place in (owed, desks.call.queued_at) if place is not None), default=None)


def _how_long(desks: CallerDesks, _ask: asks.HowLong) -> asks.Queued | asks.NobodyThere:
    ahead = desks.outlook()
    if ahead.wait is None or not ahead.on_duty:
        return asks.NobodyThere()
    queued, told = tell_place(ahead)
    note_told(ahead.wait, told)
    return _with_callback(desks, ahead.wait, queued)


def tell_place(ahead: Outlook) -> tuple[asks.Queued, Told]:
    """Tell position and wait: never worse than the last time without a reason."""
    place, agents, before = ahead.ahead + 1, ahead.on_duty, ahead.wait or NOTHING_TOLD
    handle = ahead.handle_seconds or USUAL_CALL_SECONDS
    high = before.told_high // 60 if before.told_high is not None else None
    now = Place(place, expected_wait(place, agents, handle), agents)
    told = told_place(now, before.told_position, high, before.told_agents)
    low, high = told.wait.low_minutes, told.wait.high_minutes
    return asks.Queued(place, low, high, False, told.worse), Told(place, high * 60, agents)


def _with_callback(desks: CallerDesks, wait: Wait, queued: asks.Queued) -> asks.Queued:
    """Offer a callback once the wait, expected or suffered, exceeds the line's limit (HL-6)."""
    limit = timedelta(seconds=desks.served_line.callback_offer_after_seconds)
    expected = timedelta(minutes=queued.high_minutes or 0)
    return replace(queued, offer_callback=expected > limit or desks.at - wait.entered_at >= limit)


def _leave_queue(desks: CallerDesks, _ask: asks.LeaveQueue) -> asks.Left:
    """Take the caller out, unless an agent has accepted in this very moment."""
    wait = live_wait(desks.session, "call", desks.call.id, lock=True)
    if wait is not None and wait.state == "won":
        return asks.Left(won=True)
    if wait is not None:
        leave_line(desks.session, wait, "chose_otherwise", desks.at)
        desks.call.left_queue_at = desks.at
    return asks.Left(won=False)


def _read_number(desks: CallerDesks, ask: asks.ReadNumber) -> asks.NumberRead | asks.NumberRefused:
    home = configuration(desks.session).centre
    number = canonical(ask.digits, home.country)
    if number is None:
        return asks.NumberRefused("unreadable")
    if not may_dial(number, home.dial_prefixes, home.sip_domains):
        return asks.NumberRefused("not_allowed")
    return asks.NumberRead(
        number, spoken_groups(number), owed.times(desks.session, desks.served_line.id, number, desks.at)
    )


def _book_callback(desks: CallerDesks, ask: asks.BookCallback) -> asks.CallbackBooked | asks.NumberRefused:
    """Promise the call (HL-8) and tell the promise in the line's own time.

    The customer who phones in meanwhile locks his callback, and then takes a ticket's number: so do we.
    """
    line, call = desks.served_line, desks.call
    take_open_callback_to(desks.session, ask.number, line.id)
    due = owed.still_possible(desks.session, line.id, ask.number, ask.at, desks.at)
    try:
        callback = book_callback(
            desks.session,
            number=ask.number,
            line_id=line.id,
            skill_id=_skill_of_call(desks),
            language=desks.language,
            at=desks.at,
            actor="caller",
            due_at=due,
            origin_call_id=call.id,
            ticket_id=ticket_for(desks.session, call, "general", desks.at).id,
            customer_id=call.customer_id,
        )
    except (Forbidden, Conflict):
        return asks.NumberRefused("not_allowed")
    if due is not None and callback.due_at != due and callback.state in CHANGEABLE:
        callback = reschedule_callback(
            desks.session, callback.id, due, desks.at, "caller", consent=True, reason=owed.BY_KEY
        )
    return owed.promised(desks.session, call, callback, desks.at)


def _skill_of_call(desks: CallerDesks) -> Any:
    """Return the skill for the call's matter: its ticket's kind, else what the menu gives callbacks."""
    ticket = ticket_of_call(desks.session, desks.call)
    choice = ticket.kind if ticket is not None and ticket.kind != "general" else "callback"
    return skill_for(desks.session, desks.served_line, choice)


def _find_ticket(desks: CallerDesks, ask: asks.FindTicket) -> asks.TicketFound | asks.TicketUnknown:
    """Find by the keyed number, or the newest of the caller's own; a shared number tells nobody's ticket."""
    session, call = desks.session, desks.call
    if ask.number is not None:
        ticket = ticket_by_number(session, ask.number)
    elif call.customer_id is not None:
        ticket = newest_ticket_of(session, call.customer_id, not_of_call=call.id)
    else:
        return asks.TicketUnknown(shared=len(candidates(session, call.from_number or "")) > 1)
    if ticket is None:
        return asks.TicketUnknown()
    call.stage = "served"
    return asks.TicketFound(ticket.number, ticket.state, *_answer_due(desks, ticket))


def _answer_due(desks: CallerDesks, ticket: Ticket) -> tuple[datetime | None, datetime]:
    """Return by when an answer is owed about a ticket, None when none is, and the time now; both local."""
    zone = desks.zone
    due = owed_by(desks.session, "ticket", ticket.id) if ticket.state in ("new", "open") else None
    return due and due.astimezone(zone), desks.at.astimezone(zone)


def _keep_message(desks: CallerDesks, ask: asks.KeepMessage) -> asks.MessageKept:
    """Make a ticket of a voice message; the sound follows with the recording's own webhook."""
    desks.call.message_left = True
    ticket = message_ticket(desks.session, desks.call, ask.seconds, desks.at)
    return asks.MessageKept(ticket.number, *_answer_due(desks, ticket))


_ANSWERS: dict[type[Any], Callable[[CallerDesks, Any], asks.Answer]] = {
    asks.OpenTicket: _open_ticket,
    asks.TakeTicket: _take_ticket,
    asks.FindAgent: _find_agent,
    asks.HowLong: _how_long,
    asks.LeaveQueue: _leave_queue,
    asks.ReadNumber: _read_number,
    asks.BookCallback: _book_callback,
    asks.KeepCallback: lambda desks, _: owed.keep(desks.session, desks.call, desks.at),
    asks.ProposeTimes: lambda desks, _: owed.propose(desks.session, desks.call, desks.at),
    asks.MoveCallback: lambda desks, ask: owed.move(desks.session, desks.call, ask.at, desks.at),
    asks.CancelCallback: lambda desks, _: owed.cancel(desks.session, desks.call, desks.at),
    asks.FindTicket: _find_ticket,
    asks.KeepMessage: _keep_message,
}

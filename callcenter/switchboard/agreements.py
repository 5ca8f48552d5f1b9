"""What agents agree with customers: promised by a rule, moved with consent, taken back, given up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks import actions as callbacks
from callcenter.callbacks.models import SUBJECT
from callcenter.callbacks.times import PROMISE
from callcenter.calls.models import Call
from callcenter.configuration import configuration
from callcenter.errors import Conflict, Invalid, Missing, Sentence
from callcenter.lines.models import Line
from callcenter.lines.rules import skill_of
from callcenter.promises.actions import drop_promise, move_promise
from callcenter.promises.models import Promise
from callcenter.promises.queries import promise_by_id, promise_of
from callcenter.promises.rules import CALLS, GIVEN, OWED, REQUEST, Limit
from callcenter.tickets.actions import promise_about
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import ticket_of_call


def agree(
    session: Session,
    *,
    rule: str,
    ticket: Ticket | None,
    call: Call | None,
    at: datetime,
    actor: str,
    agent_id: UUID | None,
    number: str | None = None,
    due_at: datetime | None = None,
) -> UUID:
    """Promise something by a rule about a ticket or a call; return the promise's id.

    A call is owed by HL-7, HL-8 and CP-4; anything else is about the ticket, a call's own where none is
    named. Raise Invalid where something is missing that the rule needs.
    """
    about = ticket or (ticket_of_call(session, call) if call is not None else None)
    if rule in CALLS:
        return _call_back(session, rule, about, call, at, actor, agent_id, number, due_at)
    if about is None:
        raise Invalid("ticket", "name a ticket, or a call that has one")
    return promise_about(session, about.number, rule, at, actor, agent_id=agent_id, due_at=due_at)


def _call_back(
    session: Session,
    rule: str,
    ticket: Ticket | None,
    call: Call | None,
    at: datetime,
    actor: str,
    agent_id: UUID | None,
    number: str | None,
    due_at: datetime | None,
) -> UUID:
    if due_at is not None and rule != PROMISE:
        raise Invalid("due_at", "is given by FU-5 and HL-8, and by no other rule")
    asked = call or (session.get(Call, ticket.call_id) if ticket and ticket.call_id else None)
    line = _line(session, ticket, asked)
    if number is None and asked is not None:
        number = _customers(asked)
    if number is None:
        raise Invalid("number", "is not known: give it")
    skill_id = _skill(session, line, ticket)
    customer_id = (asked.customer_id if asked else None) or (ticket.customer_id if ticket else None)
    if callbacks.owed_already(session, number, line.id, skill_id, customer_id) is not None:
        raise Conflict("This customer is owed a call about this already: move that one.")
    talks = asked is not None and asked.ended_at is None
    callback = callbacks.book_callback(
        session,
        number=number,
        line_id=line.id,
        skill_id=skill_id,
        language=(asked.language if asked else None) or line.languages[0],
        at=at,
        actor=actor,
        due_at=due_at,
        origin_call_id=asked.id if asked and (call is not None or talks) else None,
        ticket_id=ticket.id if ticket else None,
        customer_id=customer_id,
        owner_agent_id=agent_id,
        rule=rule,
        counted_from=_counted_from(rule, ticket, call),
        awaits_call_id=asked.id if asked and talks and rule == "HL-7" else None,
    )
    made = promise_of(session, SUBJECT, callback.id)
    if made is None:
        raise Missing("promise", "with this id")
    return made.id


def _counted_from(rule: str, ticket: Ticket | None, call: Call | None) -> datetime | None:
    """Return since when it counts: HL-7 from the hang-up of the call, CP-4 from the complaint; else now."""
    if rule == "HL-7":
        return call.ended_at if call is not None else None
    if rule == "CP-4" and ticket is not None and ticket.kind == "complaint":
        return ticket.created_at
    return None


def _line(session: Session, ticket: Ticket | None, call: Call | None) -> Line:
    line_id = (call.line_id if call else None) or (ticket.line_id if ticket else None)
    if line_id is None:
        raise Invalid("ticket", "has no line that could call back")
    return configuration(session).lines[line_id]


def _customers(call: Call) -> str | None:
    """Return the customer's number of a call, whoever phoned."""
    return call.from_number if call.direction == "inbound" else call.to_number


def _skill(session: Session, line: Line, ticket: Ticket | None) -> UUID:
    """Return the skill that the line's menu has for the ticket's matter, for callbacks, or for agents."""
    wanted = (*([ticket.kind] if ticket else []), "callback", "agent")
    key = next((skill for choice in wanted if (skill := skill_of(line.menu, choice))), None)
    if key is None:
        raise Invalid("ticket", "is of a line whose menu has no skill for callbacks")
    return configuration(session).skills[key]


def move(session: Session, promise_id: UUID, due_at: datetime, at: datetime, actor: str, reason: str) -> None:
    """Promise another time, to which the customer has agreed; raise Conflict when nothing is owed."""
    row = _found(session, promise_id)
    if row.subject_kind == SUBJECT:
        callbacks.reschedule_callback(session, row.subject_id, due_at, at, actor, consent=True, reason=reason)
        return
    if due_at <= at:
        raise Invalid("due_at", "this time has passed; give a time in the future")
    owed, why = _owed(session, promise_id), Limit(row.rule, GIVEN).as_why(None)
    move_promise(session, owed, due_at, at, by=actor, why=why, consent=True, reason=reason)


def drop(session: Session, promise_id: UUID, at: datetime, actor: str, reason: str, *, broken: bool) -> None:
    """Take a promise back for the customer, or give it up ourselves: then it is broken.

    Raise Conflict for a time limit that started with its ticket, which ends with it.
    """
    row = _found(session, promise_id)
    if row.subject_kind == SUBJECT:
        callbacks.cancel_callback(session, row.subject_id, at, actor, reason, broken=broken)
        return
    if row.subject_kind != REQUEST:
        raise Conflict("This limit began with its ticket and ends with it: solve or close the ticket.")
    state = "broken" if broken else "cancelled"
    drop_promise(session, _owed(session, promise_id), state, at, by=actor, reason=reason)


def _found(session: Session, promise_id: UUID) -> Promise:
    row = promise_by_id(session, promise_id)
    if row is None:
        raise Missing("promise", "with this id")
    return row


def _owed(session: Session, promise_id: UUID) -> Promise:
    """Return a promise that is owed still, locked."""
    row = promise_by_id(session, promise_id, lock=True)
    if row is None or row.settled_at is not None or row.state not in OWED:
        state = row.state if row is not None else "-"
        raise Conflict(Sentence("This promise is {}: it cannot be changed any more.", state))
    return row

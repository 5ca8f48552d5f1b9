"""Opening, changing and closing tickets; every change is an event (TK-1)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calls.models import Call
from callcenter.configuration import configuration
from callcenter.errors import Conflict, Invalid, Missing, Sentence
from callcenter.notices.actions import announce
from callcenter.promises.actions import drop_about, keep_about, promise, reopen_about, settle_promises
from callcenter.promises.queries import is_owed
from callcenter.promises.rules import ANSWERS, REPLY, REQUEST, Limit, due_by, limit_of
from callcenter.statements import Query, Write, as_inserted, table_of, undo_with
from callcenter.tickets import queries
from callcenter.tickets.models import Ticket, TicketCounter, TicketEvent, TicketWords
from callcenter.tickets.rules import CHANNELS, DONE, KINDS, REPORTS, STATES, readable_number

log = structlog.get_logger()
_ADD_TICKET = Write(lambda insert: insert(table_of(Ticket)))
_ADD_WORDS = Write(lambda insert: insert(table_of(TicketWords)))
_ADD_EVENT = Write(lambda insert: insert(table_of(TicketEvent)))
_COUNT = Query(
    lambda insert: (
        insert(table_of(TicketCounter))
        .on_conflict_do_update(
            index_elements=[TicketCounter.centre_key, TicketCounter.day],
            set_={"last": TicketCounter.last + 1},
        )
        .returning(TicketCounter.last)
    )
)
_GIVE_BACK = Query(
    lambda _: (
        sa.update(table_of(TicketCounter))
        .where(
            table_of(TicketCounter).c.centre_key == sa.bindparam("of_centre"),
            table_of(TicketCounter).c.day == sa.bindparam("of_day"),
            table_of(TicketCounter).c.last == sa.bindparam("last"),
            ~sa.exists().where(table_of(Ticket).c.number == sa.bindparam("number")),
        )
        .values(last=table_of(TicketCounter).c.last - 1)
        .returning(table_of(TicketCounter).c.last)
    )
)
_WORDS = ("subject", "problem", "solution")
SUBJECT = "ticket"


def open_ticket(
    session: Session,
    *,
    kind: str,
    channel: str,
    line_id: UUID | None,
    call_id: UUID | None,
    customer_id: UUID | None,
    language: str | None,
    at: datetime,
    actor: str,
    subject: str | None = None,
    problem: str | None = None,
    owner_agent_id: UUID | None = None,
    emergency: bool = False,
    number: str | None = None,
) -> Ticket:
    """Open a ticket, give it its number, and start the time limits of its kind.

    `number` is what `take_number` gave, where something else was waited for meanwhile.
    """
    _check("kind", kind, KINDS)
    _check("channel", channel, CHANNELS)
    values = {
        "id": ids.new(), "number": number or take_number(session, at), "kind": kind, "channel": channel,
        "state": "new", "line_id": line_id, "call_id": call_id, "customer_id": customer_id,
        "owner_agent_id": owner_agent_id, "first_owner_agent_id": owner_agent_id, "language": language,
        "created_at": at, "updated_at": at, "version": 1, "emergency": emergency,
    }  # fmt: skip
    _ADD_TICKET.send(session, values)
    ticket = as_inserted(session, Ticket, values)
    _ADD_WORDS.send(session, {"ticket_id": ticket.id, "subject": subject, "problem": problem})
    _note(session, ticket, "opened", at, actor, {"kind": kind, "channel": channel})
    _promise_limits(session, ticket, at, actor)
    return ticket


def _check(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Invalid(field, Sentence("{!r} is not one of {}", value, ", ".join(allowed)))


def take_number(session: Session, at: datetime) -> str:
    """Take the day's next number in the centre's zone (TK-7), never one twice (decision 73).

    It is taken aside, so that nobody waits for anybody's ticket. When this transaction fails, it is given
    back, unless somebody has the next one by then.
    """
    home = configuration(session)
    day: date = at.astimezone(home.zone).date()
    of_day = {"centre_key": home.centre.key, "day": day}
    last: int = _COUNT.aside(session, {**of_day, "last": 1})[0].last
    number = readable_number(day, last)
    values = {"of_centre": home.centre.key, "of_day": day, "last": last, "number": number}
    undo_with(session, lambda: _give_back(session, values))
    return number


def _give_back(session: Session, values: Mapping[str, Any]) -> None:
    if not _GIVE_BACK.aside(session, values):
        log.warning("ticket.number_lost", number=values["number"])


def change_ticket(
    session: Session,
    number: str,
    changes: Mapping[str, Any],
    at: datetime,
    actor: str,
    *,
    version: int | None = None,
) -> Ticket:
    """Change kind, state, customer, owner or words; `version` refuses to overwrite somebody else's change."""
    ticket = _locked(session, number)
    if version is not None and version != ticket.version:
        raise Conflict(Sentence("Ticket {} was changed meanwhile: read it again.", number))
    if "kind" in changes:
        _check("kind", changes["kind"], KINDS)
    if "state" in changes:
        _check("state", changes["state"], STATES)
    _first_owner(session, ticket, changes)
    _answered(session, ticket, changes.get("state", ticket.state), at, actor)
    words = queries.ticket_words(session, ticket.id)
    for field, value in changes.items():
        setattr(words if field in _WORDS else ticket, field, value)
    _touch(session, ticket, at)
    kept = {field: value for field, value in changes.items() if field not in _WORDS}
    _note(session, ticket, "changed", at, actor, {**kept, "fields": sorted(changes)})
    return ticket


def _first_owner(session: Session, ticket: Ticket, changes: Mapping[str, Any]) -> None:
    """Whoever took it first stays its first owner, whoever is to work on it now (HL-17)."""
    if ticket.first_owner_agent_id is not None or changes.get("owner_agent_id") is None:
        return
    call = session.get(Call, ticket.call_id) if ticket.call_id else None
    taken_by = call.agent_id if call is not None else None
    ticket.first_owner_agent_id = ticket.owner_agent_id or taken_by or changes["owner_agent_id"]


def _answered(session: Session, ticket: Ticket, state: str, at: datetime, actor: str) -> None:
    """A ticket that is solved keeps what was owed as an answer; one that is opened again owes it again."""
    if state in DONE and ticket.state not in DONE:
        keep_about(session, ticket.id, ANSWERS, at, actor)
    elif state not in DONE and ticket.state in DONE:
        limits = [rule for rule in ANSWERS if rule != REPLY]
        reopen_about(session, ticket.id, limits, ticket.created_at)


def mark_emergency(session: Session, ticket: Ticket, at: datetime, *, problem: str) -> None:
    """Say of an older ticket that its caller met our fault and left a message; once, and not of a new one."""
    if ticket.emergency:
        return
    ticket.emergency = True
    words = queries.ticket_words(session, ticket.id)
    words.problem = words.problem or problem
    _touch(session, ticket, at)
    _note(session, ticket, "message", at, "ivr", {"emergency": True})


def note_contact(session: Session, ticket: Ticket, call_sid: str, at: datetime, actor: str) -> None:
    """The customer has phoned again about this ticket (TK-1: every contact is recorded)."""
    _note(session, ticket, "contact", at, actor, {"call": call_sid})


def add_note(session: Session, number: str, text: str, at: datetime, actor: str) -> Ticket:
    """Write a note for colleagues on a ticket; a closed one may still be noted on."""
    if not text.strip():
        raise Invalid("note", "must not be empty")
    ticket = _locked(session, number)
    _touch(session, ticket, at)
    _note(session, ticket, "note", at, actor, {}, text)
    return ticket


def close_ticket(
    session: Session, number: str, at: datetime, actor: str, *, solution: str | None = None
) -> Ticket:
    """Close a ticket: what was owed about it is kept, or late (TK-3)."""
    ticket = _locked(session, number)
    if ticket.state == "closed":
        raise Conflict(Sentence("Ticket {} is closed already.", number))
    if solution is not None:
        queries.ticket_words(session, ticket.id).solution = solution
    _answered(session, ticket, "closed", at, actor)
    ticket.state = "closed"
    ticket.closed_at = at
    settle_promises(session, SUBJECT, ticket.id, "cancelled", at, by=actor, reason="ticket_closed")
    drop_about(session, ticket.id, REQUEST, at, by=actor, reason="ticket_closed")
    _touch(session, ticket, at)
    _note(session, ticket, "closed", at, actor, {})
    return ticket


def _locked(session: Session, number: str) -> Ticket:
    ticket = queries.ticket_by_number(session, number, lock=True)
    if ticket is None:
        raise Missing("ticket", number)
    return ticket


def _touch(session: Session, ticket: Ticket, at: datetime) -> None:
    ticket.updated_at = at
    ticket.version += 1
    announce(session, "ticket", ticket.id, at)


def _note(
    session: Session,
    ticket: Ticket,
    kind: str,
    at: datetime,
    actor: str,
    detail: Mapping[str, Any],
    note: str | None = None,
) -> None:
    values = {
        "id": ids.new(), "ticket_id": ticket.id, "kind": kind, "at": at, "actor": actor,
        "detail": _plain(detail), "note": note,
    }  # fmt: skip
    _ADD_EVENT.send(session, values)
    announce(session, "ticket", ticket.id, at)


def _plain(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail with ids as text, as JSON wants them."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in detail.items()}


def _promise_limits(session: Session, ticket: Ticket, at: datetime, actor: str) -> None:
    """Write down what is owed about a new ticket: CP-2 for complaints, HL-9 for technical ones, else TK-3."""
    rule = {"complaint": "CP-2", "technical": "HL-9"}.get(ticket.kind, "TK-3")
    limit = limit_of(rule, configuration(session).policies_of(ticket.line_id))
    _promise(session, ticket, limit, _due(session, ticket, limit, at), at, actor)


def promise_about(
    session: Session,
    number: str,
    rule: str,
    at: datetime,
    actor: str,
    *,
    agent_id: UUID | None = None,
    due_at: datetime | None = None,
) -> UUID:
    """Promise a visit request (HL-10), a problem record (HL-11), or a reply at a time (FU-5) about a ticket.

    Raise Conflict where that is owed already, or the ticket is closed.
    """
    ticket = _locked(session, number)
    limit = limit_of(rule, configuration(session).policies_of(ticket.line_id))
    if (due_at is not None) != (rule == REPLY):
        raise Invalid("due_at", "is given by FU-5 and HL-8, and by no other rule")
    if due_at is not None and due_at <= at:
        raise Invalid("due_at", "this time has passed; give a time in the future")
    if ticket.state == "closed":
        raise Conflict(Sentence("Ticket {} is closed already.", ticket.number))
    if is_owed(session, ticket.id, rule):
        raise Conflict(Sentence("{} is owed about this ticket already: move it.", rule))
    due = due_at or _due(session, ticket, limit, at)
    made = _promise(session, ticket, limit, due, at, actor, agent_id=agent_id)
    _note(session, ticket, "promised", at, actor, {"rule": rule, "due_at": due.isoformat()})
    return made


def report(session: Session, number: str, what: str, at: datetime, actor: str, note: str | None) -> Ticket:
    """Hand something to the service manager: a visit request keeps HL-10, the full problem record HL-11.

    Raise Conflict where the record has no problem to read.
    """
    ticket = _locked(session, number)
    kind, rule = REPORTS[what]
    if what == "problem" and not queries.ticket_words(session, ticket.id).problem:
        raise Conflict(Sentence("Ticket {} does not say what the problem is yet (HL-11).", number))
    keep_about(session, ticket.id, (rule,), at, actor)
    _touch(session, ticket, at)
    _note(session, ticket, kind, at, actor, {"rule": rule}, note)
    return ticket


def _due(session: Session, ticket: Ticket, limit: Limit, at: datetime) -> datetime:
    """Count on the line's calendar; without a line, or when it never opens again, on the clock."""
    known = configuration(session)
    due = due_by(limit, known.hours_of(ticket.line_id), at, known.zone)
    return due or due_by(limit, None, at, known.zone) or at


def _promise(
    session: Session,
    ticket: Ticket,
    limit: Limit,
    due: datetime,
    at: datetime,
    actor: str,
    *,
    agent_id: UUID | None = None,
) -> UUID:
    """Owe it about the ticket: its kind's limit once, what an agent promises as often as he does."""
    known = configuration(session)
    line = known.lines.get(ticket.line_id) if ticket.line_id else None
    is_limit = limit.rule in ANSWERS and limit.rule != REPLY
    return promise(
        session,
        rule=limit.rule,
        subject_kind=SUBJECT if is_limit else REQUEST,
        subject_id=ticket.id if is_limit else ids.new(),
        due_at=due,
        why=limit.as_why(known.calendars[line.calendar_id] if line else None),
        at=at,
        customer_id=ticket.customer_id,
        owner_agent_id=agent_id or ticket.owner_agent_id,
        made_by=actor,
        line_id=ticket.line_id,
        ticket_id=ticket.id,
    )

"""Opening, changing and closing tickets; every change is an event (TK-1)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.rules import add_working
from callcenter.configuration import configuration
from callcenter.errors import Conflict, Invalid, Missing, Sentence
from callcenter.notices.actions import announce
from callcenter.promises.actions import keep_promise, promise, settle_promises
from callcenter.statements import Query, Write, as_inserted, table_of, undo_with
from callcenter.tickets import queries
from callcenter.tickets.models import Ticket, TicketCounter, TicketEvent, TicketWords
from callcenter.tickets.rules import CHANNELS, KINDS, STATES, readable_number

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
        "owner_agent_id": owner_agent_id, "language": language, "created_at": at, "updated_at": at,
        "version": 1, "emergency": emergency,
    }  # fmt: skip
    _ADD_TICKET.send(session, values)
    ticket = as_inserted(session, Ticket, values)
    _ADD_WORDS.send(session, {"ticket_id": ticket.id, "subject": subject, "problem": problem})
    _note(session, ticket, "opened", at, actor, {"kind": kind, "channel": channel})
    _promise_limits(session, ticket, at)
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
    words = queries.ticket_words(session, ticket.id)
    for field, value in changes.items():
        setattr(words if field in _WORDS else ticket, field, value)
    _touch(session, ticket, at)
    kept = {field: value for field, value in changes.items() if field not in _WORDS}
    _note(session, ticket, "changed", at, actor, {**kept, "fields": sorted(changes)})
    return ticket


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


def close_ticket(
    session: Session, number: str, at: datetime, actor: str, *, solution: str | None = None
) -> Ticket:
    """Close a ticket: what was owed about it is kept, or late (TK-3)."""
    ticket = _locked(session, number)
    if ticket.state == "closed":
        raise Conflict(Sentence("Ticket {} is closed already.", number))
    if solution is not None:
        queries.ticket_words(session, ticket.id).solution = solution
    ticket.state = "closed"
    ticket.closed_at = at
    for rule in ("HL-9", "TK-3", "CP-2"):
        keep_promise(session, rule, "ticket", ticket.id, at)
    settle_promises(session, "ticket", ticket.id, "cancelled", at)
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


def _promise_limits(session: Session, ticket: Ticket, at: datetime) -> None:
    """Write down what is owed about a new ticket: CP-2 for complaints, HL-9 for technical ones, else TK-3."""
    if ticket.kind == "complaint":
        days = configuration(session).policies.complaint_result_days
        limit = f"the end of the day {days} days later" if days else "the same day"
        _promise(session, ticket, "CP-2", _end_of_day(session, at, days), {"limit": limit}, at)
        return
    rule = "HL-9" if ticket.kind == "technical" else "TK-3"
    hours = configuration(session).policies.answer_within_working_hours
    due = _working_hours_later(session, ticket, hours, at)
    _promise(session, ticket, rule, due, {"limit": f"{hours} working hours"}, at)


def _promise(
    session: Session, ticket: Ticket, rule: str, due: datetime, why: dict[str, str], at: datetime
) -> None:
    promise(
        session,
        rule=rule,
        subject_kind="ticket",
        subject_id=ticket.id,
        due_at=due,
        why={"rule": rule, **why},
        at=at,
        customer_id=ticket.customer_id,
        owner_agent_id=ticket.owner_agent_id,
    )


def _working_hours_later(session: Session, ticket: Ticket, hours: float, at: datetime) -> datetime:
    """Count on the line's calendar; without a line, or when it never opens again, on the clock."""
    limit = timedelta(hours=hours)
    if ticket.line_id is None:
        return at + limit
    calendar = configuration(session).lines[ticket.line_id].calendar_id
    return add_working(configuration(session).hours[calendar], at, limit) or at + limit


def _end_of_day(session: Session, at: datetime, days: int) -> datetime:
    """Return the last second of this day, or of the day so many days later, in the centre's zone."""
    local = at.astimezone(configuration(session).zone) + timedelta(days=days)
    return local.replace(hour=23, minute=59, second=59, microsecond=0)

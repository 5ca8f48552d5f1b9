"""What is counted of people: who solved a ticket on its first contact, and how agents spent their time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.routing.models import AgentStateChange
from callcenter.staff.models import Agent
from callcenter.standards.rows import Row, mask, milliseconds
from callcenter.standards.rules import REOPENED_WITHIN
from callcenter.standards.windows import Window, midnight
from callcenter.tickets.models import Ticket, TicketEvent

SOLVED, REOPENED = ("solved", "closed"), ("new", "open")
BUSY = ("talking", "wrap_up")
ON_DUTY = (*BUSY, "available")
# Columns instead of entities: a line opens tickets by the thousand before their days are closed.
_OF_TICKET = (Ticket.id, Ticket.line_id, Ticket.created_at, Ticket.owner_agent_id, Ticket.call_id)
_OF_EVENT = (
    TicketEvent.ticket_id, TicketEvent.kind, TicketEvent.at, TicketEvent.actor,
    TicketEvent.detail["state"].as_string().label("state"),
    TicketEvent.detail["owner_agent_id"].as_string().label("owner"),
)  # fmt: skip


def tickets(session: Session, window: Window) -> list[Row]:
    """Return the tickets that were opened, and which of them were solved on the first contact (HL-17).

    Solved by the first owner (who owned it first, else who took its call), before any callback about it met
    its customer, and not open again within seven days.
    """
    opened = sa.and_(
        Ticket.created_at >= window.begins(),
        Ticket.created_at < window.ends(),
        window.in_places(Ticket.line_id),
    )
    statement = (
        sa.select(*_OF_TICKET, Call.agent_id, _second_contact().label("second_contact"))
        .outerjoin(Call, Call.id == Ticket.call_id)
        .where(opened)
    )
    found = [row for row in session.execute(statement) if window.holds(_day(window, row))]
    events = _events(session, opened) if found else {}
    keys = dict(session.execute(sa.select(Agent.key, Agent.id)).all())
    return [_ticket(window, row, events.get(row.id, []), keys) for row in found]


def _second_contact() -> sa.ScalarSelect[Any]:
    """Return when a callback about the ticket first met its customer."""
    return (
        sa.select(sa.func.min(Callback.settled_at))
        .where(Callback.ticket_id == Ticket.id, Callback.state == "kept")
        .correlate(Ticket)
        .scalar_subquery()
    )


def _day(window: Window, ticket: Any) -> Any:
    return window.day_of(ticket.line_id, ticket.created_at)


def _events(session: Session, opened: sa.ColumnElement[bool]) -> dict[UUID, list[Any]]:
    statement = (
        sa.select(*_OF_EVENT)
        .join(Ticket, Ticket.id == TicketEvent.ticket_id)
        .where(opened, TicketEvent.kind.in_(("changed", "closed")))
        .order_by(TicketEvent.at, TicketEvent.id)
    )
    events: dict[UUID, list[Any]] = {}
    for event in session.execute(statement):
        events.setdefault(event.ticket_id, []).append(event)
    return events


def _ticket(window: Window, ticket: Any, events: Sequence[Any], keys: dict[str, UUID]) -> Row:
    owner = _first_owner(ticket, events)
    solved = next((event for event in events if _moved(event) in SOLVED), None)
    first = (
        solved is not None
        and owner is not None
        and keys.get(solved.actor.removeprefix("agent:")) == owner
        and solved.actor.startswith("agent:")
        and (ticket.second_contact is None or ticket.second_contact > solved.at)
        and not any(_reopens(event, solved.at) for event in events)
    )
    names = ["opened", *(["first_contact"] if first else [])]
    return Row(
        "ticket", ticket.id, _day(window, ticket), ticket.line_id, owner, ticket.call_id, ticket.created_at,
        mask("ticket", names),
    )  # fmt: skip


def _first_owner(ticket: Any, events: Iterable[Any]) -> UUID | None:
    """Return who owned the ticket first; nobody's belongs to who took its call (HL-17)."""
    named = next((event.owner for event in events if event.owner), None)
    if named is not None:
        return UUID(named)
    owner: UUID | None = ticket.owner_agent_id or ticket.agent_id
    return owner


def _moved(event: Any) -> str | None:
    """Return the state that an event brought a ticket to."""
    return "closed" if event.kind == "closed" else event.state


def _reopens(event: Any, solved_at: datetime) -> bool:
    return _moved(event) in REOPENED and solved_at < event.at <= solved_at + REOPENED_WITHIN


def stretches(session: Session, window: Window) -> list[Row]:
    """Return the time that agents talked, wrapped up or were available, each stretch inside one day.

    Days are the centre's, since an agent serves several lines; talking counts from the acceptance on, as the
    agent's own state does.
    """
    if None not in window.places:
        return []
    begins = midnight(window.first, window.home)
    ends = min(window.at, midnight(window.last + timedelta(days=1), window.home))
    agents = list(session.scalars(sa.select(Agent.id)))
    own: dict[UUID, list[Any]] = {}
    for change in [*_came_in_with(session, begins), *_changes(session, agents, begins, ends)]:
        own.setdefault(change.agent_id, []).append(change)
    return [row for changes in own.values() for row in _of_agent(window, changes, begins, ends)]


def _came_in_with(session: Session, begins: datetime) -> Sequence[AgentStateChange]:
    """Return each agent's last change before an instant, by one look into the index an agent."""
    change = AgentStateChange
    last = (
        sa.select(change.id)
        .where(change.agent_id == Agent.id, change.at < begins)
        .order_by(change.at.desc(), change.id.desc())
        .limit(1)
        .correlate(Agent)
        .scalar_subquery()
    )
    found = [each for each in session.scalars(sa.select(last).select_from(Agent)) if each is not None]
    return session.scalars(sa.select(change).where(change.id.in_(found))).all()


def _changes(
    session: Session, agents: Sequence[UUID], begins: datetime, ends: datetime
) -> Sequence[AgentStateChange]:
    """Return the changes between two instants; the agents are named because the index begins with them."""
    change = AgentStateChange
    inside = (change.agent_id.in_(agents), change.at >= begins, change.at < ends)
    return session.scalars(sa.select(change).where(*inside).order_by(change.at, change.id)).all()


def _of_agent(window: Window, changes: Sequence[Any], begins: datetime, ends: datetime) -> Iterator[Row]:
    """Yield the stretches of one agent, whose changes are in order."""
    for change, following in zip_longest(changes, changes[1:]):
        since, until = max(change.at, begins), following.at if following else ends
        if change.state in ON_DUTY:
            for start, stop in _by_day(window, since, until):
                yield _stretch(window, change, start, stop)


def _by_day(window: Window, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Part a stretch at the midnights of the centre."""
    while since < until:
        tomorrow = since.astimezone(window.home).date() + timedelta(days=1)
        stop = min(until, midnight(tomorrow, window.home))
        yield since, stop
        since = stop


def _stretch(window: Window, change: Any, since: datetime, until: datetime) -> Row:
    busy = ["busy"] if change.state in BUSY else []
    day = since.astimezone(window.home).date()
    return Row(
        "state", change.id, day, None, change.agent_id, None, since,
        mask("state", [change.state, "on_duty", *busy]), milliseconds(since, until),
    )  # fmt: skip

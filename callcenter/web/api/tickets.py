"""Tickets: list, create, read, change, close, and the history of each."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter.audit.desks import TicketFilter, TicketRow, find_ticket, list_tickets, promises_about
from callcenter.audit.queries import find_call
from callcenter.customers.queries import customer
from callcenter.errors import Invalid, Missing
from callcenter.tickets import actions
from callcenter.tickets.queries import ticket_events
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Input,
    Instant,
    Page,
    PageQuery,
    Shape,
    Text,
    Word,
    agent_named,
    left_out,
    line_named,
)
from callcenter.web.api.layer import Api, Asked

api = Api()
TICKETS = Cursor("tickets")
HISTORY = Cursor("ticket_events", (UUID,))
Kind = Literal["technical", "presales", "complaint", "general"]
Channel = Literal[
    "phone", "fax", "email", "forum", "website", "walk_in", "visit", "follow_up", "survey", "remote"
]
Language = Literal["zh-CN", "en-US"]
Subject = Annotated[Text, Field(max_length=200)]


class TicketItem(Shape):
    """A ticket; `number` is its readable name, `version` grows with every change.

    `emergency` says that its caller left a message because we could not answer; `first_owner` took it first,
    and stays whoever works on it (HL-17).
    """

    id: UUID
    number: str
    kind: str
    channel: str
    state: str
    subject: str | None
    line: str | None
    call: UUID | None
    call_sid: str | None
    customer: UUID | None
    owner: str | None
    first_owner: str | None
    language: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    version: int
    emergency: bool


class TicketPromise(Shape):
    """What was promised about the ticket: the limits of its kind, and what agents agreed on."""

    id: UUID
    rule: str
    due_at: datetime
    state: str
    settled_at: datetime | None
    why: dict[str, Any]


class TicketDetail(TicketItem):
    """A ticket with what people wrote, and what is owed."""

    problem: str | None
    solution: str | None
    promises: list[TicketPromise]


class TicketEventItem(Shape):
    """One thing that happened to a ticket."""

    id: UUID
    kind: str
    at: datetime
    actor: str
    detail: dict[str, Any]
    note: str | None


class TicketQuery(PageQuery):
    """Filters; `q` is a number, or words of subject, problem or solution."""

    state: Literal["new", "open", "solved", "closed"] | None = None
    kind: Kind | None = None
    line: Word | None = None
    owner: Word | None = None
    customer: UUID | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    q: Word | None = None


class TicketNew(Input):
    """What a new ticket needs; `call` is ours or the carrier's id, from which line and customer follow."""

    kind: Kind
    channel: Channel = "phone"
    subject: Subject | None = None
    problem: Text | None = None
    line: Word | None = None
    call: Word | None = None
    customer: UUID | None = None
    owner: Word | None = None
    language: Language | None = None


class TicketChange(Input):
    """What may be changed; `version` as it was read refuses to overwrite somebody else's change."""

    kind: Kind = left_out()
    state: Literal["new", "open", "solved"] = left_out()
    owner: Word | None = None
    customer: UUID | None = None
    subject: Subject | None = None
    problem: Text | None = None
    solution: Text | None = None
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class TicketReport(Input):
    """What the service manager gets: a request for a visit (HL-10), or the problem's full record (HL-11)."""

    what: Literal["visit", "problem"]
    note: Text | None = None


class TicketClose(Input):
    """How a ticket ends."""

    solution: Text | None = None


@api.get("/tickets", role="agent")
def tickets(asked: Asked, query: TicketQuery) -> Page[TicketItem]:
    """List tickets, the newest first."""
    wanted = TicketFilter(
        state=query.state,
        kind=query.kind,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        owner_id=agent_named(asked.session, query.owner).id if query.owner else None,
        customer_id=query.customer,
        since=query.created_after,
        until=query.created_before,
        search=query.q,
    )
    rows = list_tickets(asked.session, wanted, TICKETS.after(asked, query), query.limit + 1)
    shown, following = TICKETS.cut(asked, query, rows, lambda row: (row.Ticket.created_at, row.Ticket.id))
    return Page[TicketItem](items=[TicketItem(**_fields(row)) for row in shown], next=following)


@api.post("/tickets", role="agent", creates=True)
def open_ticket(asked: Asked, body: TicketNew) -> TicketDetail:
    """Open a ticket; it gets its number, and its time limits start."""
    call = find_call(asked.session, body.call) if body.call else None
    if body.call and call is None:
        raise Invalid("call", "there is no such call")
    named = line_named(asked.session, body.line).id if body.line else None
    ticket = actions.open_ticket(
        asked.session,
        kind=body.kind,
        channel=body.channel,
        line_id=named or (call.call.line_id if call else None),
        call_id=call.call.id if call else None,
        customer_id=_customer(asked, body.customer) or (call.call.customer_id if call else None),
        language=body.language or (call.call.language if call else None),
        at=asked.at,
        actor=asked.who.actor,
        subject=body.subject,
        problem=body.problem,
        owner_agent_id=agent_named(asked.session, body.owner).id if body.owner else asked.who.agent_id,
    )
    return _detail(asked, ticket.number)


@api.get("/tickets/{number}", role="agent")
def ticket(asked: Asked) -> TicketDetail:
    """Read one ticket."""
    return _detail(asked, asked.path["number"])


@api.patch("/tickets/{number}", role="agent")
def change_ticket(asked: Asked, body: TicketChange) -> TicketDetail:
    """Change what is given and nothing else; null empties a field that may be empty."""
    changes = body.model_dump(exclude_unset=True, exclude={"version", "owner", "customer"})
    if "owner" in body.model_fields_set:
        changes["owner_agent_id"] = agent_named(asked.session, body.owner).id if body.owner else None
    if "customer" in body.model_fields_set:
        changes["customer_id"] = _customer(asked, body.customer)
    number = asked.path["number"]
    actions.change_ticket(asked.session, number, changes, asked.at, asked.who.actor, version=body.version)
    return _detail(asked, number)


@api.post("/tickets/{number}/close", role="agent")
def close_ticket(asked: Asked, body: TicketClose) -> TicketDetail:
    """Close a ticket; closing it twice is a conflict."""
    number = asked.path["number"]
    actions.close_ticket(asked.session, number, asked.at, asked.who.actor, solution=body.solution)
    return _detail(asked, number)


@api.post("/tickets/{number}/report", role="agent")
def report(asked: Asked, body: TicketReport) -> TicketDetail:
    """Hand a visit request (HL-10) or the full record (HL-11) to the manager; that keeps its promise."""
    number = asked.path["number"]
    actions.report(asked.session, number, body.what, asked.at, asked.who.actor, body.note)
    return _detail(asked, number)


@api.get("/tickets/{number}/events", role="agent")
def history(asked: Asked, query: PageQuery) -> Page[TicketEventItem]:
    """Tell what happened to a ticket, oldest first."""
    row = _found(asked, asked.path["number"])
    (after,) = HISTORY.after(asked, query) or (None,)
    events = ticket_events(asked.session, row.Ticket.id, after, query.limit + 1)
    shown, following = HISTORY.cut(asked, query, events, lambda event: (event.id,))
    items = [
        TicketEventItem(**{name: getattr(each, name) for name in TicketEventItem.model_fields})
        for each in shown
    ]
    return Page[TicketEventItem](items=items, next=following)


def _found(asked: Asked, number: str) -> TicketRow:
    row = find_ticket(asked.session, number) if number.isascii() and number.isdigit() else None
    if row is None:
        raise Missing("ticket", "with this number")
    return row


def _detail(asked: Asked, number: str) -> TicketDetail:
    asked.session.flush()
    row = _found(asked, number)
    promises = promises_about(asked.session, row.Ticket.id)
    return TicketDetail(
        **_fields(row),
        problem=row.TicketWords.problem,
        solution=row.TicketWords.solution,
        promises=[
            TicketPromise(**{name: getattr(each, name) for name in TicketPromise.model_fields})
            for each in promises
        ],
    )


def _fields(row: TicketRow) -> dict[str, Any]:
    ticket = row.Ticket
    named = {
        "subject": row.TicketWords.subject, "line": row.line, "owner": row.owner, "call": ticket.call_id,
        "first_owner": row.first_owner, "call_sid": row.call_sid, "customer": ticket.customer_id,
    }  # fmt: skip
    return {name: getattr(ticket, name) for name in TicketItem.model_fields if name not in named} | named


def _customer(asked: Asked, customer_id: UUID | None) -> UUID | None:
    """Return the id of a customer who exists; raise Invalid."""
    if customer_id is None:
        return None
    try:
        return customer(asked.session, customer_id).id
    except Missing:
        raise Invalid("customer", "there is no such customer") from None

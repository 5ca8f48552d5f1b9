"""Promises: what is owed to whom by when, why then, and who was told of it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter.audit.promised import (
    AlertFilter,
    AlertRow,
    PromiseFilter,
    PromiseRow,
    find_alert,
    find_promise,
    list_alerts,
    list_promises,
    story_of_promise,
)
from callcenter.audit.queries import find_call
from callcenter.errors import Forbidden, Invalid, Missing
from callcenter.organisation.queries import centre
from callcenter.phone_numbers import canonical
from callcenter.promises.actions import see_alert
from callcenter.promises.queries import alerts_of, moves_of
from callcenter.promises.words import explain
from callcenter.switchboard import agreements
from callcenter.tickets.queries import ticket_by_number
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Input,
    Instant,
    Page,
    PageQuery,
    Shape,
    Word,
    agent_named,
    line_named,
    uuid_of,
)
from callcenter.web.api.layer import Api, Asked

api = Api()
PROMISES = Cursor("promises")
ALERTS = Cursor("alerts")
Rule = Literal["HL-7", "HL-8", "HL-9", "HL-10", "HL-11", "TK-3", "CP-2", "CP-4", "FU-5"]
Reason = Annotated[Word, Field(max_length=60)]


class PromiseItem(Shape):
    """What is owed: by which rule, by `owner`, about which ticket, callback or call, made and due when.

    It counts from `counted_from`; while `awaits_hang_up`, from the end of the call that goes on.
    """

    id: UUID
    rule: str
    state: str
    line: str | None
    customer: UUID | None
    owner: str | None
    ticket: str | None
    callback: UUID | None
    call: UUID | None
    made_at: datetime
    made_by: str | None
    counted_from: datetime | None
    awaits_hang_up: bool
    due_at: datetime
    grace_seconds: int
    settled_at: datetime | None
    settled_by: str | None
    reason: str | None


class PromiseMoveItem(Shape):
    """A move to another time; `consent` is whether the customer agreed, null when it was not said."""

    at: datetime
    actor: str
    from_due_at: datetime
    to_due_at: datetime
    consent: bool | None
    reason: str | None


class PromiseAlertItem(Shape):
    """Somebody was told: a warning to its owner before the limit, the others after it."""

    id: UUID
    step: str
    at: datetime
    due_at: datetime
    seen_at: datetime | None
    seen_by: str | None


class PromiseDetail(PromiseItem):
    """One promise that explains itself, line by line, in both languages."""

    why: dict[str, Any]
    explanation: dict[str, list[str]]
    moves: list[PromiseMoveItem]
    alerts: list[PromiseAlertItem]


class AlertItem(PromiseAlertItem):
    """An alert in the list, with what it is about."""

    promise: UUID
    rule: str
    state: str
    line: str | None
    owner: str | None
    ticket: str | None
    callback: UUID | None


class PromiseQuery(PageQuery):
    """Filters; `owed` are open and late ones; `due_after` is in, `due_before` is out."""

    state: Literal["owed", "open", "late", "kept", "broken", "cancelled"] | None = None
    rule: Rule | None = None
    line: Word | None = None
    owner: Word | None = None
    ticket: Word | None = None
    due_after: Instant | None = None
    due_before: Instant | None = None


class PromiseNew(Input):
    """What is promised, about a ticket or a call. `due_at` belongs to HL-8 and FU-5, the others count it."""

    rule: Literal["HL-7", "HL-8", "HL-10", "HL-11", "CP-4", "FU-5"]
    ticket: Word | None = None
    call: Word | None = None
    number: Word | None = None
    due_at: Instant | None = None


class PromiseMove(Input):
    """The new time, to which the customer has agreed, and why."""

    due_at: Instant
    consent: Literal[True]
    reason: Word


class PromiseEnd(Input):
    """Why it ends."""

    reason: Reason


class AlertQuery(PageQuery):
    """Filters; `open` ones are unseen, of what is still owed."""

    step: Literal["warning", "owner", "duty_manager", "supervisor"] | None = None
    line: Word | None = None
    open: bool | None = None


@api.get("/promises", role="agent")
def promises(asked: Asked, query: PromiseQuery) -> Page[PromiseItem]:
    """List promises, the first due first."""
    ticket = ticket_by_number(asked.session, query.ticket) if query.ticket else None
    if query.ticket and ticket is None:
        raise Invalid("ticket", "there is no such ticket")
    wanted = PromiseFilter(
        state=query.state,
        rule=query.rule,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        owner_id=agent_named(asked.session, query.owner).id if query.owner else None,
        ticket_id=ticket.id if ticket else None,
        due_after=query.due_after,
        due_before=query.due_before,
    )
    rows = list_promises(asked.session, wanted, PROMISES.after(asked, query), query.limit + 1)
    shown, following = PROMISES.cut(asked, query, rows, lambda row: (row.Promise.due_at, row.Promise.id))
    return Page[PromiseItem](items=[PromiseItem(**_fields(row)) for row in shown], next=following)


@api.post("/promises", role="agent", creates=True)
def agree(asked: Asked, body: PromiseNew) -> PromiseDetail:
    """Promise something by a rule about a ticket or a call; 409 when that is owed already."""
    call = find_call(asked.session, body.call) if body.call else None
    ticket = ticket_by_number(asked.session, body.ticket) if body.ticket else None
    if body.call and call is None:
        raise Invalid("call", "there is no such call")
    if body.ticket and ticket is None:
        raise Invalid("ticket", "there is no such ticket")
    made = agreements.agree(
        asked.session,
        rule=body.rule,
        ticket=ticket,
        call=call.call if call else None,
        at=asked.at,
        actor=asked.who.actor,
        agent_id=asked.who.agent_id,
        number=_number(asked, body.number) if body.number else None,
        due_at=body.due_at,
    )
    return _detail(asked, made)


@api.get("/promises/{id}", role="agent")
def promise(asked: Asked) -> PromiseDetail:
    """Read one promise: why it is due then, by which calendar and rule, and what happened."""
    return _detail(asked, uuid_of("promise", asked.path["id"]))


@api.post("/promises/{id}/move", role="agent")
def move(asked: Asked, body: PromiseMove) -> PromiseDetail:
    """Promise another time, with the customer's consent; 409 when nothing is owed any more."""
    promise_id = uuid_of("promise", asked.path["id"])
    agreements.move(asked.session, promise_id, body.due_at, asked.at, asked.who.actor, body.reason)
    return _detail(asked, promise_id)


@api.post("/promises/{id}/cancel", role="agent")
def cancel_promise(asked: Asked, body: PromiseEnd) -> PromiseDetail:
    """Take back what the customer no longer wants; 409 for a limit that ends with its ticket."""
    return _drop(asked, body.reason, broken=False)


@api.post("/promises/{id}/break", role="agent")
def break_promise(asked: Asked, body: PromiseEnd) -> PromiseDetail:
    """Give up what we shall not do; 409 for a limit that ends with its ticket."""
    return _drop(asked, body.reason, broken=True)


@api.get("/alerts", role="agent")
def alerts(asked: Asked, query: AlertQuery) -> Page[AlertItem]:
    """List who was warned or told of which promise, the newest first; an agent sees his own."""
    wanted = AlertFilter(
        step=query.step,
        agent_id=None if asked.who.may("supervisor") else asked.who.agent_id,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        open=query.open,
    )
    rows = list_alerts(asked.session, wanted, ALERTS.after(asked, query), query.limit + 1)
    place = ALERTS.cut(asked, query, rows, lambda row: (row.PromiseAlert.at, row.PromiseAlert.id))
    shown, following = place
    return Page[AlertItem](items=[_alert(row) for row in shown], next=following)


@api.post("/alerts/{id}/see", role="agent")
def see(asked: Asked) -> AlertItem:
    """Take note of an alert; whoever did so first stays."""
    alert_id = uuid_of("alert", asked.path["id"])
    row = _found_alert(asked, alert_id)
    if not asked.who.may("supervisor") and row.PromiseAlert.agent_id != asked.who.agent_id:
        raise Forbidden("An agent sees the alerts that were meant for him.")
    see_alert(asked.session, alert_id, asked.at, asked.who.actor)
    asked.session.expire_all()
    return _alert(_found_alert(asked, alert_id))


def _drop(asked: Asked, reason: str, *, broken: bool) -> PromiseDetail:
    promise_id = uuid_of("promise", asked.path["id"])
    agreements.drop(asked.session, promise_id, asked.at, asked.who.actor, reason, broken=broken)
    return _detail(asked, promise_id)


def _number(asked: Asked, text: str) -> str:
    number = canonical(text, centre(asked.session).country)
    if number is None:
        raise Invalid("number", "is no phone number; give it like +8613800138000")
    return number


def _found_alert(asked: Asked, alert_id: UUID) -> AlertRow:
    row = find_alert(asked.session, alert_id)
    if row is None:
        raise Missing("alert", "with this id")
    return row


def _detail(asked: Asked, promise_id: UUID) -> PromiseDetail:
    asked.session.flush()
    row = find_promise(asked.session, promise_id)
    if row is None:
        raise Missing("promise", "with this id")
    told, moved = alerts_of(asked.session, promise_id), moves_of(asked.session, promise_id)
    return PromiseDetail(
        **_fields(row),
        why=row.Promise.why,
        explanation=explain(story_of_promise(asked.session, row)),
        moves=[PromiseMoveItem(**_columns(PromiseMoveItem, each)) for each in moved],
        alerts=[PromiseAlertItem(**_columns(PromiseAlertItem, each)) for each in told],
    )


def _fields(row: PromiseRow) -> dict[str, Any]:
    named = {name: getattr(row, name) for name in ("line", "owner", "ticket", "callback", "call")}
    awaits = row.Promise.awaits_call_id is not None
    named |= {"customer": row.Promise.customer_id, "awaits_hang_up": awaits}
    return _columns(PromiseItem, row.Promise, named)


def _alert(row: AlertRow) -> AlertItem:
    named = {name: getattr(row, name) for name in ("line", "owner", "ticket", "callback")}
    named |= {"promise": row.Promise.id, "rule": row.Promise.rule, "state": row.Promise.state}
    return AlertItem(**_columns(AlertItem, row.PromiseAlert, named))


def _columns(shape: type[Shape], row: object, named: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a row's columns that the shape has by the same name, and the others as named."""
    given = named or {}
    return {name: getattr(row, name) for name in shape.model_fields if name not in given} | given

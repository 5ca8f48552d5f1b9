"""Callbacks: what we promised to call, and by when."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter.audit.desks import CallbackFilter, find_callback, list_callbacks
from callcenter.audit.overtakes import overtakes_of
from callcenter.audit.queries import find_call
from callcenter.callbacks import actions
from callcenter.callbacks.models import SUBJECT, CallbackTry
from callcenter.callbacks.queries import tries_of
from callcenter.errors import Invalid, Missing
from callcenter.lines.models import Line
from callcenter.lines.rules import skill_of
from callcenter.organisation.models import Skill
from callcenter.organisation.queries import centre, skill_by_key
from callcenter.phone_numbers import canonical, masked
from callcenter.tickets.queries import ticket_by_number
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Input,
    Instant,
    Page,
    PageQuery,
    Shape,
    Word,
    line_named,
    skill_named,
    uuid_of,
)
from callcenter.web.api.layer import Api, Asked

api = Api()
CALLBACKS = Cursor("callbacks")


class CallbackItem(Shape):
    """A call we owe. `due_at` is the time that was promised, `next_try_at` when we act next.

    `chosen` says that somebody chose that time; nobody is rung before it.
    """

    id: UUID
    number: str
    line: str
    skill: str
    language: str
    customer: UUID | None
    state: str
    reason: str | None
    rule: str | None
    promise: str | None
    promise_id: UUID | None
    created_at: datetime
    created_by: str
    due_at: datetime
    chosen: bool
    next_try_at: datetime
    arrived_at: datetime | None
    waiting_since: datetime | None
    tries: int
    settled_at: datetime | None
    settled_by: str | None
    origin_call: UUID | None
    call: UUID | None
    ticket: str | None


class CallbackAttempt(Shape):
    """One attempt to reach the customer; `result` is null while it lasts, `next_try_at` when one follows."""

    number: int
    began_at: datetime
    ended_at: datetime | None
    result: str | None
    answered_by: str | None
    message_left: bool
    next_try_at: datetime | None
    call: UUID | None


class CallbackOvertake(Shape):
    """Somebody who had come later was served first: `kind` and `id` say who it was, `reason` why."""

    at: datetime
    kind: str
    id: UUID
    reason: str


class CallbackDetail(CallbackItem):
    """A call we owe, with every attempt to make it and everybody who was served before it."""

    attempts: list[CallbackAttempt]
    overtakes: list[CallbackOvertake]


class CallbackQuery(PageQuery):
    """Filters; `due_after` is in, `due_before` is out."""

    state: Literal["booked", "waiting", "agent", "kept", "failed", "cancelled"] | None = None
    line: Word | None = None
    due_after: Instant | None = None
    due_before: Instant | None = None


class CallbackNew(Input):
    """Whom to call; without a time the promise is the centre's usual one (HL-8)."""

    number: Word
    line: Word
    skill: Word | None = None
    language: Literal["zh-CN", "en-US"] | None = None
    due_at: Instant | None = None
    call: Word | None = None
    ticket: Word | None = None


class CallbackCancel(Input):
    """Why."""

    reason: Annotated[Word, Field(max_length=40)] = "cancelled"


class CallbackMove(Input):
    """The new time, whether the customer agreed to it, and why."""

    due_at: Instant
    consent: bool | None = None
    reason: Word | None = None


@api.get("/callbacks", role="agent")
def callbacks(asked: Asked, query: CallbackQuery) -> Page[CallbackItem]:
    """List callbacks, the first due first; agents see masked numbers."""
    wanted = CallbackFilter(
        state=query.state,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        due_after=query.due_after,
        due_before=query.due_before,
    )
    rows = list_callbacks(asked.session, wanted, CALLBACKS.after(asked, query), query.limit + 1)
    shown, following = CALLBACKS.cut(asked, query, rows, lambda row: (row.Callback.due_at, row.Callback.id))
    return Page[CallbackItem](items=[_item(asked, row) for row in shown], next=following)


@api.post("/callbacks", role="agent", creates=True)
def book(asked: Asked, body: CallbackNew) -> CallbackItem:
    """Promise a call; one that is owed to this number, or to its customer about the same, is kept."""
    line = line_named(asked.session, body.line)
    call = find_call(asked.session, body.call) if body.call else None
    ticket = ticket_by_number(asked.session, body.ticket) if body.ticket else None
    if body.call and call is None:
        raise Invalid("call", "there is no such call")
    if body.ticket and ticket is None:
        raise Invalid("ticket", "there is no such ticket")
    callback = actions.book_callback(
        asked.session,
        number=_number(asked, body.number),
        line_id=line.id,
        skill_id=_skill(asked, body, line).id,
        language=body.language or line.languages[0],
        at=asked.at,
        actor=asked.who.actor,
        due_at=body.due_at,
        origin_call_id=call.call.id if call else None,
        ticket_id=ticket.id if ticket else None,
        customer_id=(call.call.customer_id if call else None) or (ticket.customer_id if ticket else None),
    )
    return _read(asked, callback.id)


@api.get("/callbacks/{id}", role="agent")
def callback(asked: Asked) -> CallbackDetail:
    """Read one callback with every attempt to reach the customer."""
    found = _read(asked, uuid_of("callback", asked.path["id"]))
    attempts = [_attempt(tried) for tried in tries_of(asked.session, found.id)]
    return CallbackDetail(**found.model_dump(), attempts=attempts, overtakes=_overtakes(asked, found))


def _overtakes(asked: Asked, found: CallbackItem) -> list[CallbackOvertake]:
    """Return who was served before it since it was put into line."""
    if found.waiting_since is None:
        return []
    passed = overtakes_of(asked.session, SUBJECT, found.id, found.waiting_since, asked.at)
    return [
        CallbackOvertake(at=one.at, kind=one.subject_kind, id=one.subject_id, reason=one.reason)
        for one in passed
    ]


def _attempt(tried: CallbackTry) -> CallbackAttempt:
    named = {name: getattr(tried, name) for name in CallbackAttempt.model_fields if name != "call"}
    return CallbackAttempt(**named, call=tried.call_id)


@api.post("/callbacks/{id}/cancel", role="agent")
def cancel(asked: Asked, body: CallbackCancel) -> CallbackItem:
    """Cancel a callback; 409 while it is being carried out or when it is over."""
    callback_id = uuid_of("callback", asked.path["id"])
    actions.cancel_callback(asked.session, callback_id, asked.at, asked.who.actor, body.reason)
    return _read(asked, callback_id)


@api.post("/callbacks/{id}/reschedule", role="agent")
def reschedule(asked: Asked, body: CallbackMove) -> CallbackItem:
    """Promise another time; 409 while it is being carried out or when it is over."""
    callback_id = uuid_of("callback", asked.path["id"])
    actions.reschedule_callback(
        asked.session,
        callback_id,
        body.due_at,
        asked.at,
        asked.who.actor,
        consent=body.consent,
        reason=body.reason,
    )
    return _read(asked, callback_id)


@api.post("/callbacks/{id}/call", role="agent")
def call_now(asked: Asked) -> CallbackItem:
    """Call now, not first when it is due; 409 while it is carried out or over, or its customer talks on."""
    callback_id = uuid_of("callback", asked.path["id"])
    actions.bring_forward(asked.session, callback_id, asked.at)
    return _read(asked, callback_id)


def _number(asked: Asked, text: str) -> str:
    number = canonical(text, centre(asked.session).country)
    if number is None:
        raise Invalid("number", "is no phone number; give it like +8613800138000")
    return number


def _skill(asked: Asked, body: CallbackNew, line: Line) -> Skill:
    """Return the skill asked for, or the one that the line's menu has for callbacks, or for agents."""
    if body.skill is not None:
        return skill_named(asked.session, body.skill)
    key = skill_of(line.menu, "callback") or skill_of(line.menu, "agent")
    skill = skill_by_key(asked.session, key) if key else None
    if skill is None:
        raise Invalid("skill", "this line has no usual one: name it")
    return skill


def _read(asked: Asked, callback_id: UUID) -> CallbackItem:
    asked.session.flush()
    row = find_callback(asked.session, callback_id)
    if row is None:
        raise Missing("callback", "with this id")
    return _item(asked, row)


def _item(asked: Asked, row: Any) -> CallbackItem:
    callback = row.Callback
    whole = asked.who.may("supervisor") or callback.created_by == asked.who.actor
    named = {
        "number": callback.number if whole else masked(callback.number), "line": row.line, "skill": row.skill,
        "ticket": row.ticket, "promise": row.promise, "rule": row.rule, "promise_id": row.promise_id,
        "call": callback.call_id,
        "origin_call": callback.origin_call_id, "customer": callback.customer_id,
    }  # fmt: skip
    columns = {name: getattr(callback, name) for name in CallbackItem.model_fields if name not in named}
    return CallbackItem(**columns, **named)

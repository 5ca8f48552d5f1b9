"""Agents and their states, the offers on their phones, and who waits in line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter.audit.desks import (
    AgentFilter,
    AgentRow,
    OfferFilter,
    OfferRow,
    QueueFilter,
    WaitRow,
    find_agent,
    find_offer,
    list_agents,
    live_offers,
    waiting,
)
from callcenter.audit.recognised import recognised_on
from callcenter.calls.models import Call
from callcenter.errors import Conflict, Forbidden, Missing
from callcenter.phone_numbers import masked
from callcenter.routing.actions import set_agent_state
from callcenter.staff.models import Agent
from callcenter.staff.queries import agent_by_key, skills_by_agent
from callcenter.switchboard import offers as switchboard
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Input,
    Page,
    PageQuery,
    Shape,
    Word,
    agent_named,
    line_named,
    skill_named,
    uuid_of,
)
from callcenter.web.api.layer import Api, Asked
from callcenter.web.api.story import Candidate, customer_of

api = Api()
AGENTS = Cursor("agents", (str,))
OFFERS = Cursor("offers")
QUEUE = Cursor("queue", (int, datetime, UUID))


class AgentItem(Shape):
    """An agent and what he does now; `line` is that of the call on his phone. Skills by level, 1 is best."""

    id: UUID
    key: str
    name: str
    branch: str
    languages: list[str]
    skills: dict[str, int]
    active: bool
    state: str
    reason: str | None
    since: datetime | None
    until: datetime | None
    line: str | None
    call: UUID | None


class AgentStateChange(Input):
    """What an agent chooses; a break needs a reason (HL-13)."""

    state: Literal["available", "break", "offline"]
    reason: Annotated[Word, Field(max_length=60)] | None = None


class OfferItem(Shape):
    """A call on an agent's phone: who, from where, how long he has waited, until when it rings.

    `candidates` may be calling, where the number names nobody for certain: ask before you use a name.
    """

    id: UUID
    agent: str
    kind: str
    line: str
    skill: str
    language: str
    call: UUID | None
    from_: Annotated[str | None, Field(alias="from")]
    customer: str | None
    candidates: list[Candidate]
    state: str
    reason: str | None
    made_at: datetime
    ring_until: datetime
    accepted_at: datetime | None
    joined_at: datetime | None
    ended_at: datetime | None
    waiting_since: datetime


class AgentQuery(PageQuery):
    """Filters; who has left is shown only when asked for."""

    state: Literal["available", "break", "offline", "wrap_up", "reserved", "ringing", "talking"] | None = None
    skill: Word | None = None
    branch: Word | None = None
    active: bool = True


class OfferQuery(PageQuery):
    """Filters of live offers."""

    agent: Word | None = None
    line: Word | None = None
    state: Literal["ringing", "accepted", "joined"] | None = None
    kind: Literal["call", "callback"] | None = None


class QueueQuery(PageQuery):
    """Callers wait, and callbacks that are due; by default the callers."""

    kind: Literal["call", "callback", "all"] = "call"
    line: Word | None = None
    skill: Word | None = None


class QueueItem(Shape):
    """Somebody in line; `position` counts from 1 among all who want the same skill, callbacks too."""

    id: UUID
    kind: str
    subject: UUID
    call: UUID | None
    from_: Annotated[str | None, Field(alias="from")]
    line: str
    skill: str
    language: str
    priority: int
    position: int
    since: datetime
    wait_seconds: float
    state: str


@api.get("/agents", role="agent")
def agents(asked: Asked, query: AgentQuery) -> Page[AgentItem]:
    """List who is here with what he does, by key; an agent sees himself."""
    wanted = AgentFilter(
        agent_id=None if asked.who.may("supervisor") else asked.who.agent_id,
        active=query.active,
        state=query.state,
        branch=query.branch,
        skill_id=skill_named(asked.session, query.skill).id if query.skill else None,
    )
    rows = list_agents(asked.session, wanted, AGENTS.after(asked, query), query.limit + 1)
    shown, following = AGENTS.cut(asked, query, rows, lambda row: (row.Agent.key,))
    return Page[AgentItem](items=_agents(asked, shown), next=following)


@api.get("/agents/{id}", role="agent")
def agent(asked: Asked) -> AgentItem:
    """Read one agent, by key or id; an agent reads himself."""
    return _agent_item(asked, _mine(asked, asked.path["id"]))


@api.post("/agents/{id}/state", role="agent")
def set_state(asked: Asked, body: AgentStateChange) -> AgentItem:
    """Set what an agent does; while a phone rings or a call goes on it comes true afterwards."""
    agent_id = _mine(asked, asked.path["id"])
    set_agent_state(asked.session, agent_id, body.state, body.reason, asked.at, asked.who.actor)
    asked.session.flush()
    return _agent_item(asked, agent_id)


@api.get("/offers", role="agent")
def offers(asked: Asked, query: OfferQuery) -> Page[OfferItem]:
    """List live offers, the oldest first: an agent's own, or for supervisors everybody's."""
    named = agent_named(asked.session, query.agent).id if query.agent else None
    if not asked.who.may("supervisor"):
        if named not in (None, asked.who.agent_id):
            raise Forbidden("An agent reads and changes only himself.")
        named = asked.who.agent_id
    line_id = line_named(asked.session, query.line).id if query.line else None
    wanted = OfferFilter(agent_id=named, line_id=line_id, state=query.state, kind=query.kind)
    rows = live_offers(asked.session, wanted, OFFERS.after(asked, query), query.limit + 1)
    shown, following = OFFERS.cut(asked, query, rows, lambda row: (row.Offer.made_at, row.Offer.id))
    return Page[OfferItem](items=[_offer(asked, row) for row in shown], next=following)


@api.post("/offers/{id}/accept", role="agent")
def accept(asked: Asked) -> OfferItem:
    """Take the call; 409 when the caller has gone, chose otherwise, or the time was up."""
    offer_id = _my_offer(asked)
    if not switchboard.accept_by_click(asked.session, offer_id, asked.at):
        raise Conflict("This offer is over.")
    return _read_offer(asked, offer_id)


@api.post("/offers/{id}/decline", role="agent")
def decline(asked: Asked) -> OfferItem:
    """Let the next agent have it; 409 when it is over already."""
    offer_id = _my_offer(asked)
    if not switchboard.decline_offer(asked.session, offer_id, asked.at):
        raise Conflict("This offer is over.")
    return _read_offer(asked, offer_id)


@api.get("/queue", role="agent")
def queue(asked: Asked, query: QueueQuery) -> Page[QueueItem]:
    """List who waits now, in the order of service; agents see numbers masked."""
    wanted = QueueFilter(
        kind=None if query.kind == "all" else query.kind,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        skill_id=skill_named(asked.session, query.skill).id if query.skill else None,
    )
    rows = waiting(asked.session, wanted, QUEUE.after(asked, query), query.limit + 1)
    shown, following = QUEUE.cut(
        asked, query, rows, lambda row: (-row.Wait.priority, row.Wait.entered_at, row.Wait.id)
    )
    return Page[QueueItem](items=[_in_line(asked, row) for row in shown], next=following)


def _mine(asked: Asked, name: str) -> UUID:
    """Return the agent's id; raise Missing, or Forbidden where an agent names another."""
    found = agent_by_key(asked.session, name)
    if found is None:
        found = asked.session.get(Agent, uuid_of("agent", name))
    if found is None:
        raise Missing("agent", "with this key or id")
    if not asked.who.may("supervisor") and found.id != asked.who.agent_id:
        raise Forbidden("An agent reads and changes only himself.")
    return found.id


def _agent_item(asked: Asked, agent_id: UUID) -> AgentItem:
    return _agents(asked, [find_agent(asked.session, agent_id)])[0]


def _agents(asked: Asked, rows: Sequence[AgentRow]) -> list[AgentItem]:
    skills = skills_by_agent(asked.session, [row.Agent.id for row in rows])
    return [_agent(row, skills.get(row.Agent.id, {})) for row in rows]


def _agent(row: Any, skills: dict[str, int]) -> AgentItem:
    state = row.AgentState
    doing = {
        "state": state.state if state else "offline", "reason": state and state.reason,
        "since": state and state.since, "until": state and state.until, "line": row.line, "call": row.call_id,
        "branch": row.branch, "skills": skills,
    }  # fmt: skip
    columns = {name: getattr(row.Agent, name) for name in AgentItem.model_fields if name not in doing}
    return AgentItem(**columns, **doing)


def _my_offer(asked: Asked) -> UUID:
    """Return the offer's id; only its agent answers for himself, and an administrator for anybody."""
    row = find_offer(asked.session, uuid_of("offer", asked.path["id"]))
    if row is None:
        raise Missing("offer", "with this id")
    if not asked.who.may("admin") and row.Offer.agent_id != asked.who.agent_id:
        raise Forbidden("Only the agent who is offered a call takes or declines it.")
    offer_id: UUID = row.Offer.id
    return offer_id


def _read_offer(asked: Asked, offer_id: UUID) -> OfferItem:
    asked.session.flush()
    row = find_offer(asked.session, offer_id)
    if row is None:
        raise Missing("offer", "with this id")
    return _offer(asked, row)


def _candidates(asked: Asked, row: OfferRow) -> list[Candidate]:
    """Return who may be calling, where the number names nobody for certain."""
    call = asked.session.get(Call, row.Offer.call_id) if row.Offer.call_id else None
    return customer_of(recognised_on(asked.session, call)).candidates if call else []


def _offer(asked: Asked, row: OfferRow) -> OfferItem:
    named = {
        "agent": row.agent, "kind": row.Wait.subject_kind, "line": row.line, "skill": row.skill,
        "language": row.Wait.language, "call": row.Offer.call_id, "customer": row.customer,
        "from_": row.from_number or row.callback_number, "waiting_since": row.Wait.entered_at,
        "candidates": _candidates(asked, row),
    }  # fmt: skip
    columns = {name: getattr(row.Offer, name) for name in OfferItem.model_fields if name not in named}
    return OfferItem(**columns, **named)


def _in_line(asked: Asked, row: WaitRow) -> QueueItem:
    wait = row.Wait
    return QueueItem(
        id=wait.id, kind=wait.subject_kind, subject=wait.subject_id, call=wait.call_id,
        from_=row.number if asked.who.may("supervisor") else masked(row.number), line=row.line,
        skill=row.skill, language=wait.language, priority=wait.priority, position=row.position,
        since=wait.entered_at, wait_seconds=max(0.0, (asked.at - wait.entered_at).total_seconds()),
        state=wait.state,
    )  # fmt: skip

"""What the desks hold, for lists: tickets, callbacks, agents, live offers, the queue; names beside ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter.audit.queries import Place
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.customers.models import Customer
from callcenter.lines.models import Line
from callcenter.organisation.models import Branch, Skill
from callcenter.promises.models import Promise
from callcenter.promises.queries import about_ticket
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.routing.queries import OFFER_IS_LIVE
from callcenter.staff.models import Agent, AgentSkill
from callcenter.tickets.models import Ticket, TicketWords
from callcenter.tickets.queries import FIRST_OWNER

TicketRow = sa.Row[Ticket, TicketWords, str, str, str | None, str | None]
CallbackRow = sa.Row[Callback, str, str, str, str, str, UUID]
AgentRow = sa.Row[Agent, AgentState, str, str, UUID | None]
OfferRow = sa.Row[Offer, Wait, str, str, str, str | None, str, str]
WaitRow = sa.Row[Wait, int, str, str, str]


@dataclass(frozen=True)
class TicketFilter:
    """Which tickets; None asks nothing. `since` is in, `until` is out; `search` is a number or words.

    `unowned` are those that nobody has taken, `live` those that are neither solved nor closed.
    """

    state: str | None = None
    kind: str | None = None
    line_id: UUID | None = None
    owner_id: UUID | None = None
    customer_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None
    unowned: bool = False
    live: bool = False


@dataclass(frozen=True)
class CallbackFilter:
    """Which callbacks; None asks nothing. `due_after` is in, `due_before` is out."""

    state: str | None = None
    line_id: UUID | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True)
class AgentFilter:
    """Which agents; None asks nothing."""

    agent_id: UUID | None = None
    active: bool | None = None
    state: str | None = None
    branch: str | None = None
    skill_id: UUID | None = None


@dataclass(frozen=True)
class OfferFilter:
    """Which live offers; None asks nothing."""

    agent_id: UUID | None = None
    line_id: UUID | None = None
    state: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class QueueFilter:
    """Whose waiting; None asks nothing."""

    kind: str | None = None
    line_id: UUID | None = None
    skill_id: UUID | None = None


_FIRST = aliased(Agent)
_TICKETS = (
    sa.select(
        Ticket,
        TicketWords,
        Line.key.label("line"),
        Agent.key.label("owner"),
        Call.sid.label("call_sid"),
        _FIRST.key.label("first_owner"),
    )
    .join(TicketWords, TicketWords.ticket_id == Ticket.id)
    .outerjoin(Line, Line.id == Ticket.line_id)
    .outerjoin(Agent, Agent.id == Ticket.owner_agent_id)
    .outerjoin(Call, Call.id == Ticket.call_id)
    .outerjoin(_FIRST, _FIRST.id == sa.func.coalesce(*FIRST_OWNER))
)
_CALLBACKS = (
    sa.select(
        Callback,
        Line.key.label("line"),
        Skill.key.label("skill"),
        Ticket.number.label("ticket"),
        Promise.state.label("promise"),
        Promise.rule.label("rule"),
        Promise.id.label("promise_id"),
    )
    .join(Line, Line.id == Callback.line_id)
    .join(Skill, Skill.id == Callback.skill_id)
    .outerjoin(Ticket, Ticket.id == Callback.ticket_id)
    .outerjoin(Promise, sa.and_(Promise.subject_kind == "callback", Promise.subject_id == Callback.id))
)
_AGENTS = (
    sa.select(
        Agent,
        AgentState,
        Branch.key.label("branch"),
        Line.key.label("line"),
        Offer.call_id.label("call_id"),
    )
    .join(Branch, Branch.id == Agent.branch_id)
    .outerjoin(AgentState, AgentState.agent_id == Agent.id)
    .outerjoin(Offer, sa.and_(Offer.agent_id == Agent.id, OFFER_IS_LIVE))
    .outerjoin(Line, Line.id == Offer.line_id)
)
_OFFERS = (
    sa.select(
        Offer,
        Wait,
        Agent.key.label("agent"),
        Line.key.label("line"),
        Skill.key.label("skill"),
        Customer.name.label("customer"),
        sa.func.coalesce(Call.from_number, Call.from_raw).label("from_number"),
        Callback.number.label("callback_number"),
    )
    .join(Wait, Wait.id == Offer.wait_id)
    .join(Agent, Agent.id == Offer.agent_id)
    .join(Line, Line.id == Offer.line_id)
    .join(Skill, Skill.id == Wait.skill_id)
    .outerjoin(Call, sa.and_(Call.id == Wait.subject_id, Wait.subject_kind == "call"))
    .outerjoin(Callback, sa.and_(Callback.id == Wait.subject_id, Wait.subject_kind == "callback"))
    .outerjoin(Customer, Customer.id == sa.func.coalesce(Call.customer_id, Callback.customer_id))
)
_SERVICE = (-Wait.priority, Wait.entered_at, Wait.id)
"""The order of service; a place in line is counted among all who want the same skill, callbacks too."""
_PLACES = (
    sa.select(
        Wait.id,
        sa.func.row_number().over(partition_by=Wait.skill_id, order_by=_SERVICE).label("position"),
    )
    .where(Wait.state.in_(("waiting", "offered")))
    .subquery()
)
_QUEUE = (
    sa.select(
        Wait,
        _PLACES.c.position,
        Line.key.label("line"),
        Skill.key.label("skill"),
        sa.func.coalesce(Call.from_number, Call.from_raw, Callback.number).label("number"),
    )
    .join(_PLACES, _PLACES.c.id == Wait.id)
    .join(Line, Line.id == Wait.line_id)
    .join(Skill, Skill.id == Wait.skill_id)
    .outerjoin(Call, sa.and_(Call.id == Wait.subject_id, Wait.subject_kind == "call"))
    .outerjoin(Callback, sa.and_(Callback.id == Wait.subject_id, Wait.subject_kind == "callback"))
    .order_by(*_SERVICE)
)


def list_tickets(
    session: Session, wanted: TicketFilter, after: Place | None, limit: int
) -> Sequence[TicketRow]:
    """Return tickets, the newest first: Ticket, TicketWords, line, owner, call_sid."""
    conditions = _ticket_conditions(wanted)
    if after is not None:
        conditions.append(sa.tuple_(Ticket.created_at, Ticket.id) < after)
    order = (Ticket.created_at.desc(), Ticket.id.desc())
    return session.execute(_TICKETS.where(*conditions).order_by(*order).limit(limit)).all()


def count_tickets(session: Session, wanted: TicketFilter) -> int:
    """Count tickets, for a tab."""
    counted = sa.select(sa.func.count(Ticket.id)).join(TicketWords, TicketWords.ticket_id == Ticket.id)
    return session.scalar(counted.where(*_ticket_conditions(wanted))) or 0


def _ticket_conditions(wanted: TicketFilter) -> list[sa.ColumnElement[bool]]:
    exact = (
        (Ticket.state, wanted.state),
        (Ticket.kind, wanted.kind),
        (Ticket.line_id, wanted.line_id),
        (Ticket.owner_agent_id, wanted.owner_id),
        (Ticket.customer_id, wanted.customer_id),
    )
    return [
        *(column == value for column, value in exact if value is not None),
        *_between(Ticket.created_at, wanted.since, wanted.until),
        *([_said(wanted.search)] if wanted.search is not None else []),
        *([Ticket.owner_agent_id.is_(None)] if wanted.unowned else []),
        *([Ticket.state.in_(("new", "open"))] if wanted.live else []),
    ]


def _said(text: str) -> sa.ColumnElement[bool]:
    words = (TicketWords.subject, TicketWords.problem, TicketWords.solution)
    return sa.or_(Ticket.number == text, *(column.icontains(text, autoescape=True) for column in words))


def _between(column: Any, since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [
        *([column >= since] if since is not None else []),
        *([column < until] if until is not None else []),
    ]


def find_ticket(session: Session, number: str) -> TicketRow | None:
    """Return one ticket by its readable number."""
    return session.execute(_TICKETS.where(Ticket.number == number)).first()


def promises_about(session: Session, ticket_id: UUID) -> Sequence[Promise]:
    """Return what was promised about a ticket, callbacks too, the first due first."""
    about = sa.select(Promise).where(about_ticket(ticket_id))
    return session.scalars(about.order_by(Promise.due_at, Promise.rule)).all()


def list_callbacks(
    session: Session, wanted: CallbackFilter, after: Place | None, limit: int
) -> Sequence[CallbackRow]:
    """Return callbacks, the first due first: Callback, line, skill, ticket, promise."""
    exact = ((Callback.state, wanted.state), (Callback.line_id, wanted.line_id))
    conditions = [column == value for column, value in exact if value is not None]
    conditions += _between(Callback.due_at, wanted.due_after, wanted.due_before)
    if after is not None:
        conditions.append(sa.tuple_(Callback.due_at, Callback.id) > after)
    order = (Callback.due_at, Callback.id)
    return session.execute(_CALLBACKS.where(*conditions).order_by(*order).limit(limit)).all()


def find_callback(session: Session, callback_id: UUID) -> CallbackRow | None:
    """Return one callback."""
    return session.execute(_CALLBACKS.where(Callback.id == callback_id)).first()


def list_agents(
    session: Session, wanted: AgentFilter, after: tuple[str] | None, limit: int
) -> Sequence[AgentRow]:
    """Return who is here, by key: Agent, AgentState, branch, line and call of a live offer."""
    state = sa.func.coalesce(AgentState.state, "offline")
    exact = (
        (Agent.id, wanted.agent_id),
        (Agent.active, wanted.active),
        (state, wanted.state),
        (Branch.key, wanted.branch),
    )
    conditions = [column == value for column, value in exact if value is not None]
    if wanted.skill_id is not None:
        has = sa.select(AgentSkill.agent_id).where(AgentSkill.skill_id == wanted.skill_id)
        conditions.append(Agent.id.in_(has))
    if after is not None:
        conditions.append(Agent.key > after[0])
    return session.execute(_AGENTS.where(*conditions).order_by(Agent.key).limit(limit)).all()


def find_agent(session: Session, agent_id: UUID) -> AgentRow:
    """Return one agent, those who left too."""
    return session.execute(_AGENTS.where(Agent.id == agent_id)).one()


def live_offers(session: Session, wanted: OfferFilter, after: Place | None, limit: int) -> Sequence[OfferRow]:
    """Return what rings, was accepted or talks, the oldest first; the numbers are whole."""
    exact = (
        (Offer.agent_id, wanted.agent_id),
        (Offer.line_id, wanted.line_id),
        (Offer.state, wanted.state),
        (Wait.subject_kind, wanted.kind),
    )
    conditions = [column == value for column, value in exact if value is not None]
    if after is not None:
        conditions.append(sa.tuple_(Offer.made_at, Offer.id) > after)
    order = (Offer.made_at, Offer.id)
    return session.execute(_OFFERS.where(OFFER_IS_LIVE, *conditions).order_by(*order).limit(limit)).all()


def find_offer(session: Session, offer_id: UUID) -> OfferRow | None:
    """Return one offer, live or over."""
    return session.execute(_OFFERS.where(Offer.id == offer_id)).first()


def waiting(
    session: Session, wanted: QueueFilter, after: tuple[int, datetime, UUID] | None, limit: int
) -> Sequence[WaitRow]:
    """Return who waits in the order of service: Wait, position, line, skill, number.

    `after` is the last one's negative priority, entry and id.
    """
    exact = (
        (Wait.subject_kind, wanted.kind),
        (Wait.line_id, wanted.line_id),
        (Wait.skill_id, wanted.skill_id),
    )
    conditions = [column == value for column, value in exact if value is not None]
    if after is not None:
        conditions.append(sa.tuple_(*_SERVICE) > after)
    return session.execute(_QUEUE.where(*conditions).limit(limit)).all()

"""One call's whole story: legs, what was heard and said, offers and rings, orders, promises, recordings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.audit.recognised import Recognised, recognised_on
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Recording
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.promises.models import Promise
from callcenter.routing.models import Offer
from callcenter.staff.models import Agent
from callcenter.standards.models import RingMeasure
from callcenter.tickets.models import Ticket


@dataclass(frozen=True)
class Story:
    """Everything that belongs to one call, each list oldest first; `agents` names the agents by id."""

    legs: Sequence[Leg]
    events: Sequence[tuple[CallEvent, CallWords | None]]
    offers: Sequence[tuple[Offer, RingMeasure | None]]
    attempts: Sequence[Attempt]
    orders: Sequence[CarrierOrder]
    tickets: Sequence[Ticket]
    promises: Sequence[Promise]
    recordings: Sequence[Recording]
    callbacks: Sequence[Callback]
    recognised: Recognised
    agents: dict[UUID, str]


_CALL: sa.BindParameter[Any] = sa.bindparam("call")
_SIDS: sa.BindParameter[Any] = sa.bindparam("sids", expanding=True)
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
# The legs bound to the call, and those of agents whom it was offered to.
_LEGS = (
    sa.select(Leg).where(sa.or_(Leg.call_id == _CALL, Leg.sid.in_(_SIDS))).order_by(Leg.created_at, Leg.id)
)
_EVENTS = (
    sa.select(CallEvent, CallWords)
    .outerjoin(CallWords, CallWords.event_id == CallEvent.id)
    .where(sa.or_(CallEvent.call_id == _CALL, CallEvent.leg_sid.in_(_SIDS)))
    .order_by(CallEvent.at, CallEvent.id)
)
_OFFERS = (
    sa.select(Offer, RingMeasure)
    .outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
    .where(Offer.call_id == _CALL)
    .order_by(Offer.made_at, Offer.id)
)
_TICKETS = (
    sa.select(Ticket)
    .where(sa.or_(Ticket.call_id == _CALL, Ticket.id == sa.bindparam("ticket")))
    .order_by(Ticket.id)
)
_CALLBACKS = (
    sa.select(Callback)
    .where(
        sa.or_(
            Callback.origin_call_id == _CALL,
            Callback.call_id == _CALL,
            Callback.id == sa.bindparam("callback"),
        )
    )
    .order_by(Callback.id)
)
# Ids are unique over all tables: what is named by one needs no kind beside it, but each kind its index.
_ATTEMPTS = (
    sa.select(Attempt)
    .where(Attempt.purpose_kind.in_(("offer", "callback")), Attempt.purpose_id.in_(_IDS))
    .order_by(Attempt.id)
)
_PROMISES = (
    sa.select(Promise)
    .where(
        sa.or_(
            sa.and_(Promise.subject_kind.in_(("ticket", "callback")), Promise.subject_id.in_(_IDS)),
            Promise.ticket_id.in_(_IDS),
        )
    )
    .order_by(Promise.id)
)
_ORDERS = (
    sa.select(CarrierOrder)
    .where(CarrierOrder.sid.in_(_SIDS))
    .order_by(CarrierOrder.created_at, CarrierOrder.id)
)
_RECORDINGS = sa.select(Recording).where(Recording.call_id == _CALL).order_by(Recording.created_at)
_AGENTS = sa.select(Agent.id, Agent.key).where(Agent.id.in_(_IDS))


def story_of(session: Session, call: Call) -> Story:
    """Read a call's story; a callback's promise and attempts belong to the call that asked for it as well."""
    about = {"call": call.id}
    offers = [(offer, ring) for offer, ring in session.execute(_OFFERS, about)]
    offered = [offer.leg_sid for offer, _ in offers if offer.leg_sid is not None]
    legs = session.scalars(_LEGS, about | {"sids": offered}).all()
    sids = {"sids": [leg.sid for leg in legs]}
    tickets = session.scalars(_TICKETS, about | {"ticket": call.ticket_id}).all()
    callbacks = session.scalars(_CALLBACKS, about | {"callback": call.callback_id}).all()
    agent_ids = {leg.agent_id for leg in legs} | {offer.agent_id for offer, _ in offers}
    return Story(
        legs=legs,
        events=[(event, words) for event, words in session.execute(_EVENTS, about | sids)],
        offers=offers,
        attempts=_named(session, _ATTEMPTS, [offer for offer, _ in offers], callbacks),
        orders=session.scalars(_ORDERS, sids).all(),
        tickets=tickets,
        promises=_named(session, _PROMISES, tickets, callbacks),
        recordings=session.scalars(_RECORDINGS, about).all(),
        callbacks=callbacks,
        recognised=recognised_on(session, call),
        agents=dict(session.execute(_AGENTS, {"ids": list(agent_ids - {None})}).all()),
    )


def _named(session: Session, statement: "sa.Select[Any]", *subjects: Sequence[Any]) -> Sequence[Any]:
    """Return the rows about any of these subjects, whose ids they name without a foreign key."""
    ids = [each.id for some in subjects for each in some]
    return session.scalars(statement, {"ids": ids}).all() if ids else []

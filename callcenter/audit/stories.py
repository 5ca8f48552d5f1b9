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


def story_of(session: Session, call: Call) -> Story:
    """Read a call's story; a callback's promise and attempts belong to the call that asked for it as well."""
    offers = _offers(session, call)
    legs = _legs(session, call, [offer.leg_sid for offer, _ in offers])
    mine = sa.or_(Ticket.call_id == call.id, Ticket.id == call.ticket_id)
    tickets = session.scalars(sa.select(Ticket).where(mine).order_by(Ticket.id)).all()
    callbacks = _callbacks(session, call)
    subjects = [("offer", offer.id) for offer, _ in offers] + [("callback", each.id) for each in callbacks]
    owed = [("ticket", each.id) for each in tickets] + [("callback", each.id) for each in callbacks]
    agent_ids = {leg.agent_id for leg in legs} | {offer.agent_id for offer, _ in offers}
    return Story(
        legs=legs,
        events=_events(session, call, [leg.sid for leg in legs]),
        offers=offers,
        attempts=_about(session, Attempt, Attempt.purpose_kind, Attempt.purpose_id, subjects),
        orders=_orders(session, [leg.sid for leg in legs]),
        tickets=tickets,
        promises=_about(session, Promise, Promise.subject_kind, Promise.subject_id, owed),
        recordings=_recordings(session, call),
        callbacks=callbacks,
        recognised=recognised_on(session, call),
        agents=_agents(session, agent_ids),
    )


def _legs(session: Session, call: Call, offered: Sequence[str | None]) -> Sequence[Leg]:
    """Return the legs bound to the call, and those of agents whom it was offered to."""
    sids = [sid for sid in offered if sid is not None]
    statement = sa.select(Leg).where(sa.or_(Leg.call_id == call.id, Leg.sid.in_(sids)))
    return session.scalars(statement.order_by(Leg.created_at, Leg.id)).all()


def _events(
    session: Session, call: Call, sids: Sequence[str]
) -> Sequence[tuple[CallEvent, CallWords | None]]:
    statement = (
        sa.select(CallEvent, CallWords)
        .outerjoin(CallWords, CallWords.event_id == CallEvent.id)
        .where(sa.or_(CallEvent.call_id == call.id, CallEvent.leg_sid.in_(sids)))
        .order_by(CallEvent.at, CallEvent.id)
    )
    return [(event, words) for event, words in session.execute(statement)]


def _offers(session: Session, call: Call) -> Sequence[tuple[Offer, RingMeasure | None]]:
    statement = (
        sa.select(Offer, RingMeasure)
        .outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
        .where(Offer.call_id == call.id)
        .order_by(Offer.made_at, Offer.id)
    )
    return [(offer, measure) for offer, measure in session.execute(statement)]


def _callbacks(session: Session, call: Call) -> Sequence[Callback]:
    statement = sa.select(Callback).where(
        sa.or_(
            Callback.origin_call_id == call.id,
            Callback.call_id == call.id,
            Callback.id == call.callback_id,
        )
    )
    return session.scalars(statement.order_by(Callback.id)).all()


def _about(
    session: Session, table: Any, kind: Any, subject: Any, subjects: Sequence[tuple[str, UUID]]
) -> Sequence[Any]:
    """Return the rows about any of these subjects; what points without a foreign key names its kind."""
    if not subjects:
        return []
    conditions = [sa.and_(kind == name, subject == row_id) for name, row_id in subjects]
    return session.scalars(sa.select(table).where(sa.or_(*conditions)).order_by(table.id)).all()


def _orders(session: Session, sids: Sequence[str]) -> Sequence[CarrierOrder]:
    statement = sa.select(CarrierOrder).where(CarrierOrder.sid.in_(sids))
    return session.scalars(statement.order_by(CarrierOrder.created_at, CarrierOrder.id)).all()


def _recordings(session: Session, call: Call) -> Sequence[Recording]:
    statement = sa.select(Recording).where(Recording.call_id == call.id)
    return session.scalars(statement.order_by(Recording.created_at)).all()


def _agents(session: Session, agent_ids: set[UUID | None]) -> dict[UUID, str]:
    statement = sa.select(Agent.id, Agent.key).where(Agent.id.in_(agent_ids - {None}))
    return dict(session.execute(statement).all())

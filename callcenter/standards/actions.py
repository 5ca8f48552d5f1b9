"""Measure the rings of offers, as often as their stamps change."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.models import Calendar
from callcenter.calls.models import Call, Leg
from callcenter.db import upsert
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.lines.rules import PROFILE_VERSION, cadence
from callcenter.notices.actions import announce
from callcenter.routing.models import Offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.rules import LegStamps, RingFacts, fate_of, measure_ring

_OFFER = (
    sa.select(Offer, Line.cadence_country, Line.rings_target, Calendar.timezone, Call.day)
    .join(Line, Line.id == Offer.line_id)
    .join(Calendar, Calendar.id == Line.calendar_id)
    .outerjoin(Call, Call.id == Offer.call_id)
    .where(Offer.id == sa.bindparam("id"))
    .with_for_update(of=Offer, key_share=True)
)
_LEG = sa.select(Leg).where(Leg.sid == sa.bindparam("sid"))
_LEG_OF_ATTEMPT = (
    sa.select(Leg)
    .join(Attempt, Attempt.id == Leg.attempt_id)
    .where(Attempt.purpose_kind == "offer", Attempt.purpose_id == sa.bindparam("offer_id"))
    .order_by(Leg.created_at)
    .limit(1)
)


def measure_offer(session: Session, offer_id: UUID, at: datetime) -> RingFacts | None:
    """Measure an offer that was accepted or has ended, anew from the stamps its leg has now.

    None while it still rings, or when there is no such offer. Doing it again changes nothing unless a
    stamp has arrived meanwhile; the offer is locked, so that whoever measures last has read last.
    """
    row = session.execute(_OFFER, {"id": offer_id}).first()
    if row is None or row.Offer.state == "ringing":
        return None
    leg = _leg_of(session, row.Offer)
    profile = cadence(row.cadence_country)
    facts = _judge(row.Offer, leg, profile.cycle_seconds, row.rings_target)
    _keep(session, row, leg, facts, cycle=profile.cycle_seconds)
    if row.Offer.call_id is not None:
        announce(session, "call", row.Offer.call_id, at)
    return facts


def _leg_of(session: Session, offer: Offer) -> Leg | None:
    """Find the leg by its SID, or by its attempt when `ringing`, which names it, never came."""
    if offer.leg_sid is not None:
        return session.scalars(_LEG, {"sid": offer.leg_sid}).first()
    return session.scalars(_LEG_OF_ATTEMPT, {"offer_id": offer.id}).first()


def _judge(offer: Offer, leg: Leg | None, cycle: float, limit_rings: int) -> RingFacts:
    stamps = (
        LegStamps(leg.initiated_at, leg.ringing_at, leg.answered_at, leg.ended_at, leg.state)
        if leg
        else LegStamps()
    )
    fate = fate_of(offer.state, offer.accepted_at is not None, stamps)
    return measure_ring(fate, stamps, cycle_seconds=cycle, limit_rings=limit_rings)


def _keep(session: Session, row: Any, leg: Leg | None, facts: RingFacts, *, cycle: float) -> None:
    offer: Offer = row.Offer
    began = (leg and leg.ringing_at) or offer.made_at
    measure = {
        "leg_id": leg.id if leg else None, "call_id": offer.call_id, "line_id": offer.line_id,
        "agent_id": offer.agent_id, "day": row.day or offer.made_at.astimezone(ZoneInfo(row.timezone)).date(),
        "at": began, "profile": row.cadence_country, "profile_version": PROFILE_VERSION,
        "cycle_seconds": cycle, "limit_rings": row.rings_target, "source": facts.source,
        "verdict": facts.verdict, "ring_seconds": facts.seconds, "rings": facts.rings,
        "judged": facts.judged, "within": facts.within, "borderline": facts.borderline,
    }  # fmt: skip
    session.execute(
        upsert(session, RingMeasure)
        .values(id=ids.new(), offer_id=offer.id, **measure)
        .on_conflict_do_update(index_elements=[RingMeasure.offer_id], set_=measure)
    )

"""The facts behind the figures, of a period, a line, an agent.

A call and its legs belong to the day on which the call began in the line's zone; a promise to its due time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.routing.models import Offer
from callcenter.routing.rules import OFFER_ENDS
from callcenter.standards.figures import (
    Figure,
    Owed,
    Queued,
    Rings,
    callback_figures,
    queue_figures,
    ring_figures,
    speed_figures,
)
from callcenter.standards.models import RingMeasure

# Days are counted in zones from UTC-12 to UTC+14; the index is on the instant.
ZONES_APART = timedelta(hours=15)
MOST_DIFFERENCES = 100
ARRIVED = "arrived"
# An offer that is accepted or over is measured by its own bell, which needs a moment; if that was lost, the
# clock looks back so far. Its timer ran out, or would have, soon after: `ring_until` has the index.
MEASURABLE = ("accepted", "joined", *OFFER_ENDS)
BELL_TAKES = timedelta(seconds=5)
LOOKS_BACK = timedelta(hours=12)
MOST_UNMEASURED = 200
Conditions = list[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Scope:
    """What is counted: calls of the days first to last (both in), of one line or agent where given.

    `since` (in) and `until` (out) narrow it to instants. `zone` bounds what has no day of its own.
    """

    first: date
    last: date
    zone: ZoneInfo
    line_id: UUID | None = None
    agent_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def begins(self) -> datetime:
        """Return the first instant, in the scope's zone."""
        return self.since or datetime.combine(self.first, datetime.min.time(), self.zone)

    def ends(self) -> datetime:
        """Return the instant at which it is over."""
        return self.until or datetime.combine(self.last, datetime.min.time(), self.zone) + timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """Received calls of the event log against outcomes of calls; `differences` are SIDs in one only."""

    received: int
    counted: int
    outcomes: dict[str, int]
    differences: list[str]

    @property
    def agrees(self) -> bool:
        """Whether both sides have the same calls."""
        return not self.differences and self.received == self.counted


def figures(session: Session, scope: Scope, at: datetime) -> list[Figure]:
    """Return every figure of a scope; for one agent only those that mean something for one agent."""
    calls = queued_calls(session, scope)
    rings = ring_figures(_rings(session, scope), _first_offers(session, scope))
    speed = speed_figures(calls, _ring_seconds(session, scope))
    if scope.agent_id is not None:
        return [*rings, *speed]
    return [*rings, *queue_figures(calls, at), *speed, *callback_figures(_owed(session, scope), at)]


def calls_in(scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a call belongs to the scope."""
    conditions = [
        Call.day.between(scope.first, scope.last),
        Call.started_at >= scope.begins() - ZONES_APART,
        Call.started_at < scope.ends() + ZONES_APART,
    ]
    return [*conditions, *_narrowed(scope, Call.started_at, Call.line_id, Call.agent_id)]


def _narrowed(scope: Scope, instant: Any, line: Any, agent: Any) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if scope.since is not None:
        conditions.append(instant >= scope.since)
    if scope.until is not None:
        conditions.append(instant < scope.until)
    if scope.line_id is not None:
        conditions.append(line == scope.line_id)
    if scope.agent_id is not None:
        conditions.append(agent == scope.agent_id)
    return conditions


def queued_calls(session: Session, scope: Scope) -> list[Queued]:
    """Return the inbound calls that entered the queue."""
    statement = (
        sa.select(
            Call.outcome, Call.queued_at, Call.left_queue_at, Call.joined_at, Line.service_level_seconds
        )
        .join(Line, Line.id == Call.line_id)
        .where(Call.direction == "inbound", Call.queued_at.is_not(None), *calls_in(scope))
    )
    return [
        Queued(outcome, queued, left, joined, limit)
        for outcome, queued, left, joined, limit in session.execute(statement)
        if queued is not None
    ]


def _measures_in(scope: Scope) -> list[sa.ColumnElement[bool]]:
    instant = sa.func.coalesce(Call.started_at, RingMeasure.at)
    return [
        RingMeasure.day.between(scope.first, scope.last),
        *_narrowed(scope, instant, RingMeasure.line_id, RingMeasure.agent_id),
    ]


_KIND = (
    RingMeasure.source,
    RingMeasure.verdict,
    RingMeasure.judged,
    RingMeasure.within,
    RingMeasure.borderline,
)


def _rings(session: Session, scope: Scope) -> list[Rings]:
    statement = (
        sa.select(*_KIND, sa.func.count())
        .outerjoin(Call, Call.id == RingMeasure.call_id)
        .where(*_measures_in(scope))
        .group_by(*_KIND)
    )
    return [Rings(*row) for row in session.execute(statement)]


def is_first_offer() -> sa.ColumnElement[bool]:
    """Say that an Offer is the first one of its call: there is no earlier one."""
    earlier = aliased(Offer)
    before = sa.or_(
        earlier.made_at < Offer.made_at,
        sa.and_(earlier.made_at == Offer.made_at, earlier.id < Offer.id),
    )
    return ~sa.exists().where(earlier.call_id == Offer.call_id, before)


def _first_offers(session: Session, scope: Scope) -> list[Rings]:
    statement = (
        sa.select(*_KIND, sa.func.count())
        .join(Offer, Offer.id == RingMeasure.offer_id)
        .join(Call, Call.id == RingMeasure.call_id)
        .where(*_measures_in(scope), is_first_offer())
        .group_by(*_KIND)
    )
    return [Rings(*row) for row in session.execute(statement)]


def _ring_seconds(session: Session, scope: Scope) -> Sequence[float]:
    """Return the measured ring of the accepted leg of each answered call that had queued."""
    statement = (
        sa.select(RingMeasure.ring_seconds)
        .join(Call, Call.id == RingMeasure.call_id)
        .where(
            Call.direction == "inbound",
            Call.queued_at.is_not(None),
            Call.outcome == "answered",
            RingMeasure.judged,
            RingMeasure.verdict == "accepted",
            *calls_in(scope),
        )
    )
    return [seconds for seconds in session.scalars(statement) if seconds is not None]


def _owed(session: Session, scope: Scope) -> list[Owed]:
    tried = (
        sa.select(sa.func.min(Attempt.sent_at))
        .where(Attempt.purpose_kind == "callback", Attempt.purpose_id == Callback.id)
        .where(Attempt.state != "not_placed")
        .scalar_subquery()
    )
    statement = (
        sa.select(Promise.state, Promise.due_at, Promise.grace_seconds, tried)
        .join(Callback, Callback.id == Promise.subject_id)
        .where(
            Promise.rule == "HL-8",
            Promise.subject_kind == "callback",
            Promise.due_at >= scope.begins(),
            Promise.due_at < scope.ends(),
            *([Callback.line_id == scope.line_id] if scope.line_id else []),
        )
    )
    return [Owed(*row) for row in session.execute(statement)]


def identity(session: Session, scope: Scope) -> Identity:
    """Compare the SIDs that arrived with the calls that were counted, and name those in one only."""
    inbound = [Call.direction == "inbound", *calls_in(scope)]
    counted = sa.select(Call.outcome, sa.func.count()).where(*inbound).group_by(Call.outcome)
    outcomes = dict(session.execute(counted).all())
    received = session.scalar(
        sa.select(sa.func.count(CallEvent.leg_sid.distinct())).where(*_arrived(inbound))
    )
    orphans = session.scalars(_orphans(scope)).all()
    strays = session.scalars(_strays(inbound)).all()
    silent = session.scalars(_silent(inbound)).all()
    differences = sorted({str(sid) for sid in (*orphans, *strays, *silent)})
    return Identity((received or 0) + len(orphans), sum(outcomes.values()), outcomes, differences)


def _arrived(inbound: Conditions) -> Conditions:
    """Arrivals in the log, by the call that they made."""
    return [CallEvent.call_id == Call.id, CallEvent.kind == ARRIVED, *inbound]


def _silent(inbound: Conditions) -> sa.Select[str | None]:
    """Calls whose own arrival is not in the log."""
    arrival = sa.exists().where(
        CallEvent.call_id == Call.id, CallEvent.kind == ARRIVED, CallEvent.leg_sid == Call.sid
    )
    return sa.select(Call.sid).where(*inbound, ~arrival).limit(MOST_DIFFERENCES)


def _strays(inbound: Conditions) -> sa.Select[str]:
    """Arrivals that were counted under another SID's call."""
    other = sa.or_(Call.sid.is_(None), Call.sid != CallEvent.leg_sid)
    return sa.select(CallEvent.leg_sid).where(*_arrived(inbound), other).limit(MOST_DIFFERENCES)


def _orphans(scope: Scope) -> sa.Select[str]:
    """Arrivals that made no call: of no line and no agent, with no day but their own."""
    inside = [CallEvent.at >= scope.begins(), CallEvent.at < scope.ends()]
    if scope.line_id is not None or scope.agent_id is not None:
        inside = [sa.false()]
    statement = sa.select(CallEvent.leg_sid).where(
        CallEvent.call_id.is_(None), CallEvent.kind == ARRIVED, *inside
    )
    return statement.distinct().limit(MOST_DIFFERENCES)


def unmeasured_offers(session: Session, at: datetime) -> list[UUID]:
    """Return the offers of the last hours that should have been measured by now and were not."""
    statement = (
        sa.select(Offer.id)
        .outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
        .where(
            Offer.state.in_(MEASURABLE),
            Offer.ring_until > at - LOOKS_BACK,
            sa.func.coalesce(Offer.accepted_at, Offer.ended_at) < at - BELL_TAKES,
            RingMeasure.id.is_(None),
        )
        .order_by(Offer.ring_until)
        .limit(MOST_UNMEASURED)
    )
    return list(session.scalars(statement))

"""The facts behind the figures, of a period, a line, an agent.

A call and its legs belong to the day on which the call began in the line's zone; a promise to its due time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.routing.models import Offer
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


def first_offers() -> sa.Subquery:
    """Return the first offer of every call."""
    order = sa.func.row_number().over(partition_by=Offer.call_id, order_by=(Offer.made_at, Offer.id))
    ranked = (
        sa.select(Offer.id, Offer.call_id, order.label("place")).where(Offer.call_id.is_not(None)).subquery()
    )
    return sa.select(ranked.c.id, ranked.c.call_id).where(ranked.c.place == 1).subquery()


def _first_offers(session: Session, scope: Scope) -> list[Rings]:
    first = first_offers()
    statement = (
        sa.select(*_KIND, sa.func.count())
        .join(first, first.c.id == RingMeasure.offer_id)
        .join(Call, Call.id == RingMeasure.call_id)
        .where(*_measures_in(scope))
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
    counted = sa.select(Call.sid, Call.outcome).where(Call.direction == "inbound", *calls_in(scope))
    outcome_of = {str(sid): outcome for sid, outcome in session.execute(counted)}
    received = set(session.scalars(_received(scope)))
    differences = sorted(received ^ outcome_of.keys())
    outcomes = dict(Counter(outcome_of.values()))
    return Identity(len(received), len(outcome_of), outcomes, differences[:MOST_DIFFERENCES])


def _received(scope: Scope) -> sa.Select[str]:
    """The log's own SIDs: by their call's day, or by their own time where no call knows them."""
    orphaned = sa.and_(Call.id.is_(None), CallEvent.at >= scope.begins(), CallEvent.at < scope.ends())
    if scope.line_id is not None or scope.agent_id is not None:
        orphaned = sa.false()
    return (
        sa.select(CallEvent.leg_sid)
        .outerjoin(Call, Call.sid == CallEvent.leg_sid)
        .where(CallEvent.kind == "arrived", sa.or_(sa.and_(*calls_in(scope)), orphaned))
        .distinct()
    )

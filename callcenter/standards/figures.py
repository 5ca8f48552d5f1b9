"""The formulas themselves, over plain facts (numbers.md). No data is no figure: never 100 %, never 0 %."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from callcenter.standards.rules import APART, ESTIMATED, JUDGEABLE, MEASURED

ABANDONED = frozenset({"abandoned_in_queue", "abandoned_short"})
SHORT = "abandoned_short"
ANSWERED = "answered"
OPEN = "open"


@dataclass(frozen=True)
class Figure:
    """A value with what it was made of; `value` is None without data. `parts` are counts shown beside it."""

    id: str
    numerator: float | None
    denominator: float
    value: float | None
    parts: Mapping[str, float] = field(default_factory=dict)


class Rings(NamedTuple):
    """So many legs with the same source, verdict and judgement."""

    source: str
    verdict: str
    judged: bool
    within: bool | None
    borderline: bool
    legs: int


class Queued(NamedTuple):
    """A call with a queue entry; `limit` is its line's T in seconds."""

    outcome: str
    queued_at: datetime
    left_at: datetime | None
    joined_at: datetime | None
    limit: int

    @property
    def wait(self) -> float | None:
        """Seconds from the entry until both were joined, or the queue was left; None while it lasts."""
        until = self.joined_at or self.left_at
        return None if until is None else (until - self.queued_at).total_seconds()


class Owed(NamedTuple):
    """A promised callback: its state, window, and when the customer was first tried."""

    state: str
    due_at: datetime
    grace_seconds: int
    first_try_at: datetime | None


def ratio(
    name: str, numerator: float, denominator: float, parts: Mapping[str, float] | None = None
) -> Figure:
    """Return numerator / denominator, without a value when there is nothing to divide by."""
    return Figure(name, numerator, denominator, numerator / denominator if denominator else None, parts or {})


def percentile(ascending: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile: the smallest value that so many percent do not exceed."""
    if not ascending:
        return None
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]


def ring_figures(rings: Sequence[Rings], first_offers: Sequence[Rings]) -> list[Figure]:
    """Return HL-1 with what belongs beside it: coverage, borderline, estimated, and who is in no rate."""
    judged = _count(ring for ring in rings if ring.judged)
    such = [ring for ring in rings if ring.verdict in JUDGEABLE]
    estimated = [ring for ring in such if ring.source == ESTIMATED]
    return [
        _within("three_rings", rings, _apart(rings)),
        _within("three_rings.first_offer", first_offers, {}),
        ratio("three_rings.coverage", _count(r for r in such if r.source == MEASURED), _count(such)),
        ratio("three_rings.borderline", _count(r for r in rings if r.judged and r.borderline), judged),
        ratio("three_rings.estimated", _count(r for r in estimated if r.within), _count(estimated)),
    ]


def _within(name: str, rings: Iterable[Rings], parts: Mapping[str, float]) -> Figure:
    judged = [ring for ring in rings if ring.judged]
    return ratio(name, _count(ring for ring in judged if ring.within), _count(judged), parts)


def _apart(rings: Sequence[Rings]) -> dict[str, float]:
    return {verdict: _count(ring for ring in rings if ring.verdict == verdict) for verdict in APART}


def _count(rings: Iterable[Rings]) -> int:
    return sum(ring.legs for ring in rings)


def queue_figures(calls: Sequence[Queued], at: datetime) -> list[Figure]:
    """Return connection rate, abandonment and the service level's variants of the queued calls."""
    ended = [call for call in calls if call.outcome != OPEN]
    lasting = [call for call in ended if call.outcome != SHORT]
    answered = sum(call.outcome == ANSWERED for call in ended)
    abandoned = sum(call.outcome == "abandoned_in_queue" for call in ended)
    outcomes = {name: float(sum(c.outcome == name for c in calls)) for name in {c.outcome for c in calls}}
    return [
        ratio("connection_rate", answered, len(ended), outcomes),
        ratio("connection_rate.without_short", answered, len(lasting)),
        ratio("abandonment", abandoned, len(ended)),
        *_service_levels(calls, at),
        *_service_levels([call for call in calls if call.outcome != SHORT], at, ".without_short"),
    ]


def _service_levels(calls: Sequence[Queued], at: datetime, suffix: str = "") -> list[Figure]:
    """A, B: answered, abandoned within T; E: ended, or waiting longer than T. Every other exit stays in E."""
    entered = sum(call.outcome != OPEN or _overdue(call, at) for call in calls)
    soon = [call for call in calls if call.wait is not None and call.wait <= call.limit]
    answered = sum(call.outcome == ANSWERED for call in soon)
    abandoned = sum(call.outcome in ABANDONED for call in soon)
    contested = [
        ratio(f"service_level.ignore_abandons{suffix}", answered, entered - abandoned),
        ratio(f"service_level.negative{suffix}", answered, entered),
        ratio(f"service_level.positive{suffix}", answered + abandoned, entered),
    ]
    if suffix:
        return contested
    all_answered = sum(call.outcome == ANSWERED for call in calls)
    return [
        ratio("service_level.answered", answered, all_answered),
        *contested,
        ratio("service_level.left_queue", len(soon), len(calls)),
    ]


def _overdue(call: Queued, at: datetime) -> bool:
    return call.wait is None and (at - call.queued_at).total_seconds() > call.limit


def speed_figures(calls: Iterable[Queued], rings: Sequence[float]) -> list[Figure]:
    """Return the speed of answer of answered calls, zero waits counted, and the ring time inside it."""
    waits = sorted(call.wait for call in calls if call.outcome == ANSWERED and call.wait is not None)
    return [
        ratio("speed_of_answer.mean", sum(waits), len(waits)),
        *(
            Figure(f"speed_of_answer.p{percent}", None, len(waits), percentile(waits, percent))
            for percent in (50, 90, 99)
        ),
        ratio("speed_of_answer.ring_mean", sum(rings), len(rings)),
    ]


def callback_figures(promises: Iterable[Owed], at: datetime) -> list[Figure]:
    """Return the callbacks attempted and kept in time (HL-8); cancelled ones leave both bases.

    Due are those whose window is over, and those settled before.
    """
    due = [owed for owed in promises if owed.state != "cancelled" and (owed.state != OPEN or _end(owed) < at)]
    attempted = sum(owed.first_try_at is not None and owed.first_try_at <= _end(owed) for owed in due)
    states = {name: float(sum(owed.state == name for owed in due)) for name in ("kept", "late", "broken")}
    return [
        ratio("callback.attempted_in_time", attempted, len(due)),
        ratio("callback.kept_in_time", states["kept"], len(due), states),
    ]


def _end(owed: Owed) -> datetime:
    return owed.due_at + timedelta(seconds=owed.grace_seconds)

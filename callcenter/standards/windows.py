"""Which days of which lines are counted: a day is a line's own, from its midnight to its midnight."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callcenter.calls.models import Call

# Days are counted in zones from UTC-12 to UTC+14; the indexes are on instants.
ZONES_APART = timedelta(hours=15)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which a day begins in a zone: two of them are 23 to 25 hours apart."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def around(period: str, day: date) -> tuple[date, date]:
    """Return the first and last day of the day, the week (from Monday) or the month that holds a day."""
    if period == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if period == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day, day


@dataclass(frozen=True)
class Place:
    """A line as figures see it: the zone of its days, T in seconds, the variant that is judged."""

    zone: ZoneInfo
    limit_seconds: int = 0
    variant: str = "negative"


Places = Mapping[UUID | None, Place]


@dataclass(frozen=True)
class Window:
    """What is to be counted: these lines (None: what has no line), the days first to last, as of `at`.

    `home` is the centre's zone. `since` (in) and `until` (out) narrow calls to instants.
    """

    places: Places
    first: date
    last: date
    at: datetime
    home: ZoneInfo
    since: datetime | None = None
    until: datetime | None = None

    def begins(self) -> datetime:
        """Return the instant at which the first day begins, where it begins first."""
        return min(midnight(self.first, place.zone) for place in self.places.values())

    def ends(self) -> datetime:
        """Return the instant at which the last day is over, where it ends last."""
        after = self.last + timedelta(days=1)
        return max(midnight(after, place.zone) for place in self.places.values())

    def in_places(self, column: Any) -> sa.ColumnElement[bool]:
        """Say that a row is of one of these lines."""
        lines = [line for line in self.places if line is not None]
        named = column.in_(lines) if lines else sa.false()
        return sa.or_(named, column.is_(None)) if None in self.places else named

    def day_of(self, line: UUID | None, at: datetime) -> date:
        """Return the day of an instant in a line's zone."""
        return at.astimezone(self.places[line].zone).date()

    def holds(self, day: date) -> bool:
        """Say whether a day is one of these."""
        return self.first <= day <= self.last


def calls_in(window: Window) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a call belongs to a window.

    Its day says so, whatever its line's zone is by now; the wide instants are for the index.
    """
    since = window.since or window.begins() - ZONES_APART
    until = window.until or window.ends() + ZONES_APART
    return [
        Call.day.between(window.first, window.last),
        Call.started_at >= since,
        Call.started_at < until,
        window.in_places(Call.line_id),
    ]

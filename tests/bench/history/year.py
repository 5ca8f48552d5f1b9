"""When people phone: how busy each hour of a year is, and when a line is open. Pure.

The profile is that of an office hotline in China: two peaks, few calls at night, a third on weekends.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import Hours, closing, next_opening

SECOND = 1_000_000
HOUR = 3600 * SECOND
BY_HOUR = (2, 1, 1, 1, 1, 2, 6, 18, 62, 96, 100, 84, 44, 66, 94, 98, 86, 58, 30, 20, 15, 11, 7, 4)
"""Calls by the hour of the local day, the busiest is 100."""
BY_WEEKDAY = (1.15, 1.05, 1.0, 1.0, 0.95, 0.38, 0.3)
FAR = timedelta(days=30)


def arrivals(random: Random, last: date, days: int, count: int, zone: str) -> Iterator[int]:
    """Yield `count` instants in microseconds since 1970, in order, over the days that end with `last`."""
    first = last - timedelta(days=days - 1)
    weights = [
        BY_WEEKDAY[(first + timedelta(days=day)).weekday()] * hour for day in range(days) for hour in BY_HOUR
    ]
    begins = datetime.combine(first, datetime.min.time(), ZoneInfo(zone))
    start = round(begins.timestamp()) * SECOND
    total, given, seen = sum(weights), 0, 0.0
    for place, weight in enumerate(weights):
        seen += weight
        due = round(count * seen / total)
        hour = start + place * HOUR
        yield from sorted(hour + random.randrange(HOUR) for _ in range(due - given))
        given = due


@dataclass(frozen=True)
class Opening:
    """The opening hours of a line as spans, in microseconds since 1970."""

    opens: Sequence[int]
    closes: Sequence[int]

    def left(self, at: int) -> int:
        """Return how long the line stays open, 0 while it is closed."""
        place = bisect_right(self.opens, at) - 1
        return max(0, self.closes[place] - at) if place >= 0 else 0

    def later(self, at: int, amount: int) -> int:
        """Return when so much open time has passed."""
        place = max(0, bisect_right(self.opens, at) - 1)
        while amount > max(0, self.closes[place] - max(at, self.opens[place])):
            amount -= max(0, self.closes[place] - max(at, self.opens[place]))
            place += 1
        return max(at, self.opens[place]) + amount


def opening(hours: Hours, since: datetime, until: datetime) -> Opening:
    """Return the spans of a calendar that touch a period."""
    opens, closes, at = [], [], since
    while at < until and (begins := next_opening(hours, at)) is not None:
        at = closing(hours, begins) or until + FAR
        opens.append(_microseconds(begins))
        closes.append(_microseconds(at))
    return Opening(opens, closes)


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

"""Business time: open or closed at an instant, the next opening, so much working time later.

A period is (opens, closes) in minutes of a local day, closes not included; 1440 is midnight at its end.
Where a zone changes its clock, a wall time becomes an instant so: one that occurs twice is its first
occurrence, one that is skipped is the moment of the skip. An hour that is repeated therefore goes on as
its first run ended, and no period ever runs backwards. All arithmetic is in UTC.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

Period = tuple[int, int]
DAY_MINUTES = 1440
# Whoever asks for the next opening wants to hear of one within this time; beyond it, nothing is known.
HORIZON = timedelta(days=400)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_PERIOD = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True)
class SpecialDay:
    """A date with hours of its own: a holiday (no periods) or a make-up workday."""

    name: str
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Hours:
    """A calendar's opening hours: seven weekdays from Monday, the dates that differ, the zone of both."""

    zone: str
    week: tuple[tuple[Period, ...], ...]
    days: Mapping[date, SpecialDay] = field(default_factory=dict)

    def periods(self, day: date) -> tuple[Period, ...]:
        """Return the periods of a date in order."""
        special = self.days.get(day)
        return tuple(sorted(special.periods if special else self.week[day.weekday()]))


@dataclass(frozen=True)
class Standing:
    """How a calendar stands at an instant, and why: the name of a special day, None in an ordinary week.

    `closes_at` is set while open, `opens_at` while closed; either is None when it lies beyond the horizon.
    """

    open: bool
    special_day: str | None
    closes_at: datetime | None
    opens_at: datetime | None


def read_period(text: str) -> Period:
    """Return the minutes of `09:00-12:30`; `24:00` is midnight at the day's end. Raise ValueError."""
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no period; write it like "09:00-12:30"')
    opens, closes = (int(found[group]) * 60 + int(found[group + 1]) for group in (1, 3))
    if closes > DAY_MINUTES or opens >= DAY_MINUTES:
        raise ValueError(f'"{text}" goes past 24:00')
    if opens >= closes:
        raise ValueError(f'"{text}" ends before it begins; hours past midnight belong to the next day')
    return opens, closes


def write_period(period: Period) -> str:
    """Return what read_period reads."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in period)


def overlap(periods: Sequence[Period]) -> tuple[Period, Period] | None:
    """Return the first two periods of a day that share a minute, None when they are all apart."""
    return next((pair for pair in pairwise(sorted(periods)) if pair[1][0] < pair[0][1]), None)


def is_open(hours: Hours, at: datetime) -> bool:
    """Say whether the calendar is open at an instant; the closing minute itself is closed."""
    following = next(_spans(hours, at), None)
    return following is not None and following[0] <= at


def closing(hours: Hours, at: datetime) -> datetime | None:
    """Return when the present opening ends, across midnight where periods touch.

    None while closed, and when it does not end within 400 days.
    """
    ends = at.astimezone(UTC)
    for opens, closes in _spans(hours, at):
        if opens > ends:
            break
        ends = max(ends, closes)
        if ends - at > HORIZON:
            return None
    return ends if ends > at else None


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """Return the first open instant from `at` on, which is `at` itself while open; None within 400 days."""
    following = next(_spans(hours, at), None)
    return max(following[0], at.astimezone(UTC)) if following else None


def add_working(hours: Hours, at: datetime, amount: timedelta) -> datetime | None:
    """Return when so much open time has passed since `at`, None when the hours run out for 400 days.

    Time that runs out exactly at closing ends at closing, not at the next opening.
    Raise ValueError for a negative amount.
    """
    if amount < timedelta():
        raise ValueError("Working time cannot be taken away.")
    at, left = at.astimezone(UTC), amount
    if not left:
        return at
    for opens, closes in _spans(hours, at):
        start = max(opens, at)
        if left <= closes - start:
            return start + left
        left -= closes - start
    return None


def standing(hours: Hours, at: datetime) -> Standing:
    """Return whether the calendar is open, why, and until when."""
    special = hours.days.get(at.astimezone(ZoneInfo(hours.zone)).date())
    opened = is_open(hours, at)
    return Standing(
        open=opened,
        special_day=special.name if special else None,
        closes_at=closing(hours, at) if opened else None,
        opens_at=None if opened else next_opening(hours, at),
    )


def _spans(hours: Hours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open spans that end after `at`, in order, until 400 days bring none."""
    zone = ZoneInfo(hours.zone)
    day = at.astimezone(zone).date()
    last = day + HORIZON
    while day <= last:
        for period in hours.periods(day):
            opens, closes = (_instant(zone, day, minute) for minute in period)
            if opens < closes and closes > at:
                last = day + HORIZON
                yield opens, closes
        day += timedelta(days=1)


def _instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """Return the UTC instant of a local minute; 1440 is the next day's midnight."""
    day += timedelta(days=minute // DAY_MINUTES)
    wall = datetime.combine(day, time(minute // 60 % 24, minute % 60), zone)
    instant = wall.astimezone(UTC)
    exists = instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
    return instant if exists else _skip(zone, wall)


def _skip(zone: ZoneInfo, wall: datetime) -> datetime:
    """Return the moment at which the clock jumped over a wall time.

    A skipped time read with the offset after the jump lies before it, with the one before the jump, after it.
    """
    before, after = wall.replace(fold=1).astimezone(UTC), wall.replace(fold=0).astimezone(UTC)
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after

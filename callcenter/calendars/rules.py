"""Business time: open or closed at an instant, the next opening, so much working time later.

A period is (opens, closes) in minutes of a local day, closes not included; 1440 is midnight at its end.
Where a zone changes its clock, a wall time becomes an instant so: one that occurs twice is its first
occurrence, one that is skipped is the moment of the skip. An hour that is repeated therefore goes on as
its first run ended, and no period ever runs backwards. All arithmetic is in UTC.

What a date is, the first that is true: an override of the centre's file, a day of the official calendar
(a holiday is closed, a make-up workday has the hours of the weekday that it makes up for), its weekday.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

Period = tuple[int, int]
DAY_MINUTES = 1440
# Whoever asks for the next opening wants to hear of one within this time; beyond it, nothing is known.
HORIZON = timedelta(days=400)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A year whose official calendar nobody knows matters once promises may reach into it.
LOOKAHEAD = timedelta(days=90)

_PERIOD = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True)
class SpecialDay:
    """A date on which the centre's file overrides everything: closed without periods, else open in them."""

    name: str
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True)
class PublicDay:
    """A day of the official calendar, named in `zh-CN` and `en-US`.

    A holiday works like no weekday; a make-up workday like the one (Monday is 0) that was given away for it.
    """

    names: Mapping[str, str]
    works_like: int | None = None


class PublicDays(Protocol):
    """A country's official calendar: the same question always has the same answer."""

    @property
    def code(self) -> str | None:
        """ISO 3166 code of the country, with its part where it has one: `CN`, `DE-BE`; None for none."""

    @property
    def confirmed(self) -> tuple[int, ...]:
        """The years that the centre's file calls settled."""

    def on(self, day: date) -> PublicDay | None:
        """Return what is special about a day."""

    def is_known(self, year: int) -> bool:
        """Say whether the year's days off and make-up workdays are settled, and not only computed."""


@dataclass(frozen=True)
class NoPublicDays:
    """The official calendar of whoever follows none."""

    code: None = None
    confirmed: tuple[int, ...] = ()

    def on(self, day: date) -> None:
        """Return nothing."""

    def is_known(self, year: int) -> bool:
        """Say that there is nothing to wait for."""
        return True


@dataclass(frozen=True)
class Why:
    """Why a calendar is open or closed.

    `kind` is `override`, `holiday`, `make_up` (those have names), `always`, `never`, `week` (the ordinary
    hours) or `break` (between two periods of a day, with that day's names).
    """

    kind: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hours:
    """A calendar's opening hours: seven weekdays from Monday, the dates that differ, the zone of both."""

    zone: str
    week: tuple[tuple[Period, ...], ...]
    days: Mapping[date, SpecialDay] = field(default_factory=dict)
    public: PublicDays = NoPublicDays()

    def periods(self, day: date) -> tuple[Period, ...]:
        """Return the periods of a date in order."""
        special = self.days.get(day)
        if special is not None:
            return tuple(sorted(special.periods))
        public = self.public.on(day)
        if public is None:
            return tuple(sorted(self.week[day.weekday()]))
        return () if public.works_like is None else tuple(sorted(self.week[public.works_like]))

    @property
    def never_closes(self) -> bool:
        """Whether the week is open around the clock and no date differs from it."""
        ordinary = not self.days and self.public.code is None
        return ordinary and all(_is_whole(periods) for periods in self.week)

    @property
    def never_opens(self) -> bool:
        """Whether neither the week nor any override has a period."""
        return not any(self.week) and not any(day.periods for day in self.days.values())


@dataclass(frozen=True)
class Standing:
    """How a calendar stands at an instant, and why.

    `closes_at` is set while open, `opens_at` while closed; either is None when it lies beyond the horizon.
    """

    open: bool
    why: Why
    closes_at: datetime | None
    opens_at: datetime | None


@dataclass(frozen=True)
class Stretch:
    """Open time that counted towards a sum, in UTC, and what of the sum was left after it."""

    start: datetime
    end: datetime
    left: timedelta


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
    if hours.never_closes:
        return None
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


def start_of_work(hours: Hours, at: datetime) -> datetime | None:
    """Return when the next working day begins: the first opening of a date, after `at`; None in 400 days."""
    zone = ZoneInfo(hours.zone)
    first = at.astimezone(zone).date()
    for day in (first + timedelta(days=each) for each in range(HORIZON.days)):
        opens = next((_instant(zone, day, period[0]) for period in hours.periods(day)), None)
        if opens is not None and opens > at:
            return opens
    return None


def last_opening(hours: Hours, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """Return the last open span between two instants, cut at both, None when there is none."""
    found = None
    for opens, closes in _spans(hours, start):
        if opens >= end:
            break
        found = max(opens, start.astimezone(UTC)), min(closes, end.astimezone(UTC))
    return found


def add_working(hours: Hours, at: datetime, amount: timedelta) -> datetime | None:
    """Return when so much open time has passed since `at`, None when the hours run out for 400 days.

    Time that runs out exactly at closing ends at closing, not at the next opening.
    Raise ValueError for a negative amount.
    """
    if amount < timedelta():
        raise ValueError("Working time cannot be taken away.")
    if not amount:
        return at.astimezone(UTC)
    whole = (step.end for step in working_steps(hours, at, amount) if not step.left)
    return next(whole, None)


def working_steps(hours: Hours, at: datetime, amount: timedelta) -> Iterator[Stretch]:
    """Yield the open stretches that make up so much working time from `at` on, touching ones as one.

    They end early, with something left in the last, when the hours run out for 400 days.
    """
    left, joined = amount, None
    for opens, closes in _spans(hours, at):
        start = max(opens, at.astimezone(UTC))
        end = min(closes, start + left)
        left -= end - start
        if joined and joined.end < start:
            yield joined
            joined = None
        joined = Stretch(joined.start if joined else start, end, left)
        if not left:
            break
    if joined:
        yield joined


def working_between(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """Return how much of the time from one instant to a later one was open; raise ValueError if earlier."""
    if end < start:
        raise ValueError("The end lies before the start.")
    counted = timedelta()
    for opens, closes in _spans(hours, start):
        if opens >= end:
            break
        counted += min(closes, end) - max(opens, start)
    return counted


def standing(hours: Hours, at: datetime) -> Standing:
    """Return whether the calendar is open, why, and until when."""
    opened = is_open(hours, at)
    return Standing(
        open=opened,
        why=why(hours, at),
        closes_at=closing(hours, at) if opened else None,
        opens_at=None if opened else next_opening(hours, at),
    )


def why(hours: Hours, at: datetime) -> Why:
    """Return what decides whether the calendar is open at an instant."""
    local = at.astimezone(ZoneInfo(hours.zone))
    decided = decided_by(hours, local.date())
    minute = local.hour * 60 + local.minute
    paused = any(before[1] <= minute < after[0] for before, after in pairwise(hours.periods(local.date())))
    return Why("break", decided.names) if paused else decided


def decided_by(hours: Hours, day: date) -> Why:
    """Return what decides the hours of a date."""
    special, public = hours.days.get(day), hours.public.on(day)
    if special is not None:
        return Why("override", {"zh-CN": special.name, "en-US": special.name})
    if hours.never_closes or hours.never_opens:
        return Why("always" if hours.never_closes else "never")
    if public is not None:
        return Why("holiday" if public.works_like is None else "make_up", public.names)
    return Why("week")


def unknown_years(hours: Hours, start: datetime, end: datetime) -> list[int]:
    """Return the years touched by a time whose official calendar is not settled yet."""
    first, last = (at.astimezone(ZoneInfo(hours.zone)).year for at in (start, end))
    return [year for year in range(first, last + 1) if not hours.public.is_known(year)]


def _is_whole(periods: Sequence[Period]) -> bool:
    """Say whether a day is open from midnight to midnight."""
    joined = 0
    for opens, closes in sorted(periods):
        joined = closes if opens == joined else joined
    return joined == DAY_MINUTES


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

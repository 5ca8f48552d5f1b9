"""Business time near changes of the clock against a minute-by-minute oracle, and the laws of its sums."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.calendars.rules import (
    Hours,
    SpecialDay,
    add_working,
    closing,
    is_open,
    next_opening,
    read_period,
    working_between,
    write_period,
)

MINUTE = timedelta(minutes=1)

periods_of_a_day = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda marks: tuple(zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False))
)
ZONES = [
    "Asia/Shanghai",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Cairo",
]
# Days around which those zones change their clocks, by an hour, half an hour, a day, at or around midnight.
CHANGES = [
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2011, 12, 29),
    date(2010, 11, 7),
    date(2010, 3, 14),
    date(2026, 4, 24),
    date(2026, 10, 29),
]


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Hours, datetime]:
    """Hours of any shape near a change of the clock, and an instant a little before or after it."""
    day = draw(st.sampled_from(CHANGES)) + timedelta(days=draw(st.integers(-1, 1)))
    week = draw(st.tuples(*[periods_of_a_day] * 7))
    days = draw(
        st.dictionaries(st.sampled_from([day, day + timedelta(days=1)]), periods_of_a_day, max_size=2)
    )
    hours = Hours(
        draw(st.sampled_from(ZONES)), week, {key: SpecialDay("x", value) for key, value in days.items()}
    )
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return hours, start + timedelta(minutes=draw(st.integers(-600, 1440)))


def oracle(hours: Hours, at: datetime, minutes: int) -> Iterator[bool]:
    """Walk minute by minute: the hours apply to the latest wall time that the clock has shown so far.

    Begun four hours earlier, so that a repeated hour finds what its first run has shown.
    """
    zone = ZoneInfo(hours.zone)
    latest = (at - timedelta(days=4)).replace(tzinfo=None)
    periods = cache(hours.periods)
    for step in range(-240, minutes):
        wall = (at + step * MINUTE).astimezone(zone).replace(tzinfo=None)
        latest = max(latest, wall)
        minute = latest.hour * 60 + latest.minute
        if step >= 0:
            yield any(opens <= minute < closes for opens, closes in periods(latest.date()))


@settings(deadline=None, max_examples=150)
@given(calendars())
def test_open_or_closed_equals_the_oracle(case: tuple[Hours, datetime]) -> None:
    hours, at = case
    seen = [is_open(hours, at + step * MINUTE) for step in range(600)]
    assert seen == list(oracle(hours, at, 600))


@settings(deadline=None, max_examples=150)
@given(calendars())
def test_openings_and_closings_equal_the_oracle(case: tuple[Hours, datetime]) -> None:
    hours, at = case
    minutes = oracle(hours, at, 3000)
    is_now_open = next(minutes)
    changes = next((index for index, opened in enumerate(minutes, 1) if opened != is_now_open), None)
    if is_now_open:
        assert next_opening(hours, at) == at
    if changes is not None:
        found = closing(hours, at) if is_now_open else next_opening(hours, at)
        assert found == at + changes * MINUTE


@settings(deadline=None, max_examples=150)
@given(calendars(), st.integers(1, 1500))
def test_working_time_equals_the_oracle(case: tuple[Hours, datetime], amount: int) -> None:
    hours, at = case
    open_minutes = (index for index, opened in enumerate(oracle(hours, at, 3000)) if opened)
    last = next(islice(open_minutes, amount - 1, None), None)
    if last is not None:
        assert add_working(hours, at, amount * MINUTE) == at + (last + 1) * MINUTE


@settings(deadline=None)
@given(calendars(), st.integers(0, 100_000), st.integers(0, 100_000))
def test_working_time_adds_up(case: tuple[Hours, datetime], first: int, second: int) -> None:
    hours, at = case
    whole = add_working(hours, at, timedelta(seconds=first + second))
    halfway = add_working(hours, at, timedelta(seconds=first))
    assert whole is None or (halfway and add_working(hours, halfway, timedelta(seconds=second)) == whole)


@settings(deadline=None)
@given(st.integers(0, 1439), st.integers(1, 1440))
def test_periods_are_read_as_written(opens: int, length: int) -> None:
    period = (opens, min(opens + length, 1440))
    assert read_period(write_period(period)) == period


@settings(deadline=None, max_examples=100)
@given(calendars(), st.integers(1, 200_000))
def test_a_sum_never_lands_in_closed_time(case: tuple[Hours, datetime], seconds: int) -> None:
    hours, at = case
    due = add_working(hours, at, timedelta(seconds=seconds))
    assert due is None or is_open(hours, due - timedelta(seconds=1))


@settings(deadline=None, max_examples=100)
@given(calendars(), st.integers(0, 200_000))
def test_what_was_added_lies_between(case: tuple[Hours, datetime], seconds: int) -> None:
    hours, at = case
    due = add_working(hours, at, timedelta(seconds=seconds))
    assert due is None or working_between(hours, at, due) == timedelta(seconds=seconds)


@settings(deadline=None, max_examples=100)
@given(calendars(), st.integers(0, 200_000), st.integers(0, 200_000))
def test_a_later_start_is_never_due_earlier(case: tuple[Hours, datetime], seconds: int, later: int) -> None:
    hours, at = case
    amount = timedelta(seconds=seconds)
    first, second = add_working(hours, at, amount), add_working(hours, at + timedelta(seconds=later), amount)
    assert first is None or second is None or first <= second


@settings(deadline=None, max_examples=100)
@given(calendars(), st.floats(0, 1))
def test_nothing_is_open_before_the_next_opening(case: tuple[Hours, datetime], part: float) -> None:
    hours, at = case
    opening = next_opening(hours, at)
    if opening is None:
        return
    assert is_open(hours, opening)
    assert opening == at or not is_open(hours, at + (opening - at) * part * 0.999999)

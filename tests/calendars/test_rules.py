"""Business time against the cases that break other products, and against a minute-by-minute oracle."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.calendars.rules import (
    Hours,
    Period,
    SpecialDay,
    Standing,
    add_working,
    closing,
    is_open,
    next_opening,
    overlap,
    read_period,
    standing,
    write_period,
)

MORNING, AFTERNOON = (540, 720), (810, 1080)
WORKDAY = (MORNING, AFTERNOON)
OFFICE_WEEK = (WORKDAY, WORKDAY, WORKDAY, WORKDAY, WORKDAY, (), ())
ALWAYS = ((0, 1440),)
CLOSED: tuple[Period, ...] = ()
MINUTE = timedelta(minutes=1)


def office(zone: str = "Asia/Shanghai", days: dict[date, SpecialDay] | None = None) -> Hours:
    return Hours(zone, OFFICE_WEEK, days or {})


def every_day(*periods: Period, zone: str) -> Hours:
    return Hours(zone, (periods,) * 7)


def china(text: str) -> datetime:
    return local(text, "Asia/Shanghai")


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-11-20 08:59:59", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 11:59:59", True),
        ("2026-11-20 12:00", False),
        ("2026-11-20 12:45", False),
        ("2026-11-20 13:30", True),
        ("2026-11-20 18:00", False),
        ("2026-11-21 10:00", False),
    ],
)
def test_the_office_opens_and_closes_to_the_second(at: str, opened: bool) -> None:
    assert is_open(office(), china(at)) is opened


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-20 08:00", "2026-11-20 09:00"),
        ("2026-11-20 12:10", "2026-11-20 13:30"),  # The lunch break.
        ("2026-11-20 10:00", "2026-11-20 10:00"),  # It is open.
        ("2026-11-20 18:00", "2026-11-23 09:00"),  # The week's edge.
        ("2026-11-22 23:59", "2026-11-23 09:00"),
    ],
)
def test_the_next_opening(at: str, opening: str) -> None:
    assert next_opening(office(), china(at)) == china(opening)


def test_a_holiday_is_closed_and_a_make_up_day_open() -> None:
    days = {
        date(2026, 10, 1): SpecialDay("国庆节"),
        date(2026, 10, 2): SpecialDay("国庆节"),
        date(2026, 10, 10): SpecialDay("调休上班", WORKDAY),  # A Saturday.
    }
    hours = office(days=days)
    assert not is_open(hours, china("2026-10-01 10:00"))
    assert next_opening(hours, china("2026-09-30 18:00")) == china("2026-10-05 09:00")
    assert is_open(hours, china("2026-10-10 10:00"))


def test_midnight_at_the_days_end_is_no_gap() -> None:
    hours = every_day((0, 1440), zone="Asia/Shanghai")
    assert is_open(hours, china("2026-11-20 23:59:59"))
    assert is_open(hours, china("2026-11-21 00:00"))
    assert closing(hours, china("2026-11-20 12:00")) is None  # It never closes.


def test_an_evening_ends_at_midnight() -> None:
    hours = every_day((1080, 1440), zone="Asia/Shanghai")
    assert closing(hours, china("2026-11-20 19:00")) == china("2026-11-21 00:00")
    assert not is_open(hours, china("2026-11-21 00:00"))


def test_an_opening_goes_on_over_midnight_where_periods_touch() -> None:
    hours = every_day((0, 120), (1320, 1440), zone="Asia/Shanghai")
    assert closing(hours, china("2026-11-20 23:00")) == china("2026-11-21 02:00")


def test_closing_of_a_closed_calendar_is_unknown() -> None:
    assert closing(office(), china("2026-11-21 10:00")) is None


def test_a_calendar_that_never_opens_has_no_next_opening() -> None:
    never = Hours("Asia/Shanghai", (CLOSED,) * 7)
    assert next_opening(never, china("2026-11-20 10:00")) is None
    assert add_working(never, china("2026-11-20 10:00"), MINUTE) is None


def test_a_single_day_is_found_a_year_ahead() -> None:
    hours = Hours("Asia/Shanghai", (CLOSED,) * 7, {date(2027, 11, 20): SpecialDay("open day", (MORNING,))})
    assert next_opening(hours, china("2026-11-20 10:00")) == china("2027-11-20 09:00")


# HL-9: "answer or visit appointment <= 3 h"; HL-11: "before the next working day starts".
@pytest.mark.parametrize(
    ("at", "amount", "due"),
    [
        ("2026-11-20 09:00", 180, "2026-11-20 12:00"),  # It runs out exactly at closing.
        ("2026-11-20 11:00", 120, "2026-11-20 14:30"),
        ("2026-11-20 17:00", 180, "2026-11-23 11:00"),
        ("2026-11-21 03:00", 60, "2026-11-23 10:00"),
        ("2026-11-20 12:30", 0, "2026-11-20 12:30"),
        ("2026-11-20 09:00", 5 * 450, "2026-11-26 18:00"),
    ],
)
def test_working_minutes_later(at: str, amount: int, due: str) -> None:
    assert add_working(office(), china(at), timedelta(minutes=amount)) == china(due)


def test_working_time_is_never_taken_away() -> None:
    with pytest.raises(ValueError, match="cannot be taken away"):
        add_working(office(), china("2026-11-20 09:00"), -MINUTE)


def test_working_time_ends_where_the_calendar_does() -> None:
    hours = Hours("Asia/Shanghai", (CLOSED,) * 7, {date(2026, 11, 20): SpecialDay("last day", (MORNING,))})
    assert add_working(hours, china("2026-11-20 09:00"), timedelta(hours=3)) == china("2026-11-20 12:00")
    assert add_working(hours, china("2026-11-20 09:00"), timedelta(hours=4)) is None


def test_a_zone_without_whole_hours() -> None:
    hours = every_day((600, 1020), zone="Asia/Kathmandu")
    assert next_opening(hours, datetime(2026, 11, 20, 0, 0, tzinfo=UTC)) == datetime(
        2026, 11, 20, 4, 15, tzinfo=UTC
    )


# 2026-03-08 in New York: 02:00 becomes 03:00.
@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ((0, 240), "2026-03-08 00:00-05:00", "2026-03-08 04:00-04:00"),
        ((150, 240), "2026-03-08 03:00-04:00", "2026-03-08 04:00-04:00"),  # 02:30 was skipped.
        ((60, 150), "2026-03-08 01:00-05:00", "2026-03-08 03:00-04:00"),
        ((150, 190), "2026-03-08 03:00-04:00", "2026-03-08 03:10-04:00"),
    ],
)
def test_a_skipped_hour_is_the_moment_of_the_skip(period: Period, start: str, end: str) -> None:
    hours = every_day(period, zone="America/New_York")
    opening = next_opening(hours, local("2026-03-07 23:00", "America/New_York"))
    assert opening == datetime.fromisoformat(start)
    assert closing(hours, opening) == datetime.fromisoformat(end)


def test_a_period_inside_the_skipped_hour_does_not_happen() -> None:
    hours = every_day((125, 175), zone="America/New_York")
    after = local("2026-03-07 23:00", "America/New_York")
    assert next_opening(hours, after) == local("2026-03-09 02:05", "America/New_York")


# 2026-11-01 in New York: 02:00 becomes 01:00, and the hour from 01:00 comes twice.
def test_a_repeated_hour_goes_on_as_its_first_run_ended() -> None:
    early, late = every_day((0, 90), zone="America/New_York"), every_day((90, 300), zone="America/New_York")
    second_run = local("2026-11-01 01:15", "America/New_York", fold=1)
    assert not is_open(early, second_run)
    assert is_open(late, second_run)
    assert closing(late, second_run) == local("2026-11-01 05:00", "America/New_York")
    start = local("2026-11-01 01:30", "America/New_York")
    assert add_working(late, start, timedelta(hours=2)) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_a_day_that_a_country_skipped_is_not_open() -> None:
    hours = every_day((540, 1020), zone="Pacific/Apia")  # There was no 30 December 2011.
    assert next_opening(hours, local("2011-12-29 20:00", "Pacific/Apia")) == local(
        "2011-12-31 09:00", "Pacific/Apia"
    )


def test_a_skipped_midnight_opens_at_the_skip() -> None:
    hours = every_day((0, 60), (120, 180), zone="Africa/Cairo")  # 2026-04-24: 00:00 becomes 01:00.
    before = local("2026-04-23 23:30", "Africa/Cairo")
    assert next_opening(hours, before) == local("2026-04-24 02:00", "Africa/Cairo")


def test_standing_says_why() -> None:
    hours = office(days={date(2026, 10, 1): SpecialDay("国庆节")})
    assert standing(hours, china("2026-10-01 10:00")) == Standing(
        open=False, special_day="国庆节", closes_at=None, opens_at=china("2026-10-02 09:00")
    )
    assert standing(hours, china("2026-10-02 10:00")) == Standing(
        open=True, special_day=None, closes_at=china("2026-10-02 12:00"), opens_at=None
    )


@pytest.mark.parametrize(
    "text",
    [
        "9:00-12:00",
        "09:00",
        "09:00-25:00",
        "24:00-24:00",
        "12:00-09:00",
        "09:00-09:00",
        "09:60-10:00",
        "24:30-25:00",
        "٠9:00-12:00",
        "",
    ],
)
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"period|24:00|ends before"):
        read_period(text)


def test_overlaps_are_found_and_touching_is_none() -> None:
    assert overlap([(540, 720), (700, 800), (0, 10)]) == ((540, 720), (700, 800))
    assert overlap([(540, 720), (720, 800)]) is None


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
    for step in range(-240, minutes):
        wall = (at + step * MINUTE).astimezone(zone).replace(tzinfo=None)
        latest = max(latest, wall)
        minute = latest.hour * 60 + latest.minute
        if step >= 0:
            yield any(opens <= minute < closes for opens, closes in hours.periods(latest.date()))


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
    minutes = list(oracle(hours, at, 3000))
    if True in minutes:
        assert next_opening(hours, at) == at + minutes.index(True) * MINUTE
    if minutes[0] and False in minutes:
        assert closing(hours, at) == at + minutes.index(False) * MINUTE


@settings(deadline=None, max_examples=150)
@given(calendars(), st.integers(1, 1500))
def test_working_time_equals_the_oracle(case: tuple[Hours, datetime], amount: int) -> None:
    hours, at = case
    open_minutes = [index for index, opened in enumerate(oracle(hours, at, 3000)) if opened]
    if len(open_minutes) >= amount:
        due = at + (open_minutes[amount - 1] + 1) * MINUTE
        assert add_working(hours, at, amount * MINUTE) == due


@given(calendars(), st.integers(0, 100_000), st.integers(0, 100_000))
def test_working_time_adds_up(case: tuple[Hours, datetime], first: int, second: int) -> None:
    hours, at = case
    whole = add_working(hours, at, timedelta(seconds=first + second))
    halfway = add_working(hours, at, timedelta(seconds=first))
    assert whole is None or (halfway and add_working(hours, halfway, timedelta(seconds=second)) == whole)


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_periods_are_read_as_written(opens: int, length: int) -> None:
    period = (opens, min(opens + length, 1440))
    assert read_period(write_period(period)) == period

"""Business time against the cases that break other products."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.calendars.rules import (
    Hours,
    Period,
    SpecialDay,
    Standing,
    Why,
    add_working,
    closing,
    is_open,
    next_opening,
    overlap,
    read_period,
    standing,
    unknown_years,
    why,
    working_between,
    working_steps,
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
    named = Why("override", {"zh-CN": "国庆节", "en-US": "国庆节"})
    assert standing(hours, china("2026-10-01 10:00")) == Standing(
        open=False, why=named, closes_at=None, opens_at=china("2026-10-02 09:00")
    )
    assert standing(hours, china("2026-10-02 10:00")) == Standing(
        open=True, why=Why("week"), closes_at=china("2026-10-02 12:00"), opens_at=None
    )


@pytest.mark.parametrize(
    ("hours", "at", "kind"),
    [
        (office(), "2026-11-20 10:00", "week"),
        (office(), "2026-11-20 08:00", "week"),
        (office(), "2026-11-20 12:30", "break"),  # The lunch break.
        (office(), "2026-11-20 12:00", "break"),
        (office(), "2026-11-20 13:30", "week"),
        (office(), "2026-11-20 18:00", "week"),
        (every_day((0, 1440), zone="Asia/Shanghai"), "2026-11-20 10:00", "always"),
        (every_day((0, 600), (600, 1440), zone="Asia/Shanghai"), "2026-11-20 10:00", "always"),
        (every_day((0, 1439), zone="Asia/Shanghai"), "2026-11-20 10:00", "week"),
        (Hours("Asia/Shanghai", (CLOSED,) * 7), "2026-11-20 10:00", "never"),
    ],
)
def test_why_without_a_calendar_of_holidays(hours: Hours, at: str, kind: str) -> None:
    assert why(hours, china(at)) == Why(kind)


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


def test_an_overnight_shift_is_one_opening() -> None:
    """22:00 to 06:00 is written as two periods that touch at midnight."""
    night = every_day((0, 360), (1320, 1440), zone="Asia/Shanghai")
    assert next_opening(night, china("2026-11-20 12:00")) == china("2026-11-20 22:00")
    assert closing(night, china("2026-11-20 22:00")) == china("2026-11-21 06:00")
    (step,) = working_steps(night, china("2026-11-20 21:00"), timedelta(hours=8))
    assert (step.start, step.end) == (china("2026-11-20 22:00"), china("2026-11-21 06:00"))


# Sunday is the last day of our week and the first of others'.
def test_sunday_night_runs_into_monday() -> None:
    week = (((0, 120),), CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, ((1380, 1440),))
    hours = Hours("Asia/Shanghai", week)
    assert closing(hours, china("2026-11-22 23:30")) == china("2026-11-23 02:00")
    assert add_working(hours, china("2026-11-22 23:30"), timedelta(hours=3)) == china("2026-11-29 23:30")


# 2026-03-29 in Berlin: 02:00 becomes 03:00; 2026-10-25: 03:00 becomes 02:00.
@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),  # Half an hour forward,
        ("Australia/Lord_Howe", "2026-04-05", 24.5),  # and half an hour back.
        ("Asia/Kolkata", "2026-03-29", 24),
        ("Asia/Kathmandu", "2026-03-29", 24),
    ],
)
def test_a_day_around_the_clock_has_the_hours_that_pass(zone: str, day: str, length: float) -> None:
    hours = every_day((0, 1440), zone=zone)
    start = local(day, zone)
    midnight = local((date.fromisoformat(day) + timedelta(days=1)).isoformat(), zone)
    assert working_between(hours, start, midnight) == timedelta(hours=length)
    assert add_working(hours, start, timedelta(hours=length)) == midnight


def test_a_zone_of_a_half_hour_opens_on_its_own_clock() -> None:
    hours = every_day((540, 1080), zone="Asia/Kolkata")
    assert next_opening(hours, datetime(2026, 11, 20, 0, 0, tzinfo=UTC)) == datetime(
        2026, 11, 20, 3, 30, tzinfo=UTC
    )


def test_the_year_s_edge_is_crossed() -> None:
    hours = office(days={date(2027, 1, 1): SpecialDay("元旦")})  # A Friday.
    assert add_working(hours, china("2026-12-31 17:00"), timedelta(hours=2)) == china("2027-01-04 10:00")


def test_a_sum_is_told_step_by_step() -> None:
    steps = list(working_steps(office(), china("2026-11-20 11:00"), timedelta(hours=3)))
    assert [(step.start, step.end, step.left) for step in steps] == [
        (china("2026-11-20 11:00"), china("2026-11-20 12:00"), timedelta(hours=2)),
        (china("2026-11-20 13:30"), china("2026-11-20 15:30"), timedelta()),
    ]


def test_working_time_between_two_instants() -> None:
    between = working_between(office(), china("2026-11-20 17:00"), china("2026-11-23 10:00"))
    assert between == timedelta(hours=2)
    assert not working_between(office(), china("2026-11-20 12:00"), china("2026-11-20 13:30"))
    with pytest.raises(ValueError, match="before the start"):
        working_between(office(), china("2026-11-20 17:00"), china("2026-11-20 16:00"))


def test_who_follows_no_official_calendar_waits_for_none() -> None:
    assert unknown_years(office(), china("2026-11-20 17:00"), china("2029-01-01 00:00")) == []

"""The times that a customer may choose: within the line's hours, outside his night, by his own clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.calendars.official import public_days
from callcenter.calendars.rules import Hours, add_working, is_open
from callcenter.callbacks.rules import (
    MOST_CHOICES,
    Quiet,
    after_failed_try,
    agree,
    choices,
    first_try,
    may_ring,
    next_chance,
)
from callcenter.promises.rules import WORKING, Limit

CHINA, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
OFFICE = Hours("Asia/Shanghai", (((540, 720), (810, 1080)),) * 5 + ((), ()), public=public_days("CN"))
ALWAYS = Hours("Asia/Shanghai", (((0, 1440),),) * 7)
LUNCH = Hours("Asia/Shanghai", (((720, 840),),) * 7)
NIGHT = Quiet(CHINA, 21, 8)
HOUR = timedelta(hours=1)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def proposed(at: str, hours: Hours = OFFICE, quiet: Quiet = NIGHT) -> list[str]:
    """The times beside the soonest, as their own zone's clocks show them."""
    soonest = add_working(hours, china(at), HOUR)
    assert soonest is not None
    return [f"{one:%m-%d %H:%M}" for one in choices(hours, quiet, soonest)]


@pytest.mark.parametrize(
    ("at", "times"),
    [
        ("2026-11-23 10:00", ["11-23 15:00", "11-24 09:30"]),
        ("2026-11-23 13:40", ["11-24 09:30", "11-24 15:00"]),
        ("2026-11-23 22:00", ["11-24 15:00", "11-25 09:30"]),
        # National Day: its eve leads to the first working days after it.
        ("2026-09-30 17:30", ["10-08 15:00", "10-09 09:30"]),
        # Saturday the 10th is worked for it.
        ("2026-10-09 16:00", ["10-10 09:30", "10-10 15:00"]),
    ],
)
def test_two_later_times_within_the_hours(at: str, times: list[str]) -> None:
    assert proposed(at) == times


def test_a_day_that_is_open_at_neither_usual_time_has_one_after_its_opening() -> None:
    assert proposed("2026-11-23 09:00", LUNCH) == ["11-24 12:30", "11-25 12:30"]


def test_a_customer_abroad_chooses_by_his_own_clock_and_is_not_woken() -> None:
    assert proposed("2026-11-23 10:00", ALWAYS, Quiet(NEW_YORK, 21, 8)) == ["11-23 09:30", "11-23 15:00"]
    assert proposed("2026-11-23 10:00", OFFICE, Quiet(NEW_YORK, 21, 8)) == ["11-23 20:30", "11-24 20:30"]


def test_who_is_never_awake_while_the_line_is_open_is_offered_no_time() -> None:
    """The line's hours count alone for the usual promise: it is better than none."""
    morning = Hours("Asia/Shanghai", (((600, 720),),) * 7)
    asleep = Quiet(NEW_YORK, 20, 8)
    assert proposed("2026-11-23 09:00", morning, asleep) == []
    assert next_chance(morning, asleep, china("2026-11-23 09:00")) == china("2026-11-23 10:00")


def test_who_has_just_asked_is_awake_and_the_next_morning_he_sleeps() -> None:
    night = china("2026-11-23 02:00")
    asked = Quiet(CHINA, 21, 8, (night,))
    assert first_try(ALWAYS, asked, night) == night + timedelta(seconds=20)
    assert after_failed_try(1, 3, ALWAYS, asked, night, HOUR / 2) == china("2026-11-23 02:30")
    assert after_failed_try(2, 3, ALWAYS, asked, night, 3 * HOUR) == china("2026-11-23 08:00")


# FU-2: "Not reached: try again at another time".
def test_each_pause_between_tries_is_twice_the_one_before_so_that_they_spread_over_the_day() -> None:
    morning, spacing = china("2026-11-23 09:00"), timedelta(minutes=30)
    after = [after_failed_try(tries, 7, ALWAYS, NIGHT, morning, spacing) for tries in range(8)]
    pauses = [None if at is None else (at - morning) / timedelta(minutes=1) for at in after]
    assert pauses == [30, 30, 60, 120, 240, 240, 240, None]


def test_a_first_try_that_waits_for_his_morning_moves_the_promise_with_it() -> None:
    """It is six in the evening in China and five in the morning in New York: he is called at eight."""
    evening, limit = china("2026-11-23 18:00"), Limit("HL-8", WORKING, minutes=60)
    asleep, awake = Quiet(NEW_YORK, 21, 8), Quiet(NEW_YORK, 21, 8, (evening,))
    waits = agree(limit, ALWAYS, asleep, evening, evening, CHINA, None, None)
    assert waits is not None
    eight = china("2026-11-23 21:00")
    assert (waits.first_try, waits.counted_from, waits.due_at) == (eight, eight, eight + HOUR)
    at_once = agree(limit, ALWAYS, awake, evening, evening, CHINA, None, None)
    assert at_once is not None
    assert (at_once.counted_from, at_once.due_at) == (evening, evening + HOUR)


def test_the_lines_hours_and_his_night_are_one_check() -> None:
    assert may_ring(OFFICE, NIGHT, china("2026-11-23 17:00"))
    assert may_ring(OFFICE, NIGHT, china("2026-11-23 18:05")), "it has only just closed"
    assert not may_ring(OFFICE, NIGHT, china("2026-11-23 18:15"))
    assert not may_ring(ALWAYS, NIGHT, china("2026-11-23 21:00"))
    assert may_ring(ALWAYS, Quiet(CHINA, 21, 8, (china("2026-11-23 20:00"),)), china("2026-11-23 21:00"))
    morning = Hours("Asia/Shanghai", (((600, 720),),) * 7)
    assert may_ring(morning, Quiet(NEW_YORK, 20, 8), china("2026-11-23 11:00")), "they never meet"


def test_hours_that_are_the_same_are_never_quiet() -> None:
    assert not Quiet(CHINA, 8, 8).holds(china("2026-11-23 08:30"))
    assert Quiet(CHINA, 0, 7).holds(china("2026-11-23 06:59"))
    assert Quiet(CHINA, 21, 24).holds(china("2026-11-23 23:59"))


@settings(deadline=None)
@given(
    minute=st.integers(0, 700 * 1440),
    hours=st.sampled_from((OFFICE, ALWAYS, LUNCH)),
    zone=st.sampled_from((CHINA, NEW_YORK, ZoneInfo("Australia/Lord_Howe"))),
)
def test_every_time_can_be_kept(minute: int, hours: Hours, zone: ZoneInfo) -> None:
    quiet = Quiet(zone, 21, 8)
    soonest = add_working(hours, china("2026-01-01 00:00") + timedelta(minutes=minute), HOUR)
    assert soonest is not None
    found = choices(hours, quiet, soonest)
    assert len(found) <= MOST_CHOICES
    assert found == sorted(found)
    for one in found:
        assert one > soonest
        assert is_open(hours, one)
        assert not quiet.holds(one)

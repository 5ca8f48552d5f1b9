"""When something is due by which rule: over lunch, holidays, make-up workdays, changes of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.calendars.official import public_days
from callcenter.calendars.rules import Hours, is_open
from callcenter.callbacks.rules import Quiet, agree
from callcenter.organisation.rules import Policies
from callcenter.promises import rules

CHINA, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
WEEK = (((540, 720), (810, 1080)),) * 5 + ((), ())
OFFICE = Hours("Asia/Shanghai", WEEK, public=public_days("CN"))
NIGHTS = Hours("America/New_York", (((0, 360), (1320, 1440)),) * 7)
USUAL = Policies()
MINUTE = timedelta(minutes=1)
briefly = settings(max_examples=40, deadline=None)
# National Day 2026 with its make-up Saturday, and both changes of the clock in New York.
starts = st.one_of(
    st.integers(0, 20 * 1440).map(lambda each: datetime(2026, 9, 25, tzinfo=UTC) + each * MINUTE),
    st.integers(0, 2 * 1440).map(lambda each: datetime(2026, 10, 31, tzinfo=UTC) + each * MINUTE),
    st.integers(0, 2 * 1440).map(lambda each: datetime(2026, 3, 7, tzinfo=UTC) + each * MINUTE),
)
calendars = st.sampled_from([OFFICE, NIGHTS])


def due(rule: str, start: datetime, hours: Hours | None = OFFICE) -> datetime:
    """When something is due by the handbook's own numbers."""
    zone = ZoneInfo(hours.zone) if hours else CHINA
    found = rules.due_by(rules.limit_of(rule, USUAL), hours, start, zone)
    assert found is not None
    return found


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        # HL-7 "<= 1 h after hang-up": on the clock, whatever is open.
        ("HL-7", "2026-10-09 17:30", "2026-10-09 18:30"),
        # HL-10 "<= 30 min": the lunch break does not count.
        ("HL-10", "2026-10-09 11:45", "2026-10-09 13:45"),
        # HL-9 "<= 3 h": Friday evening, and the Saturday is worked for National Day.
        ("HL-9", "2026-10-09 17:00", "2026-10-10 11:00"),
        # HL-8 over the whole holiday.
        ("HL-8", "2026-09-30 17:30", "2026-10-08 09:30"),
        # HL-11 "before the next working day starts": tomorrow, a make-up Saturday; lunch is no new day.
        ("HL-11", "2026-10-09 12:30", "2026-10-10 09:00"),
        ("HL-11", "2026-10-09 07:00", "2026-10-09 09:00"),
        ("HL-11", "2026-09-30 17:59", "2026-10-08 09:00"),
        # CP-2 "same day".
        ("CP-2", "2026-10-09 10:00", "2026-10-09 23:59:59"),
        # CP-4 "within 3 days": the last hours that are open in them; in the holiday, the next ones.
        ("CP-4", "2026-10-08 10:00", "2026-10-10 18:00"),
        ("CP-4", "2026-10-02 10:00", "2026-10-08 10:00"),
    ],
)
def test_what_the_handbook_says(rule: str, start: str, expected: str) -> None:
    assert due(rule, china(start)) == china(expected)


@briefly
@given(st.sampled_from(["HL-8", "HL-9", "HL-10", "TK-3"]), starts, calendars)
def test_working_time_is_counted_minute_by_minute(rule: str, start: datetime, hours: Hours) -> None:
    end = due(rule, start, hours)
    minutes = rules.limit_of(rule, USUAL).minutes
    counted = sum(is_open(hours, start + each * MINUTE) for each in range((end - start) // MINUTE))
    assert counted == minutes
    assert is_open(hours, end - MINUTE), "the last minute that counts is an open one"


@briefly
@given(starts, calendars)
def test_the_next_working_day_begins_with_its_first_opening(start: datetime, hours: Hours) -> None:
    end = due("HL-11", start, hours)
    zone = ZoneInfo(hours.zone)
    assert end > start
    assert is_open(hours, end)
    first = end.astimezone(zone).replace(hour=0, minute=0).astimezone(UTC)
    assert not any(is_open(hours, first + each * MINUTE) for each in range((end - first) // MINUTE))
    days = (end.astimezone(zone).date() - start.astimezone(zone).date()).days
    for each in range(1, days):
        day = start.astimezone(zone).date() + timedelta(days=each)
        assert not hours.periods(day), "a working day before it was passed over"


@briefly
@given(starts, calendars)
def test_an_hour_on_the_clock_is_an_hour(start: datetime, hours: Hours) -> None:
    assert due("HL-7", start, hours) - start == timedelta(hours=1)


@briefly
@given(starts, calendars, st.integers(1, 5))
def test_a_complaints_call_lies_in_open_hours(start: datetime, hours: Hours, days: int) -> None:
    limit = rules.Limit("CP-4", rules.LAST_HOURS, days=days)
    zone = ZoneInfo(hours.zone)
    agreed = agree(limit, hours, Quiet(zone, 21, 8), start, start, zone, None, None)
    assert agreed is not None
    assert start <= agreed.first_try < agreed.due_at
    assert is_open(hours, agreed.first_try)
    ends = rules.end_of_day(start, days, zone)
    assert agreed.due_at <= ends or not any(
        is_open(hours, start + each * MINUTE) for each in range((ends - start) // MINUTE)
    )


@pytest.mark.parametrize("rule", [rule for rule in rules.RULES if rule != "FU-5"])
def test_without_a_line_the_clock_counts(rule: str) -> None:
    start = china("2026-10-03 10:00")
    assert start < due(rule, start, None) <= start + timedelta(days=3)


def test_a_time_that_was_given_stands() -> None:
    assert rules.limit_of("FU-5", USUAL) == rules.Limit("FU-5", rules.GIVEN)
    assert rules.limit_of("HL-8", USUAL, given=True).basis == rules.GIVEN


ticks = st.lists(st.integers(0, 400), min_size=1, max_size=30).map(lambda at: sorted(set(at)))


@given(ticks, st.integers(1, 200), st.integers(0, 20), st.integers(0, 60), st.integers(0, 60))
def test_each_step_is_told_once_and_in_its_order(
    minutes: list[int], within: int, grace: int, warning: int, after: int
) -> None:
    made = china("2026-10-09 10:00")
    end, margin = made + within * MINUTE, grace * MINUTE
    numbers = Policies(
        warning_minutes=warning, duty_manager_after_minutes=after, supervisor_after_minutes=2 * after
    )
    times = rules.alert_times(made, end, margin, numbers)
    told: list[str] = []
    following: datetime | None = min(times.values())
    for at in (made + each * MINUTE for each in minutes):
        if following is None or at < following:
            continue
        new = [step for step in rules.steps_due(times, end, at) if step not in told]
        assert rules.WARNING not in new or at < end, "nobody is warned of what is over"
        assert rules.OWNER not in new or at > end + margin
        told += new
        following = rules.next_alert(times, told, at)
        assert following is None or following >= at or times[rules.OWNER] == at
    assert told == [step for step in rules.STEPS if step in told]
    last = made + minutes[-1] * MINUTE
    assert set(told) >= {step for step in rules.STEPS[1:] if times[step] < last}

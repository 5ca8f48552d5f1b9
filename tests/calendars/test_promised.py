"""What is promised counts on the official calendar: tickets, callbacks, second tries; and the clock warns."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import structlog

from callcenter.calendars.actions import set_calendar
from callcenter.calendars.official import public_days
from callcenter.calendars.queries import hours_of, unconfirmed
from callcenter.calendars.rules import Hours
from callcenter.callbacks.actions import book_callback
from callcenter.callbacks.rules import Quiet, after_failed_try
from callcenter.jobs import Work
from callcenter.promises.models import Promise
from callcenter.switchboard.sweeps import unconfirmed_years
from callcenter.tickets.actions import open_ticket
from tests.doubles import SettableTime
from tests.factories import centre

OFFICE = Hours("Asia/Shanghai", (((540, 720), (810, 1080)),) * 5 + ((), ()), public=public_days("CN"))


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def a_centre(work: Work, time: SettableTime) -> None:
    """A line with office hours and China's holidays, on the last evening before National Day 2026."""
    time.at = china("2026-09-30 17:30")
    with work.transaction() as session:
        centre.centre(session)
        office = set_calendar(session, key="office", hours=OFFICE)
        centre.line(session, calendar_id=office.id)
        centre.skill(session)


def promised(work: Work) -> Iterator[tuple[str, datetime]]:
    """Yield each promise's rule and its time."""
    with work.db.reading() as session:
        for promise in session.scalars(sa.select(Promise).order_by(Promise.rule)):
            yield promise.rule, promise.due_at


def test_a_calendar_keeps_its_country(work: Work) -> None:
    with work.db.reading() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        assert hours_of(session, line.calendar_id) == OFFICE


# HL-8: "generally <= 1 h" and HL-9: "answer or visit appointment <= 3 h", both in working time.
def test_no_promise_falls_into_the_holidays(work: Work) -> None:
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        book_callback(
            session, number="+8613800138000", line_id=line.id, skill_id=centre.skill(session),
            language="zh-CN", at=work.at(), actor="caller",
        )  # fmt: skip
        open_ticket(
            session, kind="technical", channel="phone", line_id=line.id, call_id=None, customer_id=None,
            language=None, at=work.at(), actor="test",
        )  # fmt: skip
    assert dict(promised(work)) == {
        "HL-8": china("2026-10-08 09:30"),
        "HL-9": china("2026-10-08 11:30"),
    }


# FU-2: "try again at another time"; nobody is called back on a holiday, on a make-up Saturday he is.
def test_a_second_try_waits_for_the_next_workday() -> None:
    spacing, night = timedelta(minutes=30), Quiet(ZoneInfo(OFFICE.zone), 21, 8)
    evening, friday = china("2026-09-30 17:45"), china("2026-10-09 17:45")
    assert after_failed_try(1, 3, OFFICE, night, evening, spacing) == china("2026-10-08 09:00")
    assert after_failed_try(1, 3, OFFICE, night, friday, spacing) == china("2026-10-10 09:00")


def test_the_clock_warns_of_a_year_that_is_not_confirmed(work: Work, time: SettableTime) -> None:
    with work.db.reading() as session:
        assert unconfirmed(session, time.at) == []
    time.at = china("2026-11-21 12:00")
    with structlog.testing.capture_logs() as logs:
        unconfirmed_years(work)
    assert logs == [
        {"event": "calendar.unconfirmed", "log_level": "warning", "calendar": "office", "year": 2027}
    ]

"""Calendars come back from the database as they were set."""

from datetime import date

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.calendars.actions import set_calendar
from callcenter.calendars.models import CalendarDay, CalendarPeriod
from callcenter.calendars.queries import calendar_by_key, calendars, hours_of
from callcenter.calendars.rules import Hours, SpecialDay
from callcenter.db import Database
from callcenter.errors import Missing

WEEK = (((540, 720), (810, 1080)), ((0, 1440),), (), (), (), (), ())
HOURS = Hours(
    "Asia/Shanghai",
    WEEK,
    {date(2026, 10, 1): SpecialDay("国庆节"), date(2026, 10, 10): SpecialDay("调休", ((540, 720),))},
)


def test_hours_come_back_as_they_were_set(database: Database) -> None:
    with database.transaction() as session:
        calendar_id = set_calendar(session, key="office", hours=HOURS).id
    with database.reading() as session:
        assert hours_of(session, calendar_id) == HOURS
        assert [row.key for row in calendars(session)] == ["office"]


def test_a_calendar_is_replaced_as_a_whole(database: Database) -> None:
    changed = Hours("Asia/Tokyo", ((), (), ((60, 120),), (), (), (), ()))
    with database.transaction() as session:
        first = set_calendar(session, key="office", hours=HOURS).id
    with database.transaction() as session:
        second = set_calendar(session, key="office", hours=changed).id
    with database.reading() as session:
        assert first == second
        assert hours_of(session, second) == changed
        assert session.scalar(sa.select(sa.func.count(CalendarPeriod.id))) == 1
        assert session.scalar(sa.select(sa.func.count(CalendarDay.id))) == 0


def test_an_unknown_calendar_is_missing(database: Database) -> None:
    with database.reading() as session:
        assert calendar_by_key(session, "nowhere") is None
        with pytest.raises(Missing):
            hours_of(session, ids.new())

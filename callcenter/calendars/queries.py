"""Reading calendars as the values that the rules compute with."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar, CalendarDay, CalendarPeriod
from callcenter.calendars.official import public_days
from callcenter.calendars.rules import (
    LOOKAHEAD,
    WEEKDAYS,
    Hours,
    Period,
    SpecialDay,
    unknown_years,
)
from callcenter.errors import Missing


def hours_of(session: Session, calendar_id: UUID) -> Hours:
    """Return a calendar's opening hours; raise Missing."""
    calendar = session.get(Calendar, calendar_id)
    if calendar is None:
        raise Missing("calendar", calendar_id)
    periods = session.scalars(sa.select(CalendarPeriod).where(CalendarPeriod.calendar_id == calendar_id))
    days = session.scalars(sa.select(CalendarDay).where(CalendarDay.calendar_id == calendar_id))
    return Hours(
        calendar.timezone,
        _week(periods),
        {
            day.day: SpecialDay(day.name, tuple((opens, closes) for opens, closes in day.periods))
            for day in days
        },
        public_days(calendar.holidays, calendar.confirmed_years or ()),
    )


def calendars(session: Session) -> list[Calendar]:
    """Return every calendar, by key."""
    return list(session.scalars(sa.select(Calendar).order_by(Calendar.key)))


def calendar_by_key(session: Session, key: str) -> Calendar | None:
    """Return the calendar that the centre's file calls by this key."""
    return session.scalars(sa.select(Calendar).where(Calendar.key == key)).one_or_none()


def unconfirmed(session: Session, at: datetime) -> list[tuple[str, int]]:
    """Return the calendars by key, each with a coming year whose official days nobody knows for sure."""
    return [
        (calendar.key, year)
        for calendar in calendars(session)
        for year in unknown_years(hours_of(session, calendar.id), at, at + LOOKAHEAD)
    ]


def _week(rows: Iterable[CalendarPeriod]) -> tuple[tuple[Period, ...], ...]:
    week: list[list[Period]] = [[] for _ in WEEKDAYS]
    for row in rows:
        week[row.weekday].append((row.opens_minute, row.closes_minute))
    return tuple(tuple(sorted(periods)) for periods in week)

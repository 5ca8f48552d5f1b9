"""Setting a calendar, matched by its key."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar, CalendarDay, CalendarPeriod
from callcenter.calendars.queries import calendar_by_key
from callcenter.calendars.rules import Hours


def set_calendar(session: Session, *, key: str, hours: Hours) -> Calendar:
    """Create a calendar or change it: its periods and days are replaced as a whole."""
    calendar = calendar_by_key(session, key) or Calendar(key=key)
    calendar.timezone = hours.zone
    calendar.holidays = hours.public.code
    calendar.confirmed_years = list(hours.public.confirmed)
    session.add(calendar)
    session.flush()
    for table in (CalendarPeriod, CalendarDay):
        for row in session.scalars(sa.select(table).where(table.calendar_id == calendar.id)):
            session.delete(row)
    session.flush()
    session.add_all(_periods(calendar, hours))
    session.add_all(_days(calendar, hours))
    session.flush()
    return calendar


def _periods(calendar: Calendar, hours: Hours) -> list[CalendarPeriod]:
    return [
        CalendarPeriod(calendar_id=calendar.id, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, periods in enumerate(hours.week)
        for opens, closes in periods
    ]


def _days(calendar: Calendar, hours: Hours) -> list[CalendarDay]:
    return [
        CalendarDay(
            calendar_id=calendar.id, day=day, name=special.name, periods=[list(p) for p in special.periods]
        )
        for day, special in hours.days.items()
    ]

"""Which days, line and agent a figure is asked of at the command line."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar
from callcenter.errors import Invalid
from callcenter.lines.models import Line
from callcenter.lines.queries import line_by_key
from callcenter.staff.queries import agent_by_key
from callcenter.standards.queries import Scope, home_zone
from callcenter.standards.windows import around


def scope_named(
    session: Session, period: str, day: str | None, line: str | None, agent: str | None, at: datetime
) -> Scope:
    """Return the period that holds a day, today without one, of a line or an agent by their keys."""
    zone = home_zone(session)
    found = named_line(session, line) if line else None
    if found is not None:
        zone = ZoneInfo(session.get_one(Calendar, found.calendar_id).timezone)
    if period not in ("day", "week", "month"):
        raise Invalid("period", "is day, week or month")
    first, last = around(period, day_of(day) if day else at.astimezone(zone).date())
    someone = agent_by_key(session, agent) if agent else None
    if agent and someone is None:
        raise Invalid("agent", f"there is no agent {agent!r}")
    return Scope(
        first,
        last,
        zone,
        line_ids=frozenset({found.id}) if found else None,
        agent_id=someone.id if someone else None,
    )


def named_line(session: Session, key: str) -> Line:
    """Return a line by its key; raise Invalid."""
    found = line_by_key(session, key)
    if found is None:
        raise Invalid("line", f"there is no line {key!r}")
    return found


def day_of(text: str) -> date:
    """Return a day as people type it; raise Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("day", "is written like 2026-11-21") from None

"""Close days when their time has come: counted while reading, kept in one short transaction, once."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from callcenter.carrier.port import CarrierCall, CarrierError
from callcenter.db import Database
from callcenter.jobs import Work, job, later
from callcenter.lines.models import Line
from callcenter.standards.actions import close_day as keep
from callcenter.standards.closing import draft, reconcile
from callcenter.standards.formulas import CALLS
from callcenter.standards.queries import NO_LINE, Due, days_due, home_zone, place_name, places_of
from callcenter.standards.windows import Window

log = structlog.get_logger()
# The carrier is asked about days that have just ended; a long history is closed without it.
CARRIER_IS_ASKED_ABOUT = timedelta(days=7)


def name_of(due: Due) -> str:
    """Return a due day as a job is told it."""
    return f"{due.part}/{place_name(due.line_id)}/{due.day.isoformat()}"


def due_of(name: str) -> Due:
    """Return the due day that a job was told."""
    part, place, day = name.split("/")
    return Due(part, None if place == NO_LINE else UUID(hex=place), date.fromisoformat(day))


@job
def close_day(work: Work, name: str) -> None:
    """Close one day of one line if it is its turn, then ask for the next."""
    due, at = due_of(name), work.at()
    with work.db.reading() as session:
        if due not in days_due(session, at):
            return
    close(work.db, due, at, _listed(work, due, at))
    with work.transaction() as session:
        for following in days_due(session, at):
            if (following.part, following.line_id) == (due.part, due.line_id):
                later(session, "close_day", name_of(following))


def close(database: Database, due: Due, at: datetime, listed: Iterable[CarrierCall] | None = None) -> bool:
    """Count a day and keep its report; False when somebody else has kept it meanwhile."""
    with database.reading() as session:
        found = draft(session, due.part, due.line_id, due.day, at)
        if listed is not None:
            reconcile(session, found, listed)
    with database.transaction() as session:
        return keep(session, found, at)


def close_all(database: Database, at: datetime) -> int:
    """Close every day whose time has come, of a long history too; return how many reports were kept."""
    kept = 0
    while True:
        with database.reading() as session:
            due = days_due(session, at)
        if not due:
            return kept
        kept += sum(close(database, each, at) for each in due)


def _listed(work: Work, due: Due, at: datetime) -> list[CarrierCall] | None:
    """Ask the carrier for its list of the day; None where it does not answer or is not to be asked."""
    if due.part != CALLS or due.line_id is None:
        return None
    with work.db.reading() as session:
        line = session.get_one(Line, due.line_id)
        home = home_zone(session)
        window = Window(places_of(session, frozenset({line.id})), due.day, due.day, at, home)
    if not line.number.startswith("+") or at - window.ends() > CARRIER_IS_ASKED_ABOUT:
        return None
    first = window.begins().date()
    days = [first + timedelta(days=each) for each in range((window.ends().date() - first).days + 1)]
    try:
        return [call for day in days for call in work.carrier.list_calls(to=line.number, day=day)]
    except CarrierError as fault:
        log.warning("standards.unreconciled", line=line.key, day=due.day.isoformat(), reason=str(fault))
        return None

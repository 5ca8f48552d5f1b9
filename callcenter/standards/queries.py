"""Reading the standards of a period: closed days from their reports, open ones counted anew.

Every line's days are closed in order, so that one date a line says which days are closed; before the first
of them there was nothing to count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent
from callcenter.lines.models import Line
from callcenter.organisation.queries import find_centre
from callcenter.routing.models import AgentStateChange, Offer
from callcenter.routing.rules import OFFER_ENDS
from callcenter.standards import desks, owed, people
from callcenter.standards.facts import Facts, inbound_calls
from callcenter.standards.figures import Figure, figures
from callcenter.standards.formulas import AGENTS, CALLS, FORMULAS, PART_OF_KIND, TICKETS, Formula
from callcenter.standards.identity import ARRIVED, Identity, identity_of_json
from callcenter.standards.models import AgentTally, DayBook, DayReport, RingMeasure
from callcenter.standards.rows import BITS, KINDS, Row, unpack
from callcenter.standards.rules import DAY_CLOSES_AFTER, TICKETS_CLOSE_AFTER
from callcenter.standards.tallies import Tally, count, of_json
from callcenter.standards.windows import Place, Places, Window, midnight
from callcenter.tickets.models import Ticket

# An offer that is accepted or over is measured by its own bell, which needs a moment; if that was lost, the
# clock looks back so far. Its timer ran out, or would have, soon after: `ring_until` has the index.
MEASURABLE = ("accepted", "joined", *OFFER_ENDS)
BELL_TAKES = timedelta(seconds=5)
LOOKS_BACK = timedelta(hours=12)
MOST_UNMEASURED = 200
NO_LINE = "-"
Position = tuple[datetime, UUID]


def place_name(line_id: UUID | None) -> str:
    """Return how reports call a line, or what has none."""
    return line_id.hex if line_id else NO_LINE


@dataclass(frozen=True)
class Scope:
    """What is counted: the days first to last (both in), of some lines or an agent where given.

    `since` (in) and `until` (out) narrow it to instants, which no report knows: everything is counted anew.
    `zone` bounds days where no line does. `as_of` reads the reports as they stood at that instant.
    """

    first: date
    last: date
    zone: ZoneInfo
    line_ids: frozenset[UUID] | None = None
    agent_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None

    @property
    def narrowed(self) -> bool:
        """Whether it is narrower than its days."""
        return self.since is not None or self.until is not None

    def has(self, row: Row) -> bool:
        """Say whether a row of its days and lines is in it."""
        return (
            (self.agent_id is None or row.agent == self.agent_id)
            and (self.since is None or row.at >= self.since)
            and (self.until is None or row.at < self.until)
        )


@dataclass(frozen=True)
class Due:
    """A day of a line (None: of what has no line) that is to be closed, in one part of its report."""

    part: str
    line_id: UUID | None
    day: date


CLOSES_AFTER = {CALLS: DAY_CLOSES_AFTER, TICKETS: TICKETS_CLOSE_AFTER, AGENTS: DAY_CLOSES_AFTER}
PARTS = tuple(CLOSES_AFTER)


@dataclass
class Counted:
    """What a scope came to; `versions` are its closed days' reports, `open_days` what may still change."""

    tally: Tally = field(default_factory=Tally)
    identity: Identity = field(default_factory=Identity)
    reports: list[Any] = field(default_factory=list)
    open_days: set[date] = field(default_factory=set)


def home_zone(session: Session) -> ZoneInfo:
    """Return the centre's zone."""
    home = find_centre(session)
    return ZoneInfo(home.timezone if home else "UTC")


def places_of(session: Session, line_ids: frozenset[UUID] | None = None) -> Places:
    """Return the lines, retired ones too, or all and what has none."""
    lines = sa.select(
        Line.id, Calendar.timezone, Line.service_level_seconds, Line.service_level_variant
    ).join(Calendar, Calendar.id == Line.calendar_id)
    lines = lines.order_by(Line.key)
    if line_ids is not None:
        lines = lines.where(Line.id.in_(line_ids))
    found: dict[UUID | None, Place] = {
        line: Place(ZoneInfo(zone), limit, variant)
        for line, zone, limit, variant in session.execute(lines).all()
    }
    return found if line_ids is not None else {**found, None: Place(home_zone(session))}


Gather = Callable[[Session, Window], Facts]
GATHERED: Mapping[str, Gather] = {
    "call": inbound_calls,
    "leg": lambda session, window: Facts(desks.legs(session, window)),
    "talk": lambda session, window: Facts(desks.talks(session, window)),
    "callback": lambda session, window: Facts(desks.promised_callbacks(session, window)),
    "ticket": lambda session, window: Facts(people.tickets(session, window)),
    "state": lambda session, window: Facts(people.stretches(session, window)),
    "promise": lambda session, window: Facts(owed.promises(session, window)),
}


def facts_of(session: Session, window: Window, part: str) -> Facts:
    """Count a part of a window from the rows that everything happened in."""
    gathered = [GATHERED[kind](session, window) for kind in KINDS if PART_OF_KIND[kind] == part]
    return Facts(list(chain.from_iterable(each.rows for each in gathered)), gathered[0].identity)


def standards(session: Session, scope: Scope, at: datetime) -> tuple[list[Figure], Counted]:
    """Return every figure that means something for a scope, with what they were counted from."""
    formulas = formulas_for(scope)
    counted = Counted()
    for part in dict.fromkeys(formula.part for formula in formulas):
        _count_part(session, scope, part, at, counted)
    return figures(counted.tally, formulas), counted


def formulas_for(scope: Scope) -> list[Formula]:
    """Return the figures that mean something for this scope."""
    return [
        formula
        for formula in FORMULAS.values()
        if (formula.by_agent or scope.agent_id is None) and (formula.by_line or scope.line_ids is None)
    ]


def _count_part(session: Session, scope: Scope, part: str, at: datetime, counted: Counted) -> None:
    closed, windows = _parted(session, scope, part, at)
    for report in _reports(session, scope, part, closed):
        counted.tally.add(of_json(report.tally))
        counted.identity.add(identity_of_json(report.identity))
        counted.reports.append(report)
    for window in windows:
        facts = facts_of(session, window, part)
        counted.tally.add(count(row for row in facts.rows if scope.has(row)))
        counted.identity.add(facts.identity)
        counted.open_days |= {row.day for row in facts.rows} | set(_young_days(window, part))


def _young_days(window: Window, part: str) -> Iterator[date]:
    """Yield the days of a window whose time to close has not come."""
    for ordinal in range(window.first.toordinal(), window.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        over = midnight(day + timedelta(days=1), next(iter(window.places.values())).zone)
        if over + CLOSES_AFTER[part] > window.at:
            yield day


def _parted(
    session: Session, scope: Scope, part: str, at: datetime
) -> tuple[Mapping[UUID | None, date], list[Window]]:
    """Part a scope into days that are closed (by line, up to when) and windows of open days."""
    places = places_of(session, scope.line_ids)
    if part == AGENTS:
        places = {None: Place(scope.zone)}
    closed = {} if scope.narrowed else _closed_through(session, part, places, scope.as_of)
    open_from: dict[date, dict[UUID | None, Place]] = {}
    for line, place in places.items():
        begin = max(scope.first, closed[line] + timedelta(days=1)) if line in closed else scope.first
        open_from.setdefault(begin, {})[line] = place
    home = home_zone(session)
    windows = [
        Window(group, begin, scope.last, at, home, scope.since, scope.until)
        for begin, group in open_from.items()
        if begin <= scope.last
    ]
    return closed, windows


def _closed_through(
    session: Session, part: str, places: Iterable[UUID | None], as_of: datetime | None
) -> dict[UUID | None, date]:
    names = {place_name(line): line for line in places}
    statement = (
        sa.select(DayReport.place, sa.func.max(DayReport.day))
        .where(DayReport.part == part, DayReport.place.in_(names), *_standing(as_of))
        .group_by(DayReport.place)
    )
    return {names[place]: day for place, day in session.execute(statement)}


def _standing(as_of: datetime | None) -> list[sa.ColumnElement[bool]]:
    """Say that a report is the one that stands, or stood at an instant."""
    if as_of is None:
        return [DayReport.superseded_at.is_(None)]
    later = sa.or_(DayReport.superseded_at.is_(None), DayReport.superseded_at > as_of)
    return [DayReport.closed_at <= as_of, later]


_REPORT = (
    DayReport.id, DayReport.part, DayReport.line_id, DayReport.day, DayReport.version, DayReport.closed_at,
    DayReport.identity,
)  # fmt: skip


def _in_scope(scope: Scope, part: str, places: Iterable[UUID | None]) -> list[sa.ColumnElement[bool]]:
    return [
        DayReport.part == part,
        DayReport.place.in_([place_name(line) for line in places]),
        DayReport.day.between(scope.first, scope.last),
        *_standing(scope.as_of),
    ]


def _reports(session: Session, scope: Scope, part: str, places: Iterable[UUID | None]) -> Iterable[Any]:
    """Return the standing reports of a scope, each with its tally, or with the agent's share of it."""
    inside = _in_scope(scope, part, places)
    if scope.agent_id is None:
        return session.execute(sa.select(*_REPORT, DayReport.tally).where(*inside))
    shares = sa.select(*_REPORT, AgentTally.tally).join(AgentTally, AgentTally.report_id == DayReport.id)
    return session.execute(shares.where(*inside, AgentTally.agent_id == scope.agent_id))


def rows_behind(
    session: Session,
    scope: Scope,
    kind: str,
    name: str,
    at: datetime,
    after: Position | None = None,
    most: int | None = None,
) -> list[Row]:
    """Return the rows of a set in a scope, newest first, below a position, at most so many.

    There are exactly as many of them as the set's count says: closed days are read from their books.
    """
    closed, windows = _parted(session, scope, PART_OF_KIND[kind], at)
    wanted = BITS[kind][name]
    rows = [
        row
        for row in chain(
            _of_books(session, scope, kind, wanted, closed),
            (row for window in windows for row in GATHERED[kind](session, window).rows if row.mask & wanted),
        )
        if scope.has(row) and (after is None or (row.at, row.id) < after)
    ]
    rows.sort(key=lambda row: (row.at, row.id), reverse=True)
    return rows[:most]


def _of_books(
    session: Session, scope: Scope, kind: str, wanted: int, places: Iterable[UUID | None]
) -> Iterator[Row]:
    statement = (
        sa.select(DayBook.book, DayReport.day, DayReport.line_id)
        .join(DayReport, DayReport.id == DayBook.report_id)
        .where(DayBook.kind == kind, *_in_scope(scope, PART_OF_KIND[kind], places))
    )
    for book, day, line in session.execute(statement):
        yield from unpack(book, kind, day, line, wanted)


def closed_places(session: Session, part: str, day: date) -> list[UUID | None]:
    """Return the lines (None: what has none) of which a part of this day is closed."""
    through = _closed_through(session, part, [*_all_places(session)], None)
    return [line for line, last in through.items() if day <= last]


def _all_places(session: Session) -> Iterator[UUID | None]:
    yield None
    yield from session.scalars(sa.select(Line.id).order_by(Line.key))


def days_due(session: Session, at: datetime) -> list[Due]:
    """Return the next day of each line and part whose time to close has come, in the order of the lines.

    A line's days are closed one after the other, from the first on which it had anything to count.
    """
    zones = {line: place.zone for line, place in places_of(session).items()}
    due = []
    for part, delay in CLOSES_AFTER.items():
        lines = [None] if part == AGENTS else list(zones)
        through = _closed_through(session, part, lines, None)
        for line in lines:
            day = through[line] + timedelta(days=1) if line in through else None
            day = day or _first_day(session, part, line, zones[line])
            if day is not None and midnight(day + timedelta(days=1), zones[line]) + delay <= at:
                due.append(Due(part, line, day))
    return due


def _first_day(session: Session, part: str, line: UUID | None, zone: ZoneInfo) -> date | None:
    """Return the first day of a line on which there is anything to count, None while there is nothing."""
    orphans = sa.and_(CallEvent.call_id.is_(None), CallEvent.kind == ARRIVED, sa.literal(line is None))
    columns: dict[str, tuple[tuple[Any, sa.ColumnElement[bool]], ...]] = {
        CALLS: (
            (Call.started_at, Call.line_id == line),
            (Callback.created_at, Callback.line_id == line),
            (CallEvent.at, orphans),
        ),
        TICKETS: (
            (Ticket.created_at, Ticket.line_id == line),
            (Callback.created_at, Callback.line_id == line),
        ),
        AGENTS: ((AgentStateChange.at, sa.true()),),
    }
    firsts = (session.scalar(sa.select(sa.func.min(at)).where(those)) for at, those in columns[part])
    instants = [at for at in firsts if at is not None]
    return min(instants).astimezone(zone).date() if instants else None


def reports_of_day(session: Session, first: date, last: date, line_id: UUID | None) -> list[DayReport]:
    """Return every version of the reports of some days, of one line where named, the oldest first."""
    about: list[sa.ColumnElement[bool]] = [DayReport.day.between(first, last)]
    if line_id is not None:
        about.append(DayReport.place == place_name(line_id))
    order = (DayReport.day, DayReport.place, DayReport.part, DayReport.version)
    return list(session.scalars(sa.select(DayReport).where(*about).order_by(*order)))


def begins_at(scope: Scope) -> datetime:
    """Return the first instant of a scope, in its zone."""
    return scope.since or midnight(scope.first, scope.zone)


def unmeasured_offers(session: Session, at: datetime) -> list[UUID]:
    """Return the offers of the last hours that should have been measured by now and were not."""
    statement = (
        sa.select(Offer.id)
        .outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
        .where(
            Offer.state.in_(MEASURABLE),
            Offer.ring_until > at - LOOKS_BACK,
            sa.func.coalesce(Offer.accepted_at, Offer.ended_at) < at - BELL_TAKES,
            RingMeasure.id.is_(None),
        )
        .order_by(Offer.ring_until)
        .limit(MOST_UNMEASURED)
    )
    return list(session.scalars(statement))

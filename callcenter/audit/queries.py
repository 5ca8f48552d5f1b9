"""The list of calls: newest first, by keyset, with what a supervisor asks of each call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.audit.sides import Sides, sides_of
from callcenter.calls.models import Call
from callcenter.db import LastFour
from callcenter.lines.models import Line
from callcenter.routing.models import Offer
from callcenter.staff.models import Agent
from callcenter.standards.desks import is_first_offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.rules import ACCEPTED, ESTIMATED, JUDGEABLE
from callcenter.tickets.models import Ticket, TicketEvent

Place = tuple[datetime, UUID]
LEAST_SUFFIX = 4
FEW_RINGS = 2000
RINGS_TO_A_CALL = 4
"""So many rings of an agent are looked at for each call of a page."""


@dataclass(frozen=True)
class CallFilter:
    """Which calls; None asks nothing. `since` is in, `until` is out, days are in at both ends.

    The flags name the bases of figures: `rung` to `first_offer_judged` ask about rings, then `agent_id`
    means the agent of the ring. `search` is a SID, a ticket's number, a canonical number, or its last
    digits; `answered_by` limits everything to one agent's own calls.
    """

    from_number: str | None = None
    to_number: str | None = None
    line_id: UUID | None = None
    agent_id: UUID | None = None
    answered_by: UUID | None = None
    outcomes: Sequence[str] = ()
    direction: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    first_day: date | None = None
    last_day: date | None = None
    search: str | None = None
    queued: bool | None = None
    ended: bool | None = None
    short: bool | None = None
    ring: str | None = None


@dataclass(frozen=True)
class CallRow:
    """One call of the list, with the keys of its line and its agent."""

    call: Call
    line: str | None
    agent: str | None
    sides: Sides


def list_calls(session: Session, wanted: CallFilter, after: Place | None, limit: int) -> list[CallRow]:
    """Return calls older than a place in the list, at most so many."""
    since = _newest_rings_since(session, wanted, after, limit)
    if since is not None:
        rows = _page(session, replace(wanted, first_day=since), after, limit)
        if len(rows) == limit and rows[-1].call.started_at >= _everywhere_after(since):
            return rows
    return _page(session, wanted, after, limit)


def _newest_rings_since(session: Session, wanted: CallFilter, after: Place | None, limit: int) -> date | None:
    """Return a day since which an agent was rung often enough to fill a page; None where none is needed.

    An agent is rung for one call in a hundred: going through the newest calls until a page of his has turned
    up, or through all his rings, reads thousands of rows. What else is asked may leave the page half empty.
    """
    if wanted.ring is None or wanted.agent_id is None or wanted.first_day is not None:
        return None
    rung = sa.select(RingMeasure.day).where(*_ring_of(wanted))
    if after is not None:
        rung = rung.where(RingMeasure.day <= _everywhere_after(after[0].date()).date())
    return session.scalar(rung.order_by(RingMeasure.day.desc()).offset(RINGS_TO_A_CALL * limit).limit(1))


def _everywhere_after(day: date) -> datetime:
    """Return an instant at which the day before this one is over in every zone."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _page(session: Session, wanted: CallFilter, after: Place | None, limit: int) -> list[CallRow]:
    statement = (
        _calls()
        .where(*_conditions(session, wanted))
        .order_by(Call.started_at.desc(), Call.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(sa.tuple_(Call.started_at, Call.id) < after)
    return _with_sides(session, session.execute(statement).all())


def calls_of(session: Session, calls: Sequence[UUID]) -> list[CallRow]:
    """Return these calls, the newest first."""
    statement = _calls().where(Call.id.in_(calls)).order_by(Call.started_at.desc(), Call.id.desc())
    return _with_sides(session, session.execute(statement).all())


def find_call(session: Session, name: str) -> CallRow | None:
    """Return one call by our id or by its carrier's SID."""
    try:
        condition = Call.id == UUID(name)
    except ValueError:
        condition = Call.sid == name
    rows = _with_sides(session, session.execute(_calls().where(condition)).all())
    return rows[0] if rows else None


def _calls() -> sa.Select[Call, str, str]:
    return (
        sa.select(Call, Line.key, Agent.key)
        .outerjoin(Line, Line.id == Call.line_id)
        .outerjoin(Agent, Agent.id == Call.agent_id)
    )


def _conditions(session: Session, wanted: CallFilter) -> list[sa.ColumnElement[bool]]:
    exact = (
        (Call.from_number, wanted.from_number),
        (Call.line_id, wanted.line_id),
        (Call.agent_id, None if wanted.ring else wanted.agent_id),
        (Call.agent_id, wanted.answered_by),
        (Call.direction, wanted.direction),
    )
    return [
        *(column == value for column, value in exact if value is not None),
        *([_exactly_to(wanted.to_number)] if wanted.to_number else []),
        *_in_period(wanted),
        *_flags(wanted),
        *([_search(session, wanted.search)] if wanted.search else []),
        *([_ring(session, wanted.ring, wanted)] if wanted.ring else []),
    ]


def _in_period(wanted: CallFilter) -> list[sa.ColumnElement[bool]]:
    bounds = (
        (wanted.since, Call.started_at.__ge__),
        (wanted.until, Call.started_at.__lt__),
        (wanted.first_day, Call.day.__ge__),
        (wanted.last_day, Call.day.__le__),
    )
    return [compare(bound) for bound, compare in bounds if bound is not None]


def _flags(wanted: CallFilter) -> list[sa.ColumnElement[bool]]:
    flags = (
        (wanted.queued, sa.and_(Call.queued_at.is_not(None), Call.direction == "inbound")),
        (wanted.ended, Call.outcome != "open"),
        (wanted.short, Call.outcome == "abandoned_short"),
    )
    asked = [condition if flag else sa.not_(condition) for flag, condition in flags if flag is not None]
    return [*asked, *([Call.outcome.in_(wanted.outcomes)] if wanted.outcomes else [])]


def _exactly_to(number: str) -> sa.ColumnElement[bool]:
    """Ask by the last four digits as well: they have the index."""
    return sa.and_(LastFour(Call.to_number) == number[-4:], Call.to_number == number)


def _search(session: Session, text: str) -> sa.ColumnElement[bool]:
    """Say that a call is what was looked for.

    Each way has its own index, which only a union can use; but a line's own digits are those of most calls,
    and going through the newest finds a page of them sooner.
    """
    digits = text.isascii() and text.isdigit() and len(text) >= LEAST_SUFFIX
    ways = [
        Call.sid == text,
        _ends_with(Call.from_number, text) if digits else Call.from_number == text,
        _ends_with(Call.to_number, text) if digits else _exactly_to(text),
        Call.sid.in_(_calls_about(text)),
    ]
    of_ticket = sa.select(Ticket.call_id).where(Ticket.number == text, Ticket.call_id.is_not(None))
    if session.scalars(
        sa.select(Line.id).where(Line.number.endswith(text, autoescape=True)).limit(1)
    ).first():
        return sa.or_(*ways, Call.id.in_(of_ticket))
    return Call.id.in_(sa.union(*(sa.select(Call.id).where(way).correlate(None) for way in ways), of_ticket))


def _ends_with(column: Any, digits: str) -> sa.ColumnElement[bool]:
    return sa.and_(LastFour(column) == digits[-4:], column.endswith(digits))


def _calls_about(number: str) -> sa.Select[str]:
    """Return the SIDs of the calls in which a customer phoned again about a ticket."""
    about = sa.select(TicketEvent.detail["call"].as_string()).join(Ticket, Ticket.id == TicketEvent.ticket_id)
    return about.where(Ticket.number == number, TicketEvent.kind == "contact")


_RINGS: dict[str, sa.ColumnElement[bool]] = {
    "judged": RingMeasure.judged.is_(True),
    "measurable": RingMeasure.verdict.in_(JUDGEABLE),
    "estimated": sa.and_(
        # Named in the statement: the few of them have an index of their own.
        RingMeasure.source == sa.literal_column(f"'{ESTIMATED}'"),
        RingMeasure.verdict.in_(JUDGEABLE),
    ),
    "accepted": sa.and_(RingMeasure.judged, RingMeasure.verdict == ACCEPTED),
}


def _ring(session: Session, kind: str, wanted: CallFilter) -> sa.ColumnElement[bool]:
    """Ask for calls with a leg of this kind, an agent's own where one is named.

    Where such legs are few they are found first, once: going through the newest calls until a page of them
    has turned up may mean going through all. Of those that are frequent, that page turns up soon.
    """
    measured = sa.select(RingMeasure.call_id).where(*_ring_of(wanted))
    if kind == "first_offer_judged":
        measured = measured.join(Offer, Offer.id == RingMeasure.offer_id)
        measured = measured.where(RingMeasure.judged, is_first_offer())
    else:
        measured = measured.where(_RINGS[kind])
    if kind != "estimated" and not _has_few_rings(session, wanted):
        return measured.where(RingMeasure.call_id == Call.id).exists()
    few = measured.correlate(None).cte("few").prefix_with("MATERIALIZED", dialect="postgresql")
    return Call.id.in_(sa.select(few.c.call_id))


def _has_few_rings(session: Session, wanted: CallFilter) -> bool:
    """Say whether an agent's legs are few enough to read them all; everybody's are not."""
    if wanted.agent_id is None:
        return False
    some = sa.select(RingMeasure.id).where(*_ring_of(wanted)).limit(FEW_RINGS).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) < FEW_RINGS


def _ring_of(wanted: CallFilter) -> list[sa.ColumnElement[bool]]:
    """A leg belongs to its call's day."""
    bounds = (
        (wanted.agent_id, RingMeasure.agent_id.__eq__),
        (wanted.first_day, RingMeasure.day.__ge__),
        (wanted.last_day, RingMeasure.day.__le__),
    )
    return [compare(bound) for bound, compare in bounds if bound is not None]


RING_KINDS = (*_RINGS, "first_offer_judged")


def _with_sides(session: Session, rows: Sequence[Any]) -> list[CallRow]:
    """Add what belongs to each call of a page."""
    sides = sides_of(session, [row[0].id for row in rows])
    return [CallRow(call, line, agent, sides[call.id]) for call, line, agent in rows]

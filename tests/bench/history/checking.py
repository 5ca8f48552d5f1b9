"""Whether a history could have happened: every rule of the product asked of every row, or of a sample.

References are checked by the database when the history is written. What remains: states have come to their
end, outcomes follow from their facts, numbers add up, promises are due when the handbook says, nobody talks
with two at once, and the ring measures are those that the product would compute again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar
from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import add_working
from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.calls.rules import TERMINAL, CallFacts, outcome_of
from callcenter.clock import system
from callcenter.db import Database
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.routing.models import Offer
from callcenter.standards.actions import measure_offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.queries import Scope, standards
from callcenter.tickets.models import Ticket, TicketCounter

Check = Callable[[Session, int, Random], Iterator[str]]
STEPPED_OVER = 4
_IN_A_STATE = {
    "legs": sorted(TERMINAL), "waits": ["joined", "left"], "promises": ["kept", "late"],
    "callbacks": ["kept"], "tickets": ["closed"],
    "offers": ["declined", "missed", "withdrawn", "failed", "ended"],
    "attempts": ["ended", "not_placed", "withdrawn"], "carrier_orders": ["done", "gone", "withdrawn"],
}  # fmt: skip
_OWNERS = (
    ("attempts", "purpose_kind", "purpose_id", {"offer": "offers", "callback": "callbacks"}),
    ("promises", "subject_kind", "subject_id", {"ticket": "tickets", "callback": "callbacks"}),
    ("waits", "subject_kind", "subject_id", {"call": "calls", "callback": "callbacks"}),
)


def complaints(database: Database, sample: int = 200, seed: int = 1) -> list[str]:
    """Return what is wrong with a history, nothing where all is well; `sample` rows are looked at closely."""
    with database.transaction() as session:
        found = [wrong for check in CHECKS for wrong in check(session, sample, Random(seed))]
        session.rollback()
    return found


def _all_is_over(session: Session, _sample: int, _random: Random) -> Iterator[str]:
    for table, states in _IN_A_STATE.items():
        allowed = ", ".join(f"'{state}'" for state in states)
        yield from _none(session, f"SELECT count(*) FROM {table} WHERE state NOT IN ({allowed})",
                         f"{table} that are not over")  # fmt: skip
    yield from _none(
        session, "SELECT count(*) FROM calls WHERE outcome = 'open' OR ended_at IS NULL", "open calls"
    )


def _owners_exist(session: Session, _sample: int, _random: Random) -> Iterator[str]:
    """What points upwards has no foreign key: look for what is not there."""
    for table, kind, key, owners in _OWNERS:
        for name, owner in owners.items():
            orphans = (
                f"SELECT count(*) FROM {table} t LEFT JOIN {owner} o ON o.id = t.{key} "
                f"WHERE t.{kind} = '{name}' AND o.id IS NULL"
            )
            yield from _none(session, orphans, f"{table} about a {name} that is not there")


def _times_go_forward(session: Session, _sample: int, _random: Random) -> Iterator[str]:
    late = "SELECT count(*) FROM {table} WHERE {first} > {last}"
    for table, first, last in (
        ("calls", "queued_at", "joined_at"), ("calls", "joined_at", "ended_at"),
        ("waits", "entered_at", "ended_at"), ("offers", "made_at", "ended_at"),
        ("legs", "ringing_at", "answered_at"), ("legs", "answered_at", "ended_at"),
        ("tickets", "created_at", "closed_at"),
    ):  # fmt: skip
        # The carrier's stamps have whole seconds: within one, what came later may seem earlier.
        wrong = late.format(table=table, first=_second(session, first), last=_second(session, last))
        yield from _none(session, wrong, f"{table} with {last} before {first}")


def _second(session: Session, column: str) -> str:
    if session.get_bind().dialect.name == "postgresql":
        return f"date_trunc('second', {column})"
    return f"substr({column}, 1, 19)"


def _nobody_talks_twice(session: Session, _sample: int, _random: Random) -> Iterator[str]:
    overlapping = """
        SELECT count(*) FROM (
            SELECT made_at, lag(ended_at) OVER (PARTITION BY agent_id ORDER BY made_at) AS before FROM offers
        ) AS each_offer WHERE made_at < before
    """
    yield from _none(session, overlapping, "offers to an agent who had another one")


def _tickets_are_numbered(session: Session, _sample: int, _random: Random) -> Iterator[str]:
    """TK-7: numbers of a day without gaps or doubles."""
    counted = session.scalar(sa.select(sa.func.sum(TicketCounter.last))) or 0
    there = session.scalar(sa.select(sa.func.count(Ticket.id))) or 0
    if counted != there:
        yield f"{there} tickets, but {counted} numbers were given out"
    day = sa.func.substr(Ticket.number, 1, 6).label("day")
    last = sa.select(day, sa.func.count()).group_by(day)
    given = {
        f"{row.day:%y%m%d}": row.last
        for row in session.execute(sa.select(TicketCounter.day, TicketCounter.last))
    }
    if dict(session.execute(last).all()) != given:
        yield "the days' numbers are not those of their counters"


def _outcomes_follow(session: Session, sample: int, random: Random) -> Iterator[str]:
    """numbers.md: one outcome, the first that is true."""
    for call, short, zone in session.execute(
        sa.select(Call, Line.short_call_seconds, Calendar.timezone)
        .join(Line, Line.id == Call.line_id)
        .join(Calendar, Calendar.id == Line.calendar_id)
        .where(Call.direction == "inbound", Call.id.in_(_some(session, Call.id, sample, random)))
    ):
        facts = CallFacts(
            joined=call.joined_at is not None, promised=call.promised, message_left=call.message_left,
            fault=call.fault, stage=call.stage, queued_at=call.queued_at, left_queue_at=call.left_queue_at,
            short_call=timedelta(seconds=short),
        )  # fmt: skip
        if outcome_of(facts) != call.outcome:
            yield f"call {call.sid} is {call.outcome}, its facts say {outcome_of(facts)}"
        if call.started_at.astimezone(ZoneInfo(zone)).date() != call.day:
            yield f"call {call.sid} belongs to another day than {call.day}"


def _identity_holds(session: Session, sample: int, random: Random) -> Iterator[str]:
    """Every call that arrived is counted once, on days picked at random."""
    days = sorted(set(session.scalars(sa.select(TicketCounter.day))))
    for day in random.sample(days, min(len(days), max(2, sample // 50))):
        _, counted = standards(session, Scope(day, day, ZoneInfo("Asia/Shanghai")), system())
        checked = counted.identity
        if not checked.agrees:
            yield f"{day}: {checked.received} calls arrived, {checked.counted} were counted"


def _promises_are_due(session: Session, sample: int, random: Random) -> Iterator[str]:
    """HL-9, TK-3: so many working hours on the line's calendar; kept is what was settled by then."""
    rows = session.execute(
        sa.select(Promise, Line.calendar_id)
        .join(Ticket, Ticket.id == Promise.subject_id)
        .join(Line, Line.id == Ticket.line_id)
        .where(Promise.id.in_(_some(session, Promise.id, sample, random, Promise.rule.in_(("HL-9", "TK-3")))))
    ).all()
    for promise, calendar in rows:
        due = add_working(hours_of(session, calendar), promise.made_at, timedelta(hours=3))
        if promise.due_at != due:
            yield f"promise {promise.id} is due {promise.due_at}, the calendar says {due}"
        if (promise.state == "kept") != bool(promise.settled_at and due and promise.settled_at <= due):
            yield f"promise {promise.id} is {promise.state}"


def _rings_are_measured(session: Session, sample: int, random: Random) -> Iterator[str]:
    """The product, asked to measure again, writes what is there."""
    unmeasured = sa.select(sa.func.count(Offer.id)).outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
    if missing := session.scalar(unmeasured.where(RingMeasure.id.is_(None))):
        yield f"{missing} offers without a measure"
    for offer_id in _some(session, Offer.id, sample, random):
        before = _measure(session, offer_id)
        measure_offer(session, offer_id, datetime.now().astimezone())
        if (after := _measure(session, offer_id)) != before:
            yield f"offer {offer_id} was measured as {before}, the product measures {after}"


def _measure(session: Session, offer_id: UUID) -> tuple[Any, ...]:
    table = RingMeasure.__table__
    columns = [column for column in table.columns if column.name != "id"]
    return tuple(session.execute(sa.select(*columns).where(table.c.offer_id == offer_id)).first() or ())


def _legs_have_their_calls(session: Session, sample: int, random: Random) -> Iterator[str]:
    """An agent's leg is the one that its attempt placed; every leg has something to tell."""
    for leg, sid in session.execute(
        sa.select(Leg, Attempt.sid)
        .join(Attempt, Attempt.id == Leg.attempt_id)
        .where(Leg.id.in_(_some(session, Leg.id, sample, random, Leg.attempt_id.is_not(None))))
    ):
        if leg.sid != sid:
            yield f"leg {leg.sid} was placed as {sid}"
    silent = sa.select(Leg.sid).where(
        Leg.id.in_(_some(session, Leg.id, sample, random)), ~sa.exists().where(CallEvent.leg_sid == Leg.sid)
    )
    yield from (f"leg {sid} has no event" for sid in session.scalars(silent))


def _some(session: Session, key: Any, sample: int, random: Random, *where: Any) -> list[UUID]:
    """Return ids from places all over a table: they are made in the order of time.

    A few rows are stepped over, so that what always follows closely on something else has its chance.
    """
    wanted = sa.select(key).where(*where)
    first = session.scalars(wanted.order_by(key).limit(1)).first()
    last = session.scalars(wanted.order_by(key.desc()).limit(1)).first()
    if first is None or last is None:
        return []
    found: list[UUID] = []
    for _ in range(sample):
        place = wanted.where(key >= UUID(int=random.randint(first.int, last.int))).order_by(key)
        found += session.scalars(place.offset(random.randrange(STEPPED_OVER)).limit(1)).all()
    return list(dict.fromkeys(found))


def _none(session: Session, count: str, what: str) -> Iterator[str]:
    found = session.execute(sa.text(count)).scalar_one()
    if found:
        yield f"{found} {what}"


CHECKS: tuple[Check, ...] = (
    _all_is_over, _owners_exist, _times_go_forward, _nobody_talks_twice, _tickets_are_numbered,
    _outcomes_follow, _identity_holds, _promises_are_due, _rings_are_measured, _legs_have_their_calls,
)  # fmt: skip

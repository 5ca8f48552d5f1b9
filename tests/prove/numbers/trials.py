"""N1: every figure as by hand. N2: closed days stand still. N3: a month is the sum of its days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call
from callcenter.db import Database
from callcenter.routing.models import Offer
from callcenter.standards import actions, queries
from callcenter.standards.jobs import close_all
from callcenter.tickets.models import TicketWords
from tests.prove.numbers.judge import day_scope, judge, lists, scopes, values
from tests.prove.numbers.oracle import read
from tests.prove.numbers.world import FIRST, NOW, World, caller, found, people
from tests.prove.verdict import Trial, Verdict

AFTER = NOW + timedelta(days=9)


def prove_figures(trial: Trial) -> Verdict:
    """Let people call, measure the rings as the jobs do, and count every figure by hand."""
    with _world(trial, 10_000) as (world, verdict):
        raw = read(world.session)
        for scope in scopes(world, world.random, trial.of(60, least=4)):
            judge(world.session, raw, scope, NOW, verdict, world.random)
    return verdict


@contextmanager
def _world(trial: Trial, calls: int) -> Iterator[tuple[World, Verdict]]:
    """Yield a world of so many calls at full size, in a transaction that is rolled back at the end."""
    database = Database(trial.database)
    verdict = Verdict(0, measured={"calls": trial.of(calls, least=40)})
    try:
        with database.transaction() as session:
            world = found(session, Random(trial.seed))
            people(world, verdict.measured["calls"])
            _measure(session, session.scalars(sa.select(Offer.id)).all())
            yield world, verdict
            session.rollback()
    finally:
        database.dispose()


def _measure(session: Session, offers: Any) -> None:
    for offer_id in offers:
        actions.measure_offer(session, offer_id, NOW)
    session.flush()


def prove_closing(trial: Trial) -> Verdict:
    """Close days; let things happen late, in any order; nothing moves until somebody counts a day anew."""
    database = Database(trial.database)
    verdict = Verdict(0, measured={"calls": trial.of(2_000, least=60)})
    try:
        with database.transaction() as session:
            world = found(session, Random(trial.seed))
            people(world, verdict.measured["calls"])
            _measure(session, session.scalars(sa.select(Offer.id)).all())
        verdict.measured["reports"] = close_all(database, AFTER)
        with database.transaction() as session:
            world.session = session
            _stand_still(world, verdict, trial.of(40, least=4))
    finally:
        database.dispose()
    return verdict


def _stand_still(world: World, verdict: Verdict, rounds: int) -> None:
    looks = rounds  # The fewer rounds, the fewer looks in each.
    days = [
        day_scope(world, line.id, FIRST + timedelta(days=each)) for line in world.lines for each in range(12)
    ]
    published = {scope: values(world.session, scope, AFTER) for scope in days}
    for number in range(rounds):
        touched = _something_late(world)
        at = AFTER + timedelta(minutes=number + 1)
        for scope in world.random.sample(days, min(len(days), looks)):
            _same(world.session, scope, published[scope], at, verdict, "a closed day moved")
        scope = day_scope(world, touched[0], touched[1])
        _same(world.session, scope, published[scope], at, verdict, "the touched day moved")
        published[scope] = _count_anew(world, scope, published[scope], touched[2], at, verdict)


def _same(session: Session, scope: Any, before: Any, at: datetime, verdict: Verdict, wrong: str) -> None:
    verdict.trials += 1
    now = values(session, scope, at)
    if now != before:
        moved = [name for name in before if before[name] != now[name]]
        verdict.failed(f"{wrong}: {scope.first} {scope.line_ids} {moved}")


def _something_late(world: World) -> tuple[UUID, date, UUID]:
    """Let something come late to a closed day: a message, words, a whole call. Return line, day, call."""
    random, session = world.random, world.session
    line = random.choice(world.lines)
    if random.random() < 0.3:
        call_id = caller(world, line)
        world.write()
    else:
        ours = sa.select(Call.id).where(Call.line_id == line.id, Call.outcome != "answered")
        call_id = random.choice(sorted(session.scalars(ours)))
        outcome = "voicemail" if random.random() < 0.7 else "failed"
        session.execute(sa.update(Call).where(Call.id == call_id).values(outcome=outcome, ended_at=NOW))
    if random.random() < 0.5:
        session.execute(sa.update(TicketWords).values(solution="late"))
    _measure(session, session.scalars(sa.select(Offer.id).where(Offer.call_id == call_id)).all())
    return line.id, session.scalars(sa.select(Call.day).where(Call.id == call_id)).one(), call_id


def _count_anew(
    world: World, scope: Any, before: Any, call_id: UUID, at: datetime, verdict: Verdict
) -> dict[str, Any]:
    """Count the touched day anew: as by hand, told in full, and the old version can still be read."""
    session, (line,) = world.session, scope.line_ids
    found_anew = actions.recompute_day(session, scope.first, line, at, actor="proof", reason="late")
    session.flush()
    now = values(session, scope, at)
    changed = {name for name in now if now[name] != before[name]}
    told = {each["figure"]: each for one in found_anew for each in one.differences if "figure" in each}
    rows = {each["id"] for one in found_anew for each in one.differences if "kind" in each}
    verdict.trials += 4
    sides = (before, now)
    if told.keys() != changed or any(
        _told(each, side) != sides[side][name][:3] for name, each in told.items() for side in (0, 1)
    ):
        verdict.failed(f"{scope.first}: changed {sorted(changed)}, told {sorted(told)}")
    if changed and not rows:
        verdict.failed(f"{scope.first}: no row is told")
    if {"connection_rate", "abandonment"} & changed and str(call_id) not in rows:
        verdict.failed(f"{scope.first}: the call {call_id} is not told of")
    before_that = queries.Scope(
        scope.first, scope.last, scope.zone, line_ids=scope.line_ids, as_of=at - timedelta(seconds=1)
    )
    _same(session, before_that, before, at, verdict, "the old version is lost")
    judge(session, read(session), scope, AFTER, verdict, world.random)
    return now


def _told(difference: Any, side: int) -> tuple[Any, ...]:
    """Return a figure as a difference tells it, before (0) or after (1)."""
    return tuple(difference[name][side] for name in ("numerator", "denominator", "value"))


def prove_rollups(trial: Trial) -> Verdict:
    """Close all days; every period, line and agent comes to the same from reports and from the rows."""
    database = Database(trial.database)
    verdict = Verdict(0, measured={"calls": trial.of(5_000, least=60)})
    try:
        with database.transaction() as session:
            world = found(session, Random(trial.seed))
            people(world, verdict.measured["calls"])
            _measure(session, session.scalars(sa.select(Offer.id)).all())
        verdict.measured["reports"] = close_all(database, AFTER)
        with database.reading() as session:
            for scope in scopes(world, world.random, trial.of(200, least=6)):
                _rolled_up(session, scope, verdict)
    finally:
        database.dispose()
    return verdict


def _rolled_up(session: Session, scope: Any, verdict: Verdict) -> None:
    reported, counted = queries.standards(session, scope, AFTER)
    with patch.object(queries, "_closed_through", lambda *_: {}):
        direct, anew = queries.standards(session, scope, AFTER)
    verdict.trials += len(reported) + 1
    for one, other in zip(reported, direct, strict=True):
        if one != other:
            verdict.failed(f"{scope}: {one.id} {one.numerator}/{one.denominator}, from rows {other}")
    if counted.identity != anew.identity and scope.agent_id is None:
        verdict.failed(f"{scope}: identity {counted.identity}, from rows {anew.identity}")
    for figure in (verdict.trials % 7 == 0 and reported) or ():
        lists(session, scope, figure, AFTER, verdict)

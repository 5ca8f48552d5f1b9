"""Row: how fast agents are claimed, beside commits of a single row by as many clients in the same run.

1,000 agents are idle and callers wait, far fewer than agents; 16 threads, each with a connection of its own,
take the next pair in a transaction of its own until everybody has one. The floor inserts one row a
transaction by psycopg alone, as fast as 16 threads of one interpreter can.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.jobs import Work
from callcenter.routing.actions import offer_next
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.staff.models import Agent, AgentSkill
from tests.bench.figures import spread
from tests.bench.goals import CLAIMS, Row
from tests.bench.ground import Ground
from tests.factories import centre

THREADS = 16
AGENTS = 1000
WAITING = 32
WARM = 4
COMMITS = 150


@dataclass
class Floor:
    """The centre of this measurement."""

    work: Work
    line_id: UUID
    skill_id: UUID


def measure(ground: Ground, rounds: int, seconds: float) -> list[Row]:
    """Return the row: in each round claims for some seconds, then the commits."""
    url = ground.database("claims")
    with ground.work(url) as work:
        floor = _floor(work)
        _claim_batch(floor, WARM, seconds)
        pairs = [(_claim_rate(floor, seconds), _commit_rate(url)) for _ in range(rounds)]
    ratios = spread([claimed / committed for claimed, committed in pairs])
    claimed, committed = (spread(each).middle for each in zip(*pairs, strict=True))
    beside = {"claims_per_second": claimed, "commits_per_second": committed}
    return [Row(CLAIMS, ratios, f"{committed:,.0f} commits/s by {THREADS} threads", beside=beside)]


def _floor(work: Work) -> Floor:
    """Make a line, a skill, and 1,000 agents who have it."""
    with work.transaction() as session:
        centre.centre(session)
        line, skill = centre.line(session), centre.skill(session)
        branch = centre.branch(session)
        at = work.at()
        agents = [ids.new() for _ in range(AGENTS)]
        _insert(session, Agent, [
            {"id": id, "key": f"agent-{n}", "name": f"Agent {n}", "branch_id": branch, "languages": ["zh-CN"],
             "address": f"+86199{n:08}", "address_raw": "-", "active": True}
            for n, id in enumerate(agents)
        ])  # fmt: skip
        _insert(session, AgentSkill, [{"agent_id": id, "skill_id": skill, "level": 1} for id in agents])
        idle = {"state": "available", "since": at, "free_since": at, "version": 1}
        _insert(session, AgentState, [{"agent_id": id, **idle} for id in agents])
        return Floor(work, line.id, skill)


def _insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    session.execute(sa.insert(table), rows)


def _reset(floor: Floor) -> None:
    """Everybody is idle again, nobody was ever asked, and the planner knows the tables."""
    with floor.work.transaction() as session:
        session.execute(sa.text("TRUNCATE attempts, offers, waits, agent_state_changes, notices CASCADE"))
        session.execute(sa.update(AgentState).values(state="available", free_since=AgentState.since))
    with floor.work.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _claim_rate(floor: Floor, seconds: float) -> float:
    """Return the claims a second, over batches of 32 callers while the time and the idle agents last."""
    _reset(floor)
    made, taken = 0, 0.0
    while taken < seconds and made + WAITING < AGENTS / 2:
        claimed, took = _claim_batch(floor, WAITING, seconds - taken)
        made, taken = made + claimed, taken + took
    return made / taken


def _claim_batch(floor: Floor, waiting: int, seconds: float) -> tuple[int, float]:
    """Let callers wait, then let 16 threads claim an agent for each; return how many, in how many seconds."""
    at = floor.work.at()
    with floor.work.transaction() as session:
        _insert(session, Wait, [
            {"id": ids.new(), "subject_kind": "call", "subject_id": ids.new(), "line_id": floor.line_id,
             "skill_id": floor.skill_id, "language": "zh-CN", "priority": 0, "entered_at": at,
             "state": "waiting", "connection": 0}
            for _ in range(waiting)
        ])  # fmt: skip
    before = _offers(floor.work)
    claims, until = deque(range(waiting)), time.perf_counter() + seconds
    taken = together(lambda _: _claim_all(floor.work, claims, until))
    made = _offers(floor.work) - before
    if made != waiting - len(claims):
        raise RuntimeError(f"{made} agents were claimed {waiting - len(claims)} times")
    return made, taken


def _offers(work: Work) -> int:
    """Count the offers, each of another agent."""
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count(Offer.agent_id.distinct()))).scalar_one()


def _claim_all(work: Work, claims: deque[int], until: float) -> None:
    """Make claims while some are left and the time lasts, one at least."""
    with suppress(IndexError):
        claims.pop()
        _claim(work)
        while time.perf_counter() < until:
            claims.pop()
            _claim(work)


def _claim(work: Work) -> None:
    """Make one claim; who finds every pair in others' hands tries again."""
    claimed = False
    while not claimed:
        with work.transaction() as session:
            claimed = offer_next(session, work.at())


def _commit_rate(url: str) -> float:
    """Return the commits a second of 16 threads, each inserting single rows on a connection of its own."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connections = [psycopg.connect(plain, autocommit=True) for _ in range(THREADS)]
    connections[0].execute("CREATE TABLE IF NOT EXISTS single_rows (id uuid PRIMARY KEY, at timestamptz)")

    def insert(number: int) -> None:
        for _ in range(COMMITS):
            connections[number].execute("INSERT INTO single_rows VALUES (%s, now())", (ids.new(),))

    try:
        return THREADS * COMMITS / together(insert)
    finally:
        for connection in connections:
            connection.close()


def together(work: Callable[[int], None]) -> float:
    """Run it in 16 threads that start at once; return the seconds until all ended, or raise a fault."""
    start, faults = threading.Barrier(THREADS + 1), []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return time.perf_counter() - begun

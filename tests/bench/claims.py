"""Row: how fast agents are claimed, beside commits of a single row by as many clients in the same run.

1,000 agents are idle. 16 threads of one interpreter, each with a connection of its own, do in turn:
- claim agents: the product's one statement (`routing.queries.claim`) in a transaction of its own. This is the
  goal's row: it is what one claim at a time can cost at most;
- match: the whole transaction in which the product brings the first in line to an agent (`offer_next`: who is
  first, the claim, the offer, what is announced, the intent to ring). It is printed beside;
- insert one row a transaction by psycopg alone, as fast as they can. This is the floor.
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
from callcenter.routing.queries import claim
from callcenter.staff.models import Agent, AgentSkill
from tests.bench.figures import spread
from tests.bench.goals import CLAIMS, Row
from tests.bench.ground import Ground
from tests.factories import centre

THREADS = 16
AGENTS = 1000
CLAIMS_EACH = 30
WAITING = 32
COMMITS = 150


@dataclass
class Floor:
    """The centre of this measurement."""

    work: Work
    line_id: UUID
    skill_id: UUID


def measure(ground: Ground, rounds: int, seconds: float) -> list[Row]:
    """Return the row: in each round claims and matches for some seconds, then the commits."""
    url = ground.database("claims")
    with ground.work(url) as work:
        floor = _floor(work)
        for warms in (_claim_rate, _match_rate):
            warms(floor, min(seconds, 1.0))
        rates = [
            (_claim_rate(floor, seconds), _match_rate(floor, seconds), _commit_rate(url))
            for _ in range(rounds)
        ]
    claimed, matched, committed = (spread(each).middle for each in zip(*rates, strict=True))
    whole = spread([matches / commits for _, matches, commits in rates]).middle
    floor_told = (
        f"{committed:,.0f} commits/s by {THREADS} threads; "
        f"beside: {claimed:,.0f} claims/s; whole matches {matched:,.0f}/s, {whole:.3f} x"
    )
    beside = {
        "claims_per_second": claimed, "matches_per_second": matched, "matches_x": whole,
        "commits_per_second": committed,
    }  # fmt: skip
    ratios = spread([claims / commits for claims, _, commits in rates])
    return [Row(CLAIMS, ratios, floor_told, beside=beside)]


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
    """Return the claims a second: everybody idle, 16 threads take 30 each, until the time is over."""
    made, taken = 0, 0.0
    while taken < seconds:
        _reset(floor)
        waits = _wait(floor, THREADS)
        taken += together(lambda number, waits=waits: _claim_some(floor.work, waits[number]))
        made += THREADS * CLAIMS_EACH
        claimed = _busy(floor.work)
        if claimed != THREADS * CLAIMS_EACH:
            raise RuntimeError(f"{claimed} agents were claimed {THREADS * CLAIMS_EACH} times")
    return made / taken


def _claim_some(work: Work, wait: "sa.Row[Any]") -> None:
    """Claim agents for one caller, each in a transaction of its own; there are more than all can take."""
    for _ in range(CLAIMS_EACH):
        with work.transaction() as session:
            if claim(session, wait, work.at()) is None:
                raise RuntimeError("nobody was free")


def _busy(work: Work) -> int:
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count()).where(AgentState.state != "available")).scalar_one()


def _match_rate(floor: Floor, seconds: float) -> float:
    """Return the matches a second, over batches of 32 callers while the time and the idle agents last."""
    _reset(floor)
    made, taken = 0, 0.0
    while taken < seconds and made + WAITING < AGENTS / 2:
        matched, took = _match_batch(floor, seconds - taken)
        made, taken = made + matched, taken + took
    return made / taken


def _wait(floor: Floor, waiting: int) -> "Sequence[sa.Row[Any]]":
    """Let so many callers wait; return what a claim needs to know of them."""
    at = floor.work.at()
    columns = (Wait.id, Wait.line_id, Wait.call_id, Wait.skill_id, Wait.language)
    with floor.work.transaction() as session:
        _insert(session, Wait, [
            {"id": ids.new(), "subject_kind": "call", "subject_id": ids.new(), "line_id": floor.line_id,
             "skill_id": floor.skill_id, "language": "zh-CN", "priority": 0, "entered_at": at,
             "state": "waiting", "connection": 0}
            for _ in range(waiting)
        ])  # fmt: skip
        return session.execute(sa.select(*columns).where(Wait.state == "waiting")).all()


def _match_batch(floor: Floor, seconds: float) -> tuple[int, float]:
    """Let callers wait, then let 16 threads match each with an agent; return (how many, seconds)."""
    _wait(floor, WAITING)
    before = _offers(floor.work)
    left, until = deque(range(WAITING)), time.perf_counter() + seconds
    taken = together(lambda _: _match_all(floor.work, left, until))
    made = _offers(floor.work) - before
    if made != WAITING - len(left):
        raise RuntimeError(f"{made} agents were offered {WAITING - len(left)} times")
    return made, taken


def _offers(work: Work) -> int:
    """Count the offers, each of another agent."""
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count(Offer.agent_id.distinct()))).scalar_one()


def _match_all(work: Work, left: deque[int], until: float) -> None:
    """Make matches while some are left and the time lasts, one at least."""
    with suppress(IndexError):
        left.pop()
        _match(work)
        while time.perf_counter() < until:
            left.pop()
            _match(work)


def _match(work: Work) -> None:
    """Make one match; who finds every pair in others' hands tries again."""
    matched = False
    while not matched:
        with work.transaction() as session:
            matched = offer_next(session, work.at())


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

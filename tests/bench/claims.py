"""Row: how fast agents are claimed, beside commits of a single row by as many clients in the same run.

1,000 agents are idle. 16 clients, each a process with one connection as workers are, do in turn:
- claim agents: the product's one statement (`routing.queries.claim`) in a transaction of its own. This is the
  goal's row: it is what one claim at a time can cost at most;
- match: the whole transaction in which the product brings the first in line to an agent (`offer_next`: who is
  first, the claim, the offer, what is announced, the intent to ring). It is printed beside;
- insert one row a transaction by psycopg alone, as fast as they can. This is the floor.

What each has to do once is done before the time runs: every connection makes its plans anew whenever the
tables were looked through, which happens once a minute in a centre and before every batch here.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.jobs import Work
from callcenter.routing.matching import offer_next
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.routing.queries import claim
from callcenter.staff.models import Agent, AgentSkill
from tests.bench.clients import Clients, clients
from tests.bench.figures import spread
from tests.bench.goals import CLAIMS, Row
from tests.bench.ground import Ground
from tests.factories import centre

AGENTS = 1000
CLAIMS_EACH = 30
MATCHES_EACH = 2
COMMITS_EACH = 150


class Waiting(NamedTuple):
    """What a claim needs to know of who waits."""

    id: UUID
    line_id: UUID
    call_id: UUID | None
    skill_id: UUID
    language: str


class _Rehearsed(Exception):
    """It was for the plans only, and is rolled back."""


@dataclass
class Floor:
    """The centre of this measurement, and how many clients there are."""

    work: Work
    line_id: UUID
    skill_id: UUID
    many: int


def measure(ground: Ground, rounds: int, seconds: float, many: int) -> list[Row]:
    """Return the row: in each round claims and matches for some seconds, then the commits."""
    url = ground.database("claims")
    with ground.work(url) as work, clients(url, many) as all_:
        floor = _floor(work, many)
        _make_single_rows(work)
        rates = [
            (_claim_rate(floor, all_, seconds), _match_rate(floor, all_, seconds), _commit_rate(floor, all_))
            for _ in range(rounds)
        ]
    claimed, matched, committed = (spread(each).middle for each in zip(*rates, strict=True))
    whole = spread([matches / commits for _, matches, commits in rates]).middle
    floor_told = (
        f"{committed:,.0f} commits/s by {many} processes; "
        f"beside: {claimed:,.0f} claims/s; whole matches {matched:,.0f}/s, {whole:.3f} x"
    )
    beside = {
        "claims_per_second": claimed, "matches_per_second": matched, "matches_x": whole,
        "commits_per_second": committed,
    }  # fmt: skip
    ratios = spread([claims / commits for claims, _, commits in rates])
    return [Row(CLAIMS, ratios, floor_told, beside=beside)]


def _floor(work: Work, many: int) -> Floor:
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
        return Floor(work, line.id, skill, many)


def _insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    session.execute(sa.insert(table), rows)


def _reset(floor: Floor) -> None:
    """Everybody is idle again, nobody was ever asked, and the planner knows the tables."""
    with floor.work.transaction() as session:
        session.execute(sa.text("TRUNCATE attempts, offers, waits, agent_state_changes, notices CASCADE"))
        session.execute(sa.update(AgentState).values(state="available", free_since=AgentState.since))
    with floor.work.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _claim_rate(floor: Floor, all_: Clients, seconds: float) -> float:
    """Return the claims a second: everybody idle, each client takes 30, until the time is over."""
    made, taken = 0, 0.0
    while taken < seconds:
        _reset(floor)
        taken += all_.together(_claim_some, _wait(floor, floor.many))
        made += floor.many * CLAIMS_EACH
        claimed = _busy(floor.work)
        if claimed != floor.many * CLAIMS_EACH:
            raise RuntimeError(f"{claimed} agents were claimed {floor.many * CLAIMS_EACH} times")
    return made / taken


def _claim_some(work: Work, begin: Callable[[], None], waiting: Waiting) -> None:
    """Claim agents for one caller, each in a transaction of its own; there are more than all can take."""
    with suppress(_Rehearsed), work.transaction() as session:
        claim(session, waiting, work.at())
        raise _Rehearsed
    begin()
    for _ in range(CLAIMS_EACH):
        with work.transaction() as session:
            if claim(session, waiting, work.at()) is None:
                raise RuntimeError("nobody was free")


def _busy(work: Work) -> int:
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count()).where(AgentState.state != "available")).scalar_one()


def _match_rate(floor: Floor, all_: Clients, seconds: float) -> float:
    """Return the matches a second, over batches of callers while the time and the idle agents last."""
    _reset(floor)
    made, taken, batch = 0, 0.0, floor.many * MATCHES_EACH
    while taken < seconds and made + batch < AGENTS / 2:
        _wait(floor, batch)
        taken += all_.together(_match_some, [MATCHES_EACH] * floor.many)
        made += batch
        offered = _offers(floor.work)
        if offered != made:
            raise RuntimeError(f"{offered} agents were offered {made} times")
    return made / taken


def _wait(floor: Floor, waiting: int) -> Sequence[Waiting]:
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
        return [Waiting(*row) for row in session.execute(sa.select(*columns).where(Wait.state == "waiting"))]


def _offers(work: Work) -> int:
    """Count the offers, each of another agent."""
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count(Offer.agent_id.distinct()))).scalar_one()


def _match_some(work: Work, begin: Callable[[], None], how_many: int) -> None:
    """Make matches; who finds every pair in others' hands tries again."""
    with suppress(_Rehearsed), work.transaction() as session:
        offer_next(session, work.at())
        raise _Rehearsed
    begin()
    for _ in range(how_many):
        matched = False
        while not matched:
            with work.transaction() as session:
                matched = offer_next(session, work.at())


def _make_single_rows(work: Work) -> None:
    with work.transaction() as session:
        session.execute(sa.text("CREATE TABLE single_rows (id uuid PRIMARY KEY, at timestamptz)"))


def _commit_rate(floor: Floor, all_: Clients) -> float:
    """Return the commits a second, each client inserting single rows on a connection of its own."""
    plain = sa.make_url(floor.work.db.url).set(drivername="postgresql")
    given = plain.render_as_string(hide_password=False)
    return floor.many * COMMITS_EACH / all_.together(_commit_some, [given] * floor.many)


def _commit_some(_work: Work, begin: Callable[[], None], url: str) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        insert = "INSERT INTO single_rows VALUES (%s, now())"
        connection.execute(insert, (ids.new(),))
        begin()
        for _ in range(COMMITS_EACH):
            connection.execute(insert, (ids.new(),))

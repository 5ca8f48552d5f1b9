"""C2: many processes take agents for callers at once; nobody is taken twice, and nobody meets a deadlock.

Every claimant writes down, on the machine's one monotonic clock, from when to when an agent and a caller
were his: between the commit that gave them and the transaction that gave them back. Two such stretches of one
agent, or of one caller, must not overlap; and no error of the database may reach a claimant.
"""

import multiprocessing
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any
from unittest.mock import patch
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.jobs import Work
from callcenter.routing import actions, matching, queries
from callcenter.routing.models import AgentState, Offer, Wait
from tests.prove.routing.ground import ask, client, room, stands_in_line
from tests.prove.verdict import Proof, Trial, Verdict

AGENTS = 50
WAITING = 70
FULL = {"postgresql": (16, 100_000), "sqlite": (8, 200_000)}
"""Processes, and claims at scale 1: SQLite's tenth is 20,000."""
AT_A_TIME = 2
ALONE = timedelta(0)


@dataclass(frozen=True)
class Held:
    """An agent and a caller were one claimant's from `since` to `until` (monotonic seconds)."""

    agent: str
    wait: str
    since: float
    until: float


def prove(trial: Trial) -> Verdict:
    """Let the clients claim and give back until each has had its share; judge the stretches."""
    kind = "sqlite" if trial.database.startswith("sqlite") else "postgresql"
    most, full = FULL[kind]
    clients = min(most, max(4, trial.of(full) // 50))
    each = max(4, trial.of(full) // clients)
    with room(trial.database, AGENTS) as floor:
        line_id, skill_id = floor.line_id, floor.skill_id
        with floor.work.transaction() as session:
            for _ in range(WAITING):
                stands_in_line(session, line_id, skill_id, floor.work.at())
    claim = partial(_client, trial.database, line_id, skill_id, each, trial.seed)
    history, faults, tries = _together(clients, claim)
    verdict = Verdict(len(history), faults, {"clients": clients, "tries": tries})
    _judge(history, verdict)
    _judge_rows(trial.database, verdict)
    return verdict


def _together(clients: int, claim: Callable[[int], Any]) -> tuple[list[Held], list[str], int]:
    """Run the clients in processes of their own; return what they held, met, and how often they tried."""
    context = multiprocessing.get_context("fork")
    told: Any = context.Queue()
    start = context.Barrier(clients)
    children = [
        context.Process(target=_report, args=(told, start, claim, n), daemon=True) for n in range(clients)
    ]
    for child in children:
        child.start()
    answers = [told.get(timeout=3600) for _ in children]
    for child in children:
        child.join()
    history = [Held(*held) for held, _, _ in answers for held in held]
    return (
        history,
        [fault for _, faults, _ in answers for fault in faults],
        sum(tries for *_, tries in answers),
    )


def _report(told: Any, start: Any, claim: Callable[[int], Any], number: int) -> None:
    start.wait(600)
    told.put(claim(number))


def _client(
    url: str, line_id: UUID, skill_id: UUID, claims: int, seed: int, number: int
) -> tuple[list[tuple[str, str, float, float]], list[str], int]:
    """Claim so often, two at a time; an error that reaches us is a failure, and ends this client."""
    chance = random.Random(f"{seed}-{number}")
    held: list[tuple[str, str, float, float]] = []
    mine: deque[tuple[UUID, str, str, float]] = deque()
    tries = 0
    with client(url) as work:
        try:
            while len(held) < claims:
                tries += 1
                taken = _take(work) if len(mine) < AT_A_TIME else None
                if taken is not None:
                    mine.append(taken)
                elif mine:
                    offer_id, agent, wait, since = mine.popleft()
                    held.append((agent, wait, since, monotonic()))
                    _give_back(work, offer_id, chance.choice(_ENDS), line_id, skill_id)
            while mine:
                _give_back(work, mine.popleft()[0], _hung_up, line_id, skill_id)
        except Exception as fault:  # What surfaces is what is counted.
            return held, [f"client {number}: {type(fault).__name__}: {str(fault)[:200]}"], tries
    return held, [], tries


def _take(work: Work) -> tuple[UUID, str, str, float] | None:
    """Make one claim by the product's own verb; which pair it was, is read behind its commit."""
    made: list[UUID] = []

    def notes(session: Session, offer_id: UUID, *more: Any) -> Any:
        made.append(offer_id)
        return _ring(session, offer_id, *more)

    with patch.object(matching, "_ring_agent", notes), work.transaction() as session:
        if not matching.offer_next(session, work.at()):
            return None
    since = monotonic()
    if not made:
        return None
    with work.db.reading() as session:
        offer = session.get_one(Offer, made[0])
        return offer.id, str(offer.agent_id), str(offer.wait_id), since


_ring = matching._ring_agent


def _give_back(work: Work, offer_id: UUID, end: "End", line_id: UUID, skill_id: UUID) -> None:
    """End the claim in one of the ways in which claims end; whoever left is replaced."""
    at = work.at()
    with work.transaction() as session:
        found = queries.lock_offer(session, offer_id)
        assert found is not None
        offer, wait = found
        end(session, offer, wait, at)
        actions.stop_ringing(session, offer, at)
        if wait.state == "left":
            stands_in_line(session, line_id, skill_id, at)


End = Callable[[Session, Offer, Wait, Any], object]


def _missed(session: Session, offer: Offer, wait: Wait, at: Any) -> None:
    actions.lose_offer(session, offer, wait, "missed", "rung_out", at, ALONE)


def _hung_up(session: Session, _offer: Offer, wait: Wait, at: Any) -> None:
    actions.leave_line(session, wait, "hung_up", at)


def _talked(session: Session, offer: Offer, wait: Wait, at: Any) -> None:
    actions.win_offer(session, offer, wait, at)
    actions.leave_line(session, wait, "answered", at)
    actions.end_offer(session, offer, "talk_ended", ALONE, at)


_ENDS: tuple[End, ...] = (_missed, _hung_up, _talked)


def _judge(history: list[Held], verdict: Verdict) -> None:
    """No two stretches of one agent, or of one caller, overlap."""
    for name in ("agent", "wait"):
        last: dict[str, Held] = {}
        for held in sorted(history, key=lambda each: each.since):
            whose = getattr(held, name)
            if whose in last and last[whose].until > held.since:
                verdict.failed(f"{name} {whose} was taken twice at once: {last[whose]} and {held}")
            last[whose] = held


_LEFT = {
    "agents live twice": "SELECT agent_id FROM offers WHERE state IN ('ringing','accepted','joined') "
    "GROUP BY agent_id HAVING count(*) > 1",
    "callers live twice": "SELECT wait_id FROM offers WHERE state IN ('ringing','accepted','joined') "
    "GROUP BY wait_id HAVING count(*) > 1",
    "agents who are not free though nothing is left": "SELECT agent_id FROM agent_states "
    "WHERE state <> 'available'",
    "offers left behind": "SELECT id FROM offers WHERE state IN ('ringing','accepted','joined')",
}


def _judge_rows(url: str, verdict: Verdict) -> None:
    """When all have given back what they had, everybody is free."""
    for what, statement in _LEFT.items():
        found = ask(url, statement)
        if found:
            verdict.failed(f"{len(found)} {what}, as {found[0][0]}")


@contextmanager
def blindly() -> Iterator[None]:
    """Choose without locks."""
    with patch.object(queries, "lock_first", _first), patch.object(queries, "claim", _whoever_seems_free):
        yield


def _first(session: Session, _at: Any) -> Any:
    return session.execute(_WAITS).first()


def _whoever_seems_free(session: Session, _wait: Any, at: Any) -> queries.Claimed | None:
    found = session.execute(sa.select(AgentState.agent_id).where(AgentState.state == "available")).first()
    return _taken(session, found[0], at) if found is not None else None


_WAITS = sa.select(
    Wait.id,
    Wait.line_id,
    Wait.call_id,
    Wait.skill_id,
    Wait.language,
    Wait.subject_kind,
    Wait.subject_id,
    Wait.on_line,
).where(Wait.state == "waiting")


def _taken(session: Session, agent_id: UUID, at: Any) -> queries.Claimed:
    mine = sa.update(AgentState).where(AgentState.agent_id == agent_id)
    session.execute(mine.values(state="ringing", since=at))
    return queries.Claimed(agent_id, "+8619900000001", 1)


@contextmanager
def in_any_order() -> Iterator[None]:
    """Lock four agents in whatever order they come, and wait for them."""
    with patch.object(queries, "claim", _crosswise):
        yield


def _crosswise(session: Session, _wait: Any, at: Any) -> queries.Claimed | None:
    ours = list(session.scalars(sa.select(AgentState.agent_id)))[:4]
    random.shuffle(ours)
    for agent_id in ours:
        session.execute(sa.select(AgentState).where(AgentState.agent_id == agent_id).with_for_update())
    state = session.get_one(AgentState, ours[0], populate_existing=True)
    return _taken(session, ours[0], at) if state.state == "available" else None


@contextmanager
def freed_too_early() -> Iterator[None]:
    """Let the offer be over, and its agent free, while its claimant still has it."""

    def makes_and_loses(session: Session, wait: Any, agent: Any, until: Any, at: Any) -> UUID:
        offer_id = _make(session, wait, agent, until, at)
        found = queries.lock_offer(session, offer_id)
        assert found is not None
        _missed(session, *found, at)
        return offer_id

    with patch.object(matching, "make_offer", makes_and_loses):
        yield


_make = actions.make_offer

PROOF = Proof(
    id="C2",
    promise="no agent and no caller is claimed twice, and no deadlock surfaces",
    prove=prove,
    mutants={"chosen blindly": blindly, "locked in any order": in_any_order, "freed early": freed_too_early},
    small=0.0005,
    alone=True,
)

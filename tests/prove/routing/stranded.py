"""C3 on simulated time: nobody is stranded, though jobs and sweeps die between any two of their commits.

The whole centre runs on the simulator's clock. A kill strikes behind a commit of a job or a sweep: what
would have come next in that process never comes, and all that Redis held is gone. Callers never give up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.routing import actions as routing
from callcenter.routing.models import AgentState
from callcenter.simulator import Fault
from callcenter.staff.models import Agent, AgentSkill
from callcenter.switchboard import sweeps
from tests import xinghe
from tests.journeys import conftest
from tests.journeys.conftest import MONDAY_MORNING, Hotline, opened
from tests.prove.verdict import Proof, Trial, Verdict

CALLS, AGENTS, KILLS = 2_000, 40, 20
LOST = 0.1
SECONDS_EACH = 3.0
PATIENCE_SECONDS = 240
"""How long the last caller may need, from the last one's dialling on."""
REPORTED_WITHIN, FREE_WITHIN = 120, 60
"""Seconds: a lost end is found out within 120 (A9); then everybody is free within 60."""
TWICE_THE_COMMITS = 40


class Killed(BaseException):
    """A process ends here: nothing of it goes on, not even what catches exceptions."""


@dataclass
class Reaper:
    """Kills behind the commit at which its count runs out; `struck` counts the dead."""

    chance: Random
    count: int = 0
    struck: int = 0

    def arm(self) -> None:
        """Let the process that makes one of the next commits die behind it."""
        self.count = self.chance.randint(1, TWICE_THE_COMMITS)

    def commits(self) -> None:
        """A commit was made."""
        if self.count:
            self.count -= 1
            if not self.count:
                self.struck += 1
                raise Killed


def prove(trial: Trial) -> Verdict:
    """Let the callers call, and judge a while after the last one has gone."""
    chance, calls = Random(trial.seed), trial.of(CALLS, 8)
    verdict, database = Verdict(calls), Database(trial.database)
    reaper = Reaper(chance)
    agents = min(AGENTS, max(4, calls // 2))
    with opened(database, seed=trial.seed, at=MONDAY_MORNING) as hotline, _killed(hotline, reaper):
        _prepare(hotline, agents)
        net, dialled = hotline.net, list[Any]()
        for n in range(calls):
            net.at(chance.uniform(0, SECONDS_EACH * calls), partial(_dial, hotline, n, dialled))
        kills = trial.of(KILLS, 3)
        for _ in range(kills):
            net.at(chance.uniform(0, SECONDS_EACH * calls), reaper.arm)
        net.run_until(
            lambda: len(dialled) == calls and not net.live_calls(), SECONDS_EACH * calls + PATIENCE_SECONDS
        )
        net.run_for(REPORTED_WITHIN + FREE_WITHIN)
        _judge(hotline, verdict, dialled)
    database.dispose()
    verdict.measured |= {"agents": agents, "killed": reaper.struck}
    return verdict


@contextmanager
def _killed(hotline: Hotline, reaper: Reaper) -> Iterator[None]:
    """Let jobs and sweeps die, and with each the bell's whole memory."""
    real = Work.transaction
    inside = [0]

    @contextmanager
    def mortal(work: Work) -> Iterator[Session]:
        with real(work) as session:
            yield session
        if inside[0]:
            reaper.commits()

    def survives(run: Any, *given: Any) -> None:
        inside[0] += 1
        try:
            run(*given)
        except Killed:
            hotline.bell.rung.clear()
        finally:
            inside[0] -= 1

    due = [replace(each, run=partial(survives, each.run)) for each in sweeps.SWEEPS]
    with (
        patch.object(Work, "transaction", mortal),
        patch.object(conftest, "perform", partial(survives, conftest.perform)),
        patch("callcenter.clock_process.SWEEPS", due),
    ):
        yield


def _prepare(hotline: Hotline, agents: int) -> None:
    """Log agents in who answer, and let the carrier lose what it tells."""
    for key in _hired(hotline, agents):
        hotline.agent(key).answers(rings=1, presses="1", talks_for=25)
    for kind in ("status", "conference"):
        hotline.net.faults.add(Fault("drop", kind, LOST))  # type: ignore[arg-type]


def _hired(hotline: Hotline, agents: int) -> list[str]:
    """Hire colleagues who can do what one of the example's agents can."""
    with hotline.work.transaction() as session:
        like = session.scalars(sa.select(Agent).where(Agent.key == "zhang-wei")).one()
        skills = session.scalars(sa.select(AgentSkill).where(AgentSkill.agent_id == like.id)).all()
        for n in range(agents):
            agent_id, address = ids.new(), f"+861990000{n + 500:04}"
            session.add(
                Agent(
                    id=agent_id, key=f"colleague-{n}", name="同事", branch_id=like.branch_id, active=True,
                    languages=like.languages, address=address, address_raw=address,
                )
            )  # fmt: skip
            session.flush()
            for skill in skills:
                session.add(AgentSkill(agent_id=agent_id, skill_id=skill.skill_id, level=skill.level))
            session.add(AgentState(agent_id=agent_id, state="offline", since=hotline.work.at(), version=1))
    return [f"colleague-{n}" for n in range(agents)]


def _dial(hotline: Hotline, n: int, dialled: list[Any]) -> None:
    dialled.append(hotline.phone(f"+86138{n:08}").dials(xinghe.HOTLINE, presses=("1",)))


_STUCK = {
    "agents who are not free": "SELECT 1 FROM agent_states WHERE state NOT IN ('available', 'offline')",
    "offers that are live": "SELECT id FROM offers WHERE state IN ('ringing', 'accepted', 'joined')",
    "callers who wait": "SELECT id FROM waits WHERE state IN ('waiting', 'offered', 'won')",
    "calls without an end": "SELECT id FROM calls WHERE ended_at IS NULL",
}


def _judge(hotline: Hotline, verdict: Verdict, dialled: list[Any]) -> None:
    """Everybody has talked with somebody and gone, and every agent is free."""
    talked = 0
    for handset in dialled:
        met = any(moment.kind == "talk" for moment in handset.call.ear.moments)
        talked += met
        if not handset.ended:
            verdict.failed(f"{handset.sid} is stranded; he heard:\n{handset.transcript()[-300:]}")
        elif not met:
            verdict.failed(f"{handset.sid} never gave up and was talked to by nobody: {handset.words[-80:]}")
    with hotline.work.db.engine.connect() as connection:
        for what, statement in _STUCK.items():
            left = connection.exec_driver_sql(statement).all()
            if left:
                verdict.failed(f"{len(left)} {what}")
    verdict.measured["talked"] = talked


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Let one sweep find nothing."""
    quiet = [each for each in sweeps.SWEEPS if each.name != name]
    with patch.object(sweeps, "SWEEPS", quiet):
        yield


@contextmanager
def notes_without_end() -> Iterator[None]:
    """Let a wrap-up begin that nothing ends."""

    def begins(session: Session, agent_id: Any, at: Any, _until: Any) -> None:
        routing.occupy_agent(session, agent_id, "wrap_up", at)

    with patch.object(routing, "wrap_up_agent", begins):
        yield


PROOF = Proof(
    id="C3-simulated",
    promise="nobody is stranded, on simulated time: notices are lost, jobs and sweeps die behind commits",
    prove=prove,
    mutants={
        "lost ends are not found": partial(_silenced, "silent_legs"),
        "notes without end": notes_without_end,
    },
    small=0.002,
)

"""B1: workers are killed again and again, and no promise is forgotten, no customer rung twice.

A kill strikes at one of the points that the code has (reaper.py), each in turn, or wherever a worker comes
next. The carrier refuses a few requests, answers 500 to a few and breaks off a few, so that those points are
reached at all; none of these has made a call.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from callcenter.simulator import Fault
from tests.prove.promises.judge import ages, books_of, judge
from tests.prove.promises.mutants import (
    dead_senders_are_left,
    lost_bells_are_left,
    places_before_it_commits,
)
from tests.prove.promises.office import AGENT_SECONDS, CALLS_PER_SECOND, Office, office, people, workers
from tests.prove.promises.reaper import CUSTOMERS_FIRST, Reaper, mortal_work, points
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS, KILLS, EACH = 5_000, 150, 1_200, 20
SETTLED, UNKNOWN_SETTLED = 120.0, 240.0
LOOKS_EVERY = 5.0
ARMED = 0.8
"""The last kills are armed when promises still fall due for so long that each finds its point."""
REFUSED, UNGIVEN, AGENTS_MISS = 0.03, 0.2, 20
"""Orders fail more often, for there are few. Of so many first calls of an agent every tenth rings out, or no
phone would be told to stop ringing."""
SLOW_TIMES, SLOW_SECONDS = 10, 12.0
"""So often for so long the account lets one call out a second, and more than that wait in its queue."""


@dataclass
class Watch:
    """Looks again and again how long the fate of an attempt stays unknown."""

    office: Office
    oldest: dict[str, float] = field(default_factory=dict)

    def looks(self) -> None:
        """Note the oldest of each state."""
        for state, age in ages(self.office.work.db.engine, self.office.hotline.net.now()):
            self.oldest[state] = max(age, self.oldest.get(state, 0.0))

    def judge(self, verdict: Verdict) -> None:
        """Nothing took longer than it may."""
        for state, age in self.oldest.items():
            if age > (UNKNOWN_SETTLED if state == "unknown" else SETTLED):
                verdict.failed(f"an attempt was {state} for {age:.0f} s")
            verdict.measured[f"longest_{state}_s"] = round(age)


def prove(trial: Trial) -> Verdict:
    """Let promises fall due while workers die, and judge when all is quiet."""
    return _prove(trial)


def prove_customers_first(trial: Trial) -> Verdict:
    """Do the same on a line that rings its customers before its agents."""
    return _prove(trial, customers_first=True)


def _prove(trial: Trial, *, customers_first: bool = False) -> Verdict:
    count, kills = trial.of(PROMISES, 24), trial.of(KILLS, 70)
    agents = min(AGENTS, max(8, count // 4))
    verdict = Verdict(count)
    with office(trial, agents, customers_first=customers_first) as centre:
        watch = Watch(centre)
        reaper = Reaper(centre.chance, can=lambda point: customers_first or CUSTOMERS_FIRST not in point)
        with workers(mortal_work(centre.work, reaper), reaper.performs), reaper.at_work():
            lasts = count * AGENT_SECONDS / agents
            centre.promises(count, lasts)
            people(centre, first=AGENTS_MISS)
            _misfortunes(centre, lasts)
            for _ in range(kills):
                centre.hotline.net.at(centre.chance.uniform(5, ARMED * lasts), reaper.arm)
            centre.hotline.net.every(LOOKS_EVERY, watch.looks)
            centre.runs(lasts, quiet=1200)
        judge(verdict, books_of(centre.hotline.net), centre.work.db.engine, centre.due)
        watch.judge(verdict)
        _judge_kills(verdict, trial, reaper)
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def _misfortunes(centre: Office, lasts: float) -> None:
    """Let the carrier refuse and fail a little, before it has done anything, and now and then be slow."""
    faults: list[tuple[Any, str, float]] = [
        ("429", "/Calls.json", REFUSED),
        ("500", "/Calls.json", REFUSED),
        ("500", "/Calls/CA", UNGIVEN),
    ]
    for effect, path, often in faults:
        centre.hotline.net.faults.add(Fault(effect, "rest", often, path=path, event="POST"))
    for n in range(SLOW_TIMES):
        begins = lasts * (n + 0.5) / SLOW_TIMES
        centre.hotline.net.at(begins, lambda: centre.lets_out(1.0))
        centre.hotline.net.at(begins + SLOW_SECONDS, lambda: centre.lets_out(CALLS_PER_SECOND))


def _judge_kills(verdict: Verdict, trial: Trial, reaper: Reaper) -> None:
    """Every point was hit as often as promised."""
    hits = {point: reaper.hits[point] for point in points() if reaper.can(point)}
    for point, count in hits.items():
        if count < trial.of(EACH, 0):
            verdict.failed(f"a worker died {point} only {count} times")
    verdict.measured |= {"killed": reaper.struck, "least_at_a_point": min(hits.values())}
    verdict.counts["killed"] = hits


PROOF = Proof(
    id="B1",
    promise="no promise forgotten, no customer rung twice, though workers are killed at every point",
    prove=prove,
    mutants={
        "the request before the commit": places_before_it_commits,
        "dead senders are left": dead_senders_are_left,
        "lost bells are left": lost_bells_are_left,
    },
    databases=("sqlite", "postgresql"),
    small=0.002,
)
FIRST = replace(
    PROOF,
    id="B1-first",
    promise="the same where customers are rung before an agent is asked",
    prove=prove_customers_first,
    mutants={},
    suite_on=("sqlite",),
)

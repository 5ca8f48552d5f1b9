"""B3: Redis forgets everything, or dies, again and again; then it is away for five minutes.

FLUSHALL loses what was rung and not taken up yet: here the next five bells. A `kill -9` loses the same and
then refuses bells until the server is back. Meanwhile workers do nothing; the clock does the work itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callcenter.clock_process import SelfRinging
from tests.journeys.conftest import Bell
from tests.prove.promises.judge import Rung, books_of, judge
from tests.prove.promises.mutants import due_callbacks_are_left, lost_bells_are_left, the_clock_rings_only
from tests.prove.promises.office import AGENT_SECONDS, Office, office, people, workers
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS, STRIKES = 2_000, 100, 20
FORGETS, DEAD_SECONDS, AWAY_SECONDS = 5, 4.0, 300.0
PLACED_WITHIN = 60.0
"""A promise that falls due while Redis is away is rung within so many seconds."""


@dataclass
class Redis:
    """What stands for Redis: it takes bells, loses them, or is not there."""

    bell: Bell
    ring_there: Callable[[str, str], bool]
    forgets: int = 0
    lost: int = 0

    def ring(self, name: str, subject_id: str) -> bool:
        """Take a job, which may be lost."""
        if self.forgets and not self.bell.away:
            self.forgets -= 1
            self.lost += 1
            return True
        return self.ring_there(name, subject_id)


class Inline:
    """An executor that does its work at once."""

    def submit(self, function: Callable[..., None], *given: object) -> None:
        """Call it."""
        function(*given)


def prove(trial: Trial) -> Verdict:
    """Let Redis go and come back, then be away, and judge."""
    count, strikes = trial.of(PROMISES, 24), trial.of(STRIKES, 4)
    agents = min(AGENTS, max(8, count // 4))
    verdict = Verdict(count)
    with office(trial, agents) as centre, workers(centre.work):
        redis = _redis(centre)
        lasts = max(count * AGENT_SECONDS / agents, 60.0) + AWAY_SECONDS
        centre.promises(count, lasts)
        people(centre)
        for n in range(strikes):
            at = centre.chance.uniform(5, lasts - AWAY_SECONDS)
            _strike(centre, redis, at, DEAD_SECONDS if n % 2 else 0.0)
        _is_away(centre, lasts - AWAY_SECONDS, AWAY_SECONDS)
        begun = centre.hotline.net.now() + timedelta(seconds=lasts - AWAY_SECONDS)
        centre.runs(lasts, quiet=900)
        books = books_of(centre.hotline.net)
        judge(verdict, books, centre.work.db.engine, centre.due)
        _judge_absence(verdict, books.by_address(), centre.due, begun)
        verdict.measured |= {"bells_lost": redis.lost}
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def _redis(centre: Office) -> Redis:
    """Let every bell go through something that can forget, and the clock work where it is not there."""
    bell = centre.hotline.bell
    redis = Redis(bell, bell.ring)
    bell.ring = redis.ring  # type: ignore[method-assign]
    ringing = SelfRinging(bell, Inline())  # type: ignore[arg-type]
    ringing.work = replace(centre.work, bell=ringing)
    centre.hotline.ticker.work = ringing.work
    return redis


def _strike(centre: Office, redis: Redis, at: float, dead: float) -> None:
    """Lose what was rung; with `dead`, refuse bells for so long afterwards."""
    centre.hotline.net.at(at, lambda: _set(redis, forgets=FORGETS))
    if dead:
        _is_away(centre, at + 1.0, dead)


def _is_away(centre: Office, at: float, seconds: float) -> None:
    centre.hotline.net.at(at, lambda: _set(centre.hotline.bell, away=True))
    centre.hotline.net.at(at + seconds, lambda: _set(centre.hotline.bell, away=False))


def _set(thing: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(thing, name, value)


def _judge_absence(
    verdict: Verdict, calls: dict[str, list[Rung]], due: dict[str, datetime], begun: datetime
) -> None:
    """Who was due while Redis was away was rung meanwhile, and not when it was back."""
    ends = begun + timedelta(seconds=AWAY_SECONDS - PLACED_WITHIN)
    meanwhile = [number for number, at in due.items() if begun <= at <= ends]
    late = [
        number
        for number in meanwhile
        if not calls.get(number) or calls[number][0].created > due[number] + timedelta(seconds=PLACED_WITHIN)
    ]
    verdict.measured |= {"due_without_redis": len(meanwhile)}
    if late or not meanwhile:
        verdict.failed(f"{len(late)} of {len(meanwhile)} were not rung while Redis was away, as {late[:1]}")


PROOF = Proof(
    id="B3",
    promise="Redis forgets, dies, is away for five minutes: nothing lost, nothing twice, calls go on",
    prove=prove,
    mutants={
        "lost bells are left": lost_bells_are_left,
        "due callbacks are rung once": due_callbacks_are_left,
        "the clock rings only": the_clock_rings_only,
    },
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.005,
)

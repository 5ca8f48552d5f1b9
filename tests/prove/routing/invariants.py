"""C1: whatever comes, an agent has at most one call, a call at most one agent, and nobody is lost.

Each step is drawn among all that can come (the rules of `model`, which C5 searches): first by the rules
alone, then by the product's own verbs on a database, whose rows are judged by SQL. Every state is judged, so
that what is told of a failure ends with the step that failed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy.orm import Session

from callcenter.db import Database
from callcenter.routing import actions as routing
from callcenter.routing.models import Wait
from tests.prove.routing.ground import Room, room
from tests.prove.routing.harms import harm
from tests.prove.routing.model import Rules
from tests.prove.routing.replay import MENU, SELDOM, Desk, sweep_out
from tests.prove.routing.shapes import Centre, Step, start
from tests.prove.verdict import Proof, Trial, Verdict

FULL_RULES, FULL_ROWS = 200_000, 20_000
STEPS = 50
AGENTS, CALLERS = 2, 3
KNOWN_CENTRES = 100_000


def prove(trial: Trial) -> Verdict:
    """Take the steps on the rules alone, then, a tenth as many, on the rows."""
    verdict, random = Verdict(0), Random(trial.seed)
    by_rules = _by_rules(verdict, random, trial.of(FULL_RULES, STEPS))
    with room(trial.database, AGENTS, menu=MENU) as floor:
        on_rows = _on_rows(verdict, random, floor, trial.of(FULL_ROWS, STEPS))
    verdict.trials = by_rules + on_rows
    verdict.measured = {"steps by the rules": by_rules, "steps on rows": on_rows}
    return verdict


def _by_rules(verdict: Verdict, random: Random, steps: int) -> int:
    """Walk by the rules until so many steps were taken, or one has failed; return how many were."""
    taken = 0
    while taken < steps and not verdict.failures:
        way: list[Step] = []
        for step, centre in walk(random, steps - taken):
            way.append(step)
            if wrong := harm(centre):
                verdict.failed(f"{wrong} after {way}")
                break
        taken += len(way)
    return taken


def _on_rows(verdict: Verdict, random: Random, floor: Room, steps: int) -> int:
    """Take such walks in the product, and look at the rows after every step."""
    taken = 0
    while taken < steps and not verdict.failures:
        desk, way = Desk(floor), list[Step]()
        for step, _ in walk(random, steps - taken):
            way.append(step)
            if wrong := _takes(floor, desk, step):
                verdict.failed(f"{wrong} after {way}")
                break
        taken += len(way)
        sweep_out(floor)
    return taken


def _takes(floor: Room, desk: Desk, step: Step) -> str | None:
    """Take a step in the product; return what is wrong then, or what the product says against it."""
    floor.time.moves(seconds=5)
    try:
        desk.takes(step)
    except Exception as fault:  # A step that can come and that the product refuses has failed.
        return f"{type(fault).__name__}: {str(fault)[:600]}"
    floor.bell.rung.clear()
    return next(harms_of_rows(floor.work.db), None)


def walk(random: Random, most: int) -> Iterator[tuple[Step, Centre]]:
    """Go from a quiet centre by steps that can come; every other walk avoids what would end it early."""
    centre, goes_far = start(AGENTS, CALLERS), random.random() < 0.5
    for _ in range(min(STEPS, most)):
        ahead = _ahead(centre)
        if not ahead:
            return
        weights = [SELDOM.get(step[0], 1.0) for step, _ in ahead] if goes_far else None
        step, centre = random.choices(ahead, weights)[0]
        yield step, centre


@lru_cache(KNOWN_CENTRES)
def _ahead(centre: Centre) -> tuple[tuple[Step, Centre], ...]:
    return tuple((step, after) for step, after in Rules().steps(centre) if after != centre)


_LIVE = "state IN ('ringing', 'accepted', 'joined')"
_HARMS = {
    "an agent has two offers": f"SELECT 1 FROM offers WHERE {_LIVE} GROUP BY agent_id HAVING count(*) > 1",
    "a call has two agents": f"SELECT 1 FROM offers WHERE {_LIVE} GROUP BY wait_id HAVING count(*) > 1",
    "an agent is on a call without one, or has one and is not": (
        "SELECT 1 FROM agent_states s WHERE (s.state IN ('ringing', 'talking')) <> "
        f"EXISTS (SELECT 1 FROM offers o WHERE o.agent_id = s.agent_id AND o.{_LIVE})"
    ),
    "a caller is offered to nobody, or won by nobody": (
        "SELECT 1 FROM waits w WHERE w.state IN ('offered', 'won') AND NOT EXISTS "
        "(SELECT 1 FROM offers o WHERE o.wait_id = w.id "
        "AND o.state = CASE w.state WHEN 'won' THEN 'accepted' ELSE 'ringing' END)"
    ),
    # Whom the carrier has called gone (21220) waits for nobody any more, before his call's end is told of.
    "a caller in the queue waits for nobody": (
        "SELECT 1 FROM calls c WHERE c.queued_at IS NOT NULL AND c.ended_at IS NULL AND NOT EXISTS (SELECT 1 "
        "FROM waits w WHERE w.subject_id = c.id "
        "AND (w.state IN ('waiting', 'offered', 'won', 'joined') OR w.exit = 'caller_gone'))"
    ),
    "an agent is away without an end": (
        "SELECT 1 FROM agent_states WHERE state IN ('wrap_up', 'break') AND until IS NULL"
    ),
}
_ALL_HARMS = " UNION ALL ".join(f"SELECT '{what}' WHERE EXISTS ({rows})" for what, rows in _HARMS.items())


def harms_of_rows(database: Database) -> Iterator[str]:
    """Yield what is wrong with the rows, by plain SQL."""
    with database.engine.connect() as connection:
        yield from connection.exec_driver_sql(_ALL_HARMS).scalars()


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let one verb of routing do nothing."""

    def nothing(*_: Any, **__: Any) -> None:
        return None

    with patch.object(routing, name, nothing):
        yield


@contextmanager
def nobody_is_freed() -> Iterator[None]:
    """Leave an agent ringing whose caller has gone."""
    with _without("free_agent"):
        yield


@contextmanager
def rest_has_no_end() -> Iterator[None]:
    """Let an agent who missed a call stay away."""
    real = routing._move

    def moves(*given: Any, until: Any = None, **more: Any) -> None:
        real(*given, **more)

    with patch.object(routing, "_move", moves):
        yield


@contextmanager
def place_is_lost() -> Iterator[None]:
    """Do not take a caller back into the line whose offer was missed."""
    real = routing.lose_offer

    def loses(session: Session, offer: Any, wait: Wait, *more: Any) -> bool:
        before, lost = wait.state, real(session, offer, wait, *more)
        wait.state = before
        return lost

    with patch.object(routing, "lose_offer", loses):
        yield


PROOF = Proof(
    id="C1",
    promise="an agent has one call at most, a call one agent, and everybody who waits is waited on",
    prove=prove,
    mutants={"nobody freed": nobody_is_freed, "endless rest": rest_has_no_end, "place lost": place_is_lost},
    small=0.004,
)

"""C1: whatever comes, an agent has at most one call, a call at most one agent, and nobody is lost.

Hypothesis chooses the steps among all that can come (the rules of `model`, which C5 searches): first
by the rules alone, then by the product's own verbs on a database, whose rows are judged by SQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from callcenter.db import Database
from callcenter.routing import actions as routing
from callcenter.routing.models import Wait
from tests.prove.routing.ground import Room, room
from tests.prove.routing.harms import harm
from tests.prove.routing.model import Rules
from tests.prove.routing.replay import MENU, Desk, sweep_out
from tests.prove.routing.shapes import start
from tests.prove.verdict import Proof, Trial, Verdict

FULL_RULES, FULL_ROWS = 200_000, 20_000
STEPS = 50
AGENTS, CALLERS = 2, 3


def prove(trial: Trial) -> Verdict:
    """Take the steps on the rules alone, then, a tenth as many, on the rows."""
    verdict = Verdict(0)
    _Machine.verdict = verdict
    _run(trial, _Machine, trial.of(FULL_RULES, STEPS))
    by_rules = verdict.trials
    with room(trial.database, AGENTS, menu=MENU) as floor:
        _OnRows.floor = floor
        _run(trial, _OnRows, trial.of(FULL_ROWS, STEPS))
    verdict.measured = {"steps by the rules": by_rules, "steps on rows": verdict.trials - by_rules}
    return verdict


def _run(trial: Trial, machine: "type[_Machine]", steps: int) -> None:
    """Let Hypothesis play until so many steps were taken, or one has failed."""
    verdict = _Machine.verdict
    _Machine.goal = verdict.trials + steps
    while verdict.trials < _Machine.goal and not verdict.failures:
        played = settings(
            max_examples=max(10, (_Machine.goal - verdict.trials) // STEPS), stateful_step_count=STEPS,
            deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        try:
            run_state_machine_as_test(seed(trial.seed + verdict.trials)(machine), settings=played)
        except Exception as fault:  # The machine's own assertions, and whatever the product raises.
            verdict.failed(f"{type(fault).__name__}: {str(fault)[:600]}")


class _Machine(RuleBasedStateMachine):
    """One centre, as the rules have it."""

    verdict: ClassVar[Verdict]
    goal: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.rules = Rules()
        self.centre = start(AGENTS, CALLERS)
        self.way: list[Any] = []

    @rule(data=st.data())
    def something_happens(self, data: Any) -> None:
        """Any step that can come."""
        ahead = [(step, after) for step, after in self.rules.steps(self.centre) if after != self.centre]
        if ahead and self.verdict.trials < self.goal:
            number = data.draw(st.integers(0, len(ahead) - 1))
            step, self.centre = ahead[number]
            self.way.append(step)
            self.verdict.trials += 1
            self.judge(step)

    def judge(self, _step: Any) -> None:
        """Look at the state."""
        wrong = harm(self.centre)
        assert wrong is None, f"{wrong} after {self.way}"


class _OnRows(_Machine):
    """The same centre in a database."""

    floor: ClassVar[Room]

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self.floor)

    def judge(self, step: Any) -> None:
        """Take the step in the product too, and look at the rows."""
        self.floor.time.moves(seconds=5)
        self.desk.takes(step)
        self.floor.bell.rung.clear()
        for wrong in harms_of_rows(self.floor.work.db):
            raise AssertionError(f"{wrong} after {self.way}")

    def teardown(self) -> None:
        """Forget the centre's calls."""
        sweep_out(self.floor)


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
    "a caller in the queue waits for nobody": (
        "SELECT 1 FROM calls c WHERE c.queued_at IS NOT NULL AND c.ended_at IS NULL AND NOT EXISTS (SELECT 1 "
        "FROM waits w WHERE w.subject_id = c.id AND w.state IN ('waiting', 'offered', 'won', 'joined'))"
    ),
    "an agent is away without an end": (
        "SELECT 1 FROM agent_states WHERE state IN ('wrap_up', 'break') AND until IS NULL"
    ),
}


def harms_of_rows(database: Database) -> Iterator[str]:
    """Yield what is wrong with the rows, by plain SQL."""
    with database.engine.connect() as connection:
        for what, statement in _HARMS.items():
            if connection.exec_driver_sql(statement).first() is not None:
                yield what


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
    real = routing._enter

    def enters(*given: Any, until: Any = None, **more: Any) -> None:
        real(*given, **more)

    with patch.object(routing, "_enter", enters):
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

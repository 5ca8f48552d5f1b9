"""C3: nobody is stranded though processes are killed with `kill -9` and notices are lost.

Callers phone, press 1, talk, and hang up; none of them ever gives up. Meanwhile one process after the other
is killed, and the supervisor starts it again. Every agent lets his first call ring out in turn, so that some
callers must go to the next. Seconds are the simulator's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from tests.prove.routing import deserted
from tests.prove.routing.installation import PARTS, Installation, Script, harmed, installation
from tests.prove.verdict import Proof, Trial, Verdict
from tests.xinghe import HOTLINE

CALLS, AGENTS, KILLS = 2_000, 40, 20
LOST = 0.1
AGENT_SECONDS = 65.0
"""What a call takes of an agent: it rings, it is announced, they talk, then half a minute for notes."""
TALKS, AGENT_TALKS = 25.0, 15.0
PICKS_UP_AFTER = 2.0
ENDS_WITHIN, REPORTED_WITHIN, FREE_WITHIN = 300.0, 240.0, 60.0
"""Until the last caller has gone; every end is known (B1's time for unknown calls); everybody is free."""


@dataclass
class Day:
    """Who calls and what is killed when."""

    centre: Installation
    verdict: Verdict
    chance: Random
    calls: int
    agents: int
    kills: int
    dialled: list[str] = field(default_factory=list)

    def happens(self) -> Script:
        """Let everything happen; then wait for the quiet, and look whether all are free."""
        yield from self.centre.all_listen()
        for at, happens in sorted(self._plan(), key=lambda planned: planned[0]):
            while self.centre.seconds < at:
                yield
            happens()
        for seconds, name, so in self._quiet():
            begun = self.centre.seconds
            while not (there := so()) and self.centre.seconds < begun + seconds:
                yield
            self.verdict.measured[name] = round(self.centre.seconds - begun)
            if not there:
                break  # What is wrong is for the judge to say.
        deserted.judge(self.verdict, self.centre.url, self.centre.net, self.dialled)

    def _plan(self) -> Iterator[tuple[float, Any]]:
        lasts = self.calls * AGENT_SECONDS / self.agents
        for n in range(self.calls):
            yield self.chance.uniform(0, lasts), partial(self._dial, n)
        victims = [n % len(PARTS) for n in range(self.kills)]
        self.chance.shuffle(victims)
        # One in each stretch of the day: a process that dies five times in a minute would be given up.
        for n, victim in enumerate(victims):
            at = self.chance.uniform(n, n + 1) * lasts / self.kills
            yield at, partial(self.centre.kill, victim)

    def _dial(self, n: int) -> None:
        order = {"to": HOTLINE, "from": f"+86138{n:08}", "press": ["1"], "hold_seconds": TALKS}
        self.dialled.append(self.centre.net.ask("calls", order)["id"])

    def _telephones_down(self) -> bool:
        return not self.centre.net.load()["live_calls"]

    def _quiet(self) -> Iterator[tuple[float, str, Any]]:
        """Yield what must come true one after the other, and within how many seconds."""
        yield ENDS_WITHIN, "last_call_s", self._telephones_down
        yield REPORTED_WITHIN, "ends_known_s", partial(deserted.is_told, self.centre.url)
        yield FREE_WITHIN, "all_free_s", partial(deserted.is_empty, self.centre.url)


def prove(trial: Trial) -> Verdict:
    """Let the day happen, and judge."""
    calls = trial.of(CALLS, 8)
    agents, kills = min(AGENTS, max(4, calls // 5)), trial.of(KILLS, len(PARTS))
    verdict = Verdict(calls)
    faults = [{"effect": "drop", "kind": kind, "probability": LOST} for kind in ("status", "conference")]
    phones = [_phone(n) for n in range(agents)]
    with installation(trial.database, agents, faults=faults, phones=phones) as centre:
        day = Day(centre, verdict, Random(trial.seed), calls, agents, kills)
        centre.live(day.happens())
    verdict.measured |= {"agents": agents, "killed": len(centre.killed)}
    return verdict


def _phone(n: int) -> dict[str, Any]:
    """Some let the first call ring out; some hang up before the caller does."""
    takes: dict[str, Any] = {"conduct": "answers", "after": PICKS_UP_AFTER, "presses": ["1"]}
    if n % 3 == 0:
        takes["talks_for"] = AGENT_TALKS
    misses = [{"conduct": "rings out"}] if n % 4 == 0 else []
    return {"address": f"+86199{n:08}", "name": f"Agent {n}", "behaviours": [*misses, takes]}


FAULTS = (
    "lost ends are not found",
    "a missed caller is not in line again",
    "notes without end",
    "promised in words only",
)
PROOF = Proof(
    id="C3",
    promise="nobody is stranded and nobody stuck, though processes are killed and notices lost",
    prove=prove,
    mutants={name: partial(harmed, name) for name in FAULTS},
    in_suite=False,
    alone=True,
)

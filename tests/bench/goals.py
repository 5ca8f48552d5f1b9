"""What must be reached, and the verdict on what was. Pure.

A benchmark tells and does not fail: its exit status says that it could measure, never how fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tests.bench.figures import Spread

FAIR_BASELINE = (0.005, 0.025)
"""The share of the static rate in which a straightforward version must lie to be worth comparing with."""


class Verdict(StrEnum):
    """What a row says."""

    REACHED = "reached"
    NOT_REACHED = "not reached"
    NO_BASELINE = "no baseline"


@dataclass(frozen=True)
class Goal:
    """A figure that must be at least, or at most, so much; `unit` x is a ratio."""

    key: str
    what: str
    sense: Literal["least", "most"]
    must: float
    unit: str = "x"

    def met_by(self, measured: float) -> bool:
        """Say whether a figure meets it; meeting it exactly does."""
        return measured >= self.must if self.sense == "least" else measured <= self.must


@dataclass(frozen=True)
class Row:
    """A goal beside what was measured and the floor of the same run.

    `faults` are the answers that were wrong meanwhile: speed that somebody paid for with an apology is none.
    `beside` holds what explains the figure and is true of this machine only.
    """

    goal: Goal
    measured: Spread
    floor: str
    fair: bool = True
    faults: int = 0
    beside: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Return the verdict on the median; without a fair baseline there is none."""
        if not self.fair:
            return Verdict.NO_BASELINE
        met = self.goal.met_by(self.measured.middle) and not self.faults
        return Verdict.REACHED if met else Verdict.NOT_REACHED


def is_fair(share_of_static: float) -> bool:
    """Say whether a straightforward version is neither a straw man nor tuned."""
    least, most = FAIR_BASELINE
    return least <= share_of_static <= most


ARRIVAL = Goal("arrival", "arrival webhook : static", "least", 0.03)
CHOICE = Goal("choice", "menu-choice webhook : static", "least", 0.025)
ARRIVAL_ORM = Goal("arrival_orm", "arrival webhook : straightforward ORM", "least", 2.5)
CHOICE_ORM = Goal("choice_orm", "menu-choice webhook : straightforward ORM", "least", 2.5)
TRIPS_ARRIVAL = Goal("trips_arrival", "arrival webhook: database round trips", "most", 6, "trips")
TRIPS_CHOICE = Goal("trips_choice", "menu-choice webhook: database round trips", "most", 6, "trips")
TRIPS_WORST = Goal("trips_worst", "any webhook: database round trips, the worst", "most", 6, "trips")
DOOR = Goal("door", "signature + form + TwiML, CPU", "most", 60, "us")
OPEN_LOOP = Goal("open_loop", "open loop at half of saturation: p99 : p50", "most", 10)
CLAIMS = Goal(
    "claims",
    "claims of an agent (the statement and its commit), 16 clients, 1,000 agents : single-row commits",
    "least",
    0.25,
)
READY = Goal("ready", "web process: start to ready", "most", 1.5, "s")
MEMORY = Goal("memory", "web process: resident memory under load", "most", 200, "MB")

HISTORY = Goal("history", "webhook rate with a year of history : an empty database", "least", 0.9)
LIST = Goal("list", "call list page among a year of calls, server time p50", "most", 20, "ms")
LIST_WORST = Goal("list_worst", "the same with any filter, the worst", "most", 20, "ms")
STORY = Goal("story", "one call's story among a year of calls, server time p50", "most", 20, "ms")
MONTH = Goal("month", "a month's standards of one line among a year of calls", "most", 1000, "ms")

RINGING = Goal(
    "ringing", "agent free (commit) to the request that rings him, 500 waiting: p99", "most", 250, "ms"
)
WIPED = Goal("wiped", "promised callback after Redis was wiped: lateness", "most", 15, "s")

HELD = Goal("held", "concurrent calls held by one two-core machine, nothing lost", "least", 1000, "calls")
HELD_P99 = Goal("held_p99", "webhooks while it holds them: p99", "most", 300, "ms")
SIMULATOR = Goal("simulator", "concurrent calls of the simulator on one core, on time", "least", 200, "calls")
ERLANG = Goal(
    "erlang", "mean wait of a simulated day, off Erlang C at 80 % occupancy, 30 seeds", "most", 5, "%"
)

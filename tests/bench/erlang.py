"""A day of callers, and how long they wait where the first in line always gets the first free agent. Pure.

Callers arrive as a Poisson process, talks are exponential, nobody gives up, all agents can take all calls
(M/M/c). How long such a caller waits on average is Erlang's second formula, 1917; in the form used here,
C = B / (1 - u (1 - B)) with Erlang's first formula B by its recursion, it is given in R. B. Cooper,
"Introduction to Queueing Theory", 1981, chapter 3.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Caller:
    """Arrives `at`, talks for `talk`, both in seconds; who is there when the day begins is not counted."""

    at: float
    talk: float
    counted: bool = True


@dataclass(frozen=True)
class Centre:
    """So many agents, busy for the share `occupancy` of the time with talks of a mean length in seconds."""

    agents: int
    occupancy: float
    mean_talk: float

    @property
    def offered(self) -> float:
        """The load in erlangs: how many talk at once, on average."""
        return self.agents * self.occupancy

    def probability_of_waiting(self) -> float:
        """Return Erlang C: the share of callers who find everybody busy."""
        blocked = 1.0
        for agents in range(1, self.agents + 1):
            blocked = self.offered * blocked / (agents + self.offered * blocked)
        return blocked / (1 - self.occupancy * (1 - blocked))

    def mean_wait(self) -> float:
        """Return the mean wait in seconds, of those who do not wait too."""
        return self.probability_of_waiting() * self.mean_talk / (self.agents - self.offered)


def day(centre: Centre, calls: int, seed: int) -> list[Caller]:
    """Return a day in the order of arrival, `calls` of them counted; the same for a seed.

    The day begins as any moment of an endless one would: whoever is in the centre then is drawn from the
    stationary distribution, so that the mean wait of the counted callers is Erlang's without any warming up.
    """
    random = Random(seed)
    pace = centre.offered / centre.mean_talk
    there = [
        Caller(0.0, random.expovariate(1 / centre.mean_talk), False) for _ in range(_there(centre, random))
    ]
    at = 0.0
    for _ in range(calls):
        at += random.expovariate(pace)
        there.append(Caller(at, random.expovariate(1 / centre.mean_talk)))
    return there


def _there(centre: Centre, random: Random) -> int:
    """Draw how many talk and wait at any moment: weights a^n/n! up to the agents, geometric beyond."""
    weights, weight = [1.0], 1.0
    while weight > 1e-12 or len(weights) <= centre.agents:
        weight *= centre.offered / min(len(weights), centre.agents)
        weights.append(weight)
    return random.choices(range(len(weights)), weights)[0]


def ideal_waits(centre: Centre, callers: Sequence[Caller]) -> list[float]:
    """Return the seconds each caller waits where the first in line gets whoever is free first."""
    free_at = [0.0] * centre.agents
    waits = []
    for caller in callers:
        begins = max(caller.at, heapq.heappop(free_at))
        heapq.heappush(free_at, begins + caller.talk)
        waits.append(begins - caller.at)
    return waits

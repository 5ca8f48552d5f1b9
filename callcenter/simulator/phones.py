"""Telephones: an address, the calls it takes part in, and what its owner is going to do."""

from collections import deque
from dataclasses import dataclass, field

from callcenter.simulator.addresses import Cadence, cadence_of
from callcenter.simulator.behaviours import Behaviour, rings_out
from callcenter.simulator.calls import Call


@dataclass(eq=False)
class Phone:
    """One telephone; `lines` is how many calls it can hold before it is busy."""

    address: str
    name: str = ""
    lines: int = 1
    usual: Behaviour = field(default_factory=rings_out)
    planned: deque[Behaviour] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)

    @property
    def cadence(self) -> Cadence:
        """Return how it rings."""
        return cadence_of(self.address)

    @property
    def label(self) -> str:
        """Return its owner's name with the number, or the number."""
        return f"{self.name} ({self.address})" if self.name else self.address

    def will(self, *behaviours: Behaviour) -> None:
        """Take the coming calls so, one behaviour each; the last one is kept up for all later calls."""
        self.planned = deque(behaviours[:-1])
        self.usual = behaviours[-1]

    def take_behaviour(self) -> Behaviour:
        """Return how the call that arrives now is taken."""
        return self.planned.popleft() if self.planned else self.usual

    def engaged(self, apart_from: Call) -> bool:
        """Return whether all of its lines are taken by other calls."""
        taken = [c for c in self.calls if c.live and c is not apart_from and c.rang is not None]
        return len(taken) >= self.lines

"""What a proof is told, and what it says: a row of the report."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One run of a proof: its seed, its size against the full one (1.0), the address of an empty database."""

    seed: int
    scale: float
    database: str

    def of(self, full: int, least: int = 1) -> int:
        """Return how many to do of something that the full size does `full` times."""
        return max(least, round(full * self.scale))


@dataclass
class Verdict:
    """How often it was tried, what failed (a sentence each), and what was measured beside it.

    `counts` are whole lists of things with how often each was seen, told on lines of their own.
    """

    trials: int
    failures: list[str] = field(default_factory=list)
    measured: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def bound(self) -> float:
        """The failure rate that is excluded with 95 % confidence when nothing failed: 3/n."""
        return 3 / self.trials if self.trials else 1.0

    def failed(self, sentence: str) -> None:
        """Note a failure."""
        self.failures.append(sentence)


Prove = Callable[[Trial], Verdict]
Mutant = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Proof:
    """A promise by its id (A1, C2, …), the sentence that is proved, how, and the faults that must show."""

    id: str
    promise: str
    prove: Prove
    mutants: Mapping[str, Mutant] = field(default_factory=dict)
    databases: tuple[str, ...] = ("postgresql", "sqlite")
    small: float = 0.002
    """The scale at which the test suite runs it: a second or two."""
    in_suite: bool = True
    """It can be that small: what takes real time cannot, and runs by its command only."""
    suite_on: tuple[str, ...] = ("postgresql", "sqlite")
    """The databases on which the suite tries it at that size."""
    alone: bool = False
    """It measures times, or fills the machine by itself: no other row runs beside it."""

"""The arithmetic of measuring: slices, ratios of neighbours, medians, percentiles. Pure.

A machine is never quiet, so nothing is compared across time: every slice has its floor in the same round,
the ratio is taken there, and the median of the rounds' ratios is the figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True)
class Slice:
    """One stretch of load on one server.

    `answered` came back within `seconds`; `served` counts the ones under way at its end too, and is what
    the CPU seconds were spent on.
    """

    answered: int
    seconds: float
    served: int
    cpu_seconds: float
    database_cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.answered / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server's process for each request."""
        return self.cpu_seconds / self.served * 1e6

    @property
    def database_cpu_us(self) -> float:
        """CPU microseconds of PostgreSQL for each request; 0 where nobody looked."""
        return self.database_cpu_seconds / self.served * 1e6


@dataclass(frozen=True)
class Spread:
    """A figure that was taken several times."""

    middle: float
    least: float
    most: float
    times: int


def spread(values: Sequence[float]) -> Spread:
    """Return median, least and most of at least one value."""
    return Spread(median(values), min(values), max(values), len(values))


def rate_ratios(slices: Sequence[Slice], floors: Sequence[Slice]) -> Spread:
    """Compare rates round by round: how many times its floor's rate each slice reached."""
    return spread([slice.rate / floor.rate for slice, floor in zip(slices, floors, strict=True)])


def cpu_ratios(slices: Sequence[Slice], floors: Sequence[Slice]) -> Spread:
    """Compare CPU round by round, the same way round: a slice that costs twice its floor is at 0.5."""
    return spread([floor.cpu_us / slice.cpu_us for slice, floor in zip(slices, floors, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the least value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]

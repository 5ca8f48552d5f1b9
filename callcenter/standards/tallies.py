"""Counts of rows, which add up: a month is the sum of its days, and exactly so.

Durations are whole milliseconds and counts are whole numbers, so that no order of adding changes a figure.
Percentiles are exact because every wait is kept, in order; a day of 3,000 waits is 18 kB of digits.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from callcenter.standards.rows import BITS, Row

RANKED = {"call": "answered", "callback": "met", "promise": "overdue"}
"""By kind, the set whose amounts are kept one by one for percentiles."""


@dataclass
class Tally:
    """How many rows are in each set (`kind:set`), the sums of their amounts, and the ranked ones' amounts."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    values: dict[str, list[int]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add another one's rows, which must not be in this one already."""
        self.counts.update(other.counts)
        self.sums.update(other.sums)
        self.seconds.update(other.seconds)
        for name, amounts in other.values.items():
            self.values.setdefault(name, []).extend(amounts)

    def ranked(self, name: str) -> list[int]:
        """Return a set's amounts, ascending."""
        return sorted(self.values.get(name, ()))

    def as_json(self) -> dict[str, Any]:
        """Return what `of_json` reads."""
        return {
            "counts": dict(+self.counts),
            "sums": dict(+self.sums),
            "seconds": dict(+self.seconds),
            "values": {name: " ".join(map(str, sorted(kept))) for name, kept in self.values.items()},
        }


def of_json(kept: dict[str, Any]) -> Tally:
    """Return the tally that `as_json` gave."""
    values = {name: list(map(int, text.split())) for name, text in kept["values"].items()}
    return Tally(Counter(kept["counts"]), Counter(kept["sums"]), Counter(kept["seconds"]), values)


def count(rows: Iterable[Row]) -> Tally:
    """Count rows: those with the same sets together first, then each set."""
    alike: dict[tuple[str, int], list[int]] = {}
    tally = Tally()
    for row in rows:
        sums = alike.setdefault((row.kind, row.mask), [0, 0, 0])
        sums[0] += 1
        sums[1] += row.ms or 0
        sums[2] += row.second_ms
        ranked = RANKED.get(row.kind)
        if ranked and row.ms is not None and row.mask & BITS[row.kind][ranked]:
            tally.values.setdefault(f"{row.kind}:{ranked}", []).append(row.ms)
    for (kind, mask), sums in alike.items():
        _spread(tally, kind, mask, sums)
    return tally


def _spread(tally: Tally, kind: str, mask: int, sums: list[int]) -> None:
    for name, bit in BITS[kind].items():
        if mask & bit:
            key = f"{kind}:{name}"
            tally.counts[key] += sums[0]
            tally.sums[key] += sums[1]
            tally.seconds[key] += sums[2]

"""From counts to figures (numbers.md). No data is no figure: never 100 %, never 0 %."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from callcenter.standards.formulas import BOTH, COUNT, FIRST, FORMULAS, Formula, Side
from callcenter.standards.tallies import Tally


@dataclass(frozen=True)
class Figure:
    """A value with what it was made of; `value` is None without data. `parts` are amounts shown beside it."""

    id: str
    numerator: float | None
    denominator: float
    value: float | None
    parts: Mapping[str, float] = field(default_factory=dict)


def figures(tally: Tally, formulas: Iterable[Formula] = tuple(FORMULAS.values())) -> list[Figure]:
    """Return these figures of what was counted."""
    return [figure(formula, tally) for formula in formulas]


def figure(formula: Formula, tally: Tally) -> Figure:
    """Return one figure; a percentile has no numerator."""
    under = _amount(tally, formula.kind, formula.denominator)
    parts = {name: _amount(tally, formula.kind, side) for name, side in formula.parts.items()}
    parts = {name: amount for name, amount in parts.items() if amount}
    if formula.percent is not None:
        ranked = tally.ranked(f"{formula.kind}:{formula.denominator.set}")
        found = percentile(ranked, formula.percent)
        return Figure(formula.id, None, under, None if found is None else found / 1000, parts)
    over = _amount(tally, formula.kind, formula.numerator)
    return Figure(formula.id, over, under, over / under if under else None, parts)


def _amount(tally: Tally, kind: str, side: Side) -> float:
    key = f"{kind}:{side.set}"
    if side.measure == COUNT:
        return tally.counts[key]
    total = tally.sums[key] if side.measure in (FIRST, BOTH) else 0
    total += tally.seconds[key] if side.measure != FIRST else 0
    return total / 1000


def percentile(ascending: Sequence[int], percent: int) -> int | None:
    """Return the nearest-rank percentile: the smallest value that so many percent do not exceed."""
    if not ascending:
        return None
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]

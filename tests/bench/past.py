"""Row: what a year of history costs a webhook, beside the same product on an empty database.

Both are up all the time and are loaded one after the other; arrivals and choices count together.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench import processes
from tests.bench.figures import Slice, cpu_ratios, rate_ratios
from tests.bench.goals import HISTORY, Row
from tests.bench.ground import Ground
from tests.bench.hot import Arena, Contestant
from tests.bench.load import Carrier
from tests.bench.rates import told
from tests.bench.scale import Scale


def measure(ground: Ground, scale: Scale) -> list[Row]:
    """Play the rounds; return the row."""
    with ExitStack() as stack:
        carrier = stack.enter_context(Carrier())
        floor = stack.enter_context(processes.static(ground))
        past = _contestant(stack, ground, "history", ground.with_history(scale.history, scale.seed))
        empty = _contestant(stack, ground, "empty", ground.with_centre("empty"))
        ring = Arena(ground, carrier, floor, past, empty, scale.seed)
        ring.warm_up(scale.warm_seconds)
        for number in range(scale.rounds):
            for who in (past, empty) if number % 2 else (empty, past):
                ring.load(who, scale.seconds)
    slices, floors = _together(past), _together(empty)
    beside = {
        "requests_per_second": told_rate(slices),
        "cpu_us_per_request": _middle([each.cpu_us for each in slices]),
        "database_cpu_us_per_request": _middle([each.database_cpu_us for each in slices]),
        "cpu_ratio": cpu_ratios(slices, floors).middle,
        "calls_of_history": scale.history,
    }
    said = f"empty database: {told(floors)}; {scale.history:,} calls"
    return [Row(HISTORY, rate_ratios(slices, floors), said, faults=past.wrong, beside=beside)]


def told_rate(slices: Sequence[Slice]) -> float:
    """Return the middle rate."""
    return _middle([each.rate for each in slices])


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _together(who: Contestant) -> list[Slice]:
    """Return a round's arrivals and choices as one slice."""
    return [
        Slice(
            first.answered + second.answered,
            first.seconds + second.seconds,
            first.served + second.served,
            first.cpu_seconds + second.cpu_seconds,
            first.database_cpu_seconds + second.database_cpu_seconds,
        )
        for first, second in zip(who.arrivals, who.choices, strict=True)
    ]


def _contestant(stack: ExitStack, ground: Ground, name: str, url: str) -> Contestant:
    work = stack.enter_context(ground.work(url))
    return Contestant(name, stack.enter_context(processes.product(ground, url)), work)

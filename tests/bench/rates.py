"""The rows of the arena: rates, memory, and latency at half of saturation."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from tests.bench.figures import Slice, cpu_ratios, percentile, rate_ratios, spread
from tests.bench.goals import (
    ARRIVAL,
    ARRIVAL_ORM,
    CHOICE,
    CHOICE_ORM,
    MEMORY,
    OPEN_LOOP,
    Goal,
    Row,
    is_fair,
)
from tests.bench.ground import Ground
from tests.bench.hot import Arena, Contestant, arena, lost
from tests.bench.scale import Scale

MOST_LINES = 20
MOST_OF_A_LINE = 4000


def measure(ground: Ground, scale: Scale) -> list[Row]:
    """Play the rounds and the open loop; raise RuntimeError when anything was lost."""
    with arena(ground, scale.seed) as ring:
        ring.warm_up(scale.warm_seconds)
        for number in range(scale.rounds):
            ring.play_round(number, scale.static_seconds, scale.seconds)
        rows = [*_rates(ring), _open_loop(ring, scale), _memory(ring)]
        missing = lost(ring.product) + lost(ring.naive)
        for who in (ring.product, ring.naive):
            if who.wrong or missing:
                _tell(who)
    if missing:
        raise RuntimeError("; ".join(missing))
    return rows


def _tell(who: Contestant) -> None:
    """Say what a server complained of, the first lines."""
    said = "\n".join(line[:MOST_OF_A_LINE] for line in who.server.complaints()[:MOST_LINES])
    sys.stderr.write(f"{who.name}: {who.wrong} answers were wrong; its log begins:\n{said}\n")


def _rates(ring: Arena) -> list[Row]:
    product, naive, static = ring.product, ring.naive, ring.static
    floors = [
        _against_static(ARRIVAL, product.arrivals, static),
        _against_static(CHOICE, product.choices, static),
    ]
    peers = [
        _against_orm(ARRIVAL_ORM, product.arrivals, naive.arrivals, static),
        _against_orm(CHOICE_ORM, product.choices, naive.choices, static),
    ]
    sound = [replace(row, fair=row.fair and not naive.wrong) for row in peers]
    return [replace(row, faults=product.wrong) for row in (*floors, *sound)]


def _against_static(goal: Goal, slices: Sequence[Slice], static: Sequence[Slice]) -> Row:
    return Row(goal, rate_ratios(slices, static), f"static: {told(static)}", beside=_beside(slices, static))


def _against_orm(goal: Goal, slices: Sequence[Slice], naive: Sequence[Slice], static: Sequence[Slice]) -> Row:
    share = rate_ratios(naive, static).middle
    return Row(
        goal,
        rate_ratios(slices, naive),
        f"ORM: {told(naive)}, {share:.4f} x static",
        fair=is_fair(share),
        beside=_beside(slices, naive) | {"orm_share_of_static": share},
    )


def told(slices: Sequence[Slice]) -> str:
    """Say what slices came to, for people on this machine."""
    rate, cpu = median(each.rate for each in slices), median(each.cpu_us for each in slices)
    return f"{rate:,.0f}/s, {cpu:,.0f} us"


def _beside(slices: Sequence[Slice], floors: Sequence[Slice]) -> dict[str, float]:
    return {
        "requests_per_second": median(each.rate for each in slices),
        "cpu_us_per_request": median(each.cpu_us for each in slices),
        "database_cpu_us_per_request": median(each.database_cpu_us for each in slices),
        "cpu_ratio": cpu_ratios(slices, floors).middle,
    }


def _open_loop(ring: Arena, scale: Scale) -> Row:
    """Half of what the product could do in the rounds, arriving as telephone calls do."""
    rate = median(each.rate for each in ring.product.arrivals) / 2
    runs = [
        ring.ring_openly(scale.open_seconds, rate, scale.seed + number) for number in range(scale.open_runs)
    ]
    halves = [(percentile(run, 0.5), percentile(run, 0.99)) for run in runs]
    p50, p99 = (median(each) * 1e3 for each in zip(*halves, strict=True))
    beside = {"p50_ms": p50, "p99_ms": p99, "arrivals_per_second": rate, "requests": sum(map(len, runs))}
    ratios, floor = spread([high / low for low, high in halves]), f"its own p50: {p50:.1f} ms"
    return Row(OPEN_LOOP, ratios, floor, faults=ring.product.wrong, beside=beside)


def _memory(ring: Arena) -> Row:
    floor = f"static: {ring.floor.resident_mb:.0f} MB"
    return Row(MEMORY, spread([ring.product.server.resident_mb]), floor)

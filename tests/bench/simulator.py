"""Row: how many calls the simulator holds on one core without being the bottleneck.

The application is a script that answers at once, on the other core; the simulator is bound to one. It is no
bottleneck while it does everything when it is due: 99 of 100 events within the 50 ms that it gives a webhook
for its way, and it has a fifth of its core left.
"""

import os
import sys
from collections.abc import Sequence

from tests.bench import processes
from tests.bench.figures import spread
from tests.bench.goals import SIMULATOR, Row
from tests.bench.ground import Ground
from tests.bench.processes import free_port
from tests.bench.telephones import Crowd, Steady, hold, telephones

LATE_MS = 50.0
BUSY = 0.8


def measure(ground: Ground, crowds: Sequence[Crowd]) -> list[Row]:
    """Try the crowds, the smallest first, as long as the simulator keeps up; return the row."""
    most, told = 0, {}
    for wanted in crowds:
        seen = try_crowd(ground, wanted)
        told |= {f"{name} of {wanted.held}": value for name, value in _beside(seen).items()}
        if not kept_up(seen):
            break
        most = wanted.held
    said = (
        f"at {wanted.held}: p99 {seen.load['late_ms']['p99']:.0f} ms late, {seen.cpu_share:.0%} of the core, "
        f"{seen.webhooks_a_second:.0f} webhooks/s"
    )
    return [Row(SIMULATOR, spread([most]), said, faults=int(seen.load["failed"]), beside=told)]


def kept_up(seen: Steady) -> bool:
    """Say whether the simulator was no bottleneck."""
    return float(seen.load["late_ms"]["p99"]) <= LATE_MS and seen.cpu_share <= BUSY


def _beside(seen: Steady) -> dict[str, float]:
    return {
        "webhooks_per_second": seen.webhooks_a_second, "core_share": seen.cpu_share,
        "late_p99_ms": float(seen.load["late_ms"]["p99"]), "legs": float(seen.held),
        "late_most_ms": float(seen.load["late_ms"]["most"]),
        "application_p99_ms": float(seen.load["webhook_ms"]["p99"]),
    }  # fmt: skip


def try_crowd(ground: Ground, wanted: Crowd) -> Steady:
    """Let the crowd come to the scripted application."""
    port, carrier = free_port(), free_port()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    core = cores[-1] if len(cores) > 1 else None
    command = [sys.executable, "-m", "tests.bench.scripted", str(port), str(carrier)]
    with (
        processes.background(ground, f"scripted-{port}", command),
        telephones(ground, f"http://127.0.0.1:{port}", carrier, core) as net,
    ):
        return hold(net, wanted)

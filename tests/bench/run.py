"""`python -m tests.bench`: measures what can be measured on one machine, and says what it means.

`--quick` is a smoke check of well under a minute; `--only` repeats one part.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import (
    claims,
    day,
    door,
    held,
    past,
    rates,
    reading,
    report,
    ringing,
    simulator,
    startup,
    trips,
    wiped,
)
from tests.bench.goals import Row
from tests.bench.ground import Ground, ground
from tests.bench.scale import Scale, full, quick

Part = Callable[[Ground, Scale], list[Row]]
PARTS: Mapping[str, Part] = {
    "rates": rates.measure,
    "trips": lambda base, scale: trips.measure(base, scale.calls),
    "door": lambda base, scale: door.measure(base, scale.batches),
    "claims": lambda base, scale: claims.measure(
        base, scale.claim_rounds, scale.claim_seconds, scale.clients
    ),
    "history": past.measure,
    "reading": reading.measure,
    "ringing": lambda base, scale: ringing.measure(base, scale.agents_freed, scale.seed),
    "wiped": lambda base, scale: wiped.measure(base, scale.callbacks),
    "erlang": lambda base, scale: day.measure(base, scale.days, scale.calls_a_day, scale.seed),
    "held": lambda base, scale: held.measure(base, scale.held),
    "simulator": lambda base, scale: simulator.measure(base, scale.simulated),
    "startup": lambda base, scale: startup.measure(base, scale.starts),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    asked = _asked(arguments)
    scale = (quick if asked.quick else full)(asked.seed)
    begun = time.perf_counter()
    rows: list[Row] = []
    with ground() as base:
        for name in asked.only or PARTS:
            sys.stderr.write(f"{name} ...\n")
            rows += PARTS[name](base, scale)
        facts = report.conditions(base.facts()) | _machine(begun)
    report.say(rows, facts, quick=asked.quick)
    report.write(asked.json, report.document(rows, facts, scale, quick=asked.quick))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke check; do not quote its figures")
    parser.add_argument("--seed", type=int, default=20261121, help="of the callers and of the open loop")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"), help="where the figures go")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated")
    return parser.parse_args(arguments)


def _machine(begun: float) -> dict[str, str]:
    """Say how busy the machine was: figures of a machine that others use are noise."""
    load = os.getloadavg()[0]
    took = time.perf_counter() - begun
    return {"cores": str(os.cpu_count()), "load_average": f"{load:.1f}", "took_seconds": f"{took:.0f}"}

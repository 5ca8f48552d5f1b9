"""What a run says: a table for people, a JSON document for comparing runs."""

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.goals import Row, Verdict
from tests.bench.scale import Scale

FORMAT = 1
PAGE_WIDTH = 140
_PARTS = ("uvicorn", "httptools", "uvloop", "h11", "starlette", "sqlalchemy", "psycopg", "twilio", "rq")
_COLOURS = {Verdict.REACHED: "green", Verdict.NOT_REACHED: "red", Verdict.NO_BASELINE: "yellow"}


def table(rows: Sequence[Row]) -> Table:
    """Return the rows for a terminal; every figure stands beside its floor."""
    made = Table(title="callcenter bench")
    for heading in ("goal", "must", "measured (least to most)", "floor of the same run", "verdict"):
        made.add_column(heading, overflow="fold")
    for row in rows:
        colour = _COLOURS[row.verdict]
        must = f"{'>=' if row.goal.sense == 'least' else '<='} {row.goal.must:g} {row.goal.unit}"
        made.add_row(row.goal.what, must, _measured(row), row.floor, f"[{colour}]{row.verdict}[/{colour}]")
    return made


def _measured(row: Row) -> str:
    figure = row.measured
    between = f" ({figure.least:.3g} to {figure.most:.3g})" if figure.times > 1 else ""
    cpu = row.beside.get("cpu_us_per_request")
    cost = f"\n{row.beside['requests_per_second']:,.0f}/s, {cpu:,.0f} us" if cpu is not None else ""
    wrong = f"\n{row.faults} answers were wrong" if row.faults else ""
    return f"{figure.middle:.3g} {row.goal.unit}{between}{cost}{wrong}"


def say(rows: Sequence[Row], facts: Mapping[str, Any], *, quick: bool) -> None:
    """Print everything."""
    console = Console(width=None if sys.stdout.isatty() else PAGE_WIDTH)
    console.print(table(rows))
    console.print("Conditions: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    console.print("us: CPU of the server's process for one request. Rates and us hold for this machine only.")
    if quick:
        console.print(
            "[yellow]A quick run shows that everything can be measured; do not quote its figures.[/]"
        )


def document(rows: Sequence[Row], facts: Mapping[str, Any], scale: Scale, *, quick: bool) -> dict[str, Any]:
    """Return the run as JSON: ratios to compare, conditions, and apart what holds for one machine only."""
    return {
        "format": FORMAT,
        "quick": quick,
        "seed": scale.seed,
        "scale": asdict(scale),
        "conditions": dict(facts),
        "rows": [_row(row) for row in rows],
        "this_machine": {row.goal.key: {"floor": row.floor, **row.beside} for row in rows},
    }


def _row(row: Row) -> dict[str, Any]:
    return asdict(row.goal) | {
        "measured": asdict(row.measured),
        "faults": row.faults,
        "verdict": str(row.verdict),
    }


def conditions(database: Mapping[str, str]) -> dict[str, str]:
    """Return what the figures depend on beside the code."""
    parts = {name: _version(name) for name in _PARTS}
    return {
        "python": platform.python_version(),
        "postgresql": database["server_version"],
        **{name: value for name, value in database.items() if name != "server_version"},
        **parts,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def write(path: Path, told: Mapping[str, Any]) -> None:
    """Write the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n")

"""The door: `python -m tests.prove webhooks [--only A1] [--on postgresql] [--scale 0.1] [--seed 7]`."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.prove.rows import Task, proofs_of, run

CHAPTERS = ("webhooks", "routing", "numbers", "callers", "heard", "promises", "data")
"""Each is a package beside this file whose `PROOFS` are run in order."""
BOOKS = Path("var/proofs")
SIZES = {"postgresql": 1.0, "sqlite": 0.1}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a chapter; 0 when everything held, 1 otherwise."""
    asked = parser().parse_args(arguments)
    rows = run(list(_tasks(asked)), asked.jobs)
    BOOKS.mkdir(parents=True, exist_ok=True)
    (BOOKS / f"{asked.chapter}.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
    return 0 if rows and all(row["held"] for row in rows) else 1


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    parser = argparse.ArgumentParser(prog="prove", description=__doc__)
    parser.add_argument("chapter", choices=CHAPTERS)
    parser.add_argument("--only", default="", help="ids, separated by commas")
    parser.add_argument("--on", choices=("postgresql", "sqlite", "both"), default="both")
    parser.add_argument("--scale", type=float, help="1 is the full size (default: 1, on SQLite 0.1)")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--jobs", type=int, default=2, help="how many rows at once; some are always alone")
    parser.add_argument("--mutants", action="store_true", help="plant each proof's faults and expect red")
    return parser


def _tasks(asked: argparse.Namespace) -> Iterator[Task]:
    for proof in proofs_of(asked.chapter):
        if asked.only and proof.id not in asked.only.split(","):
            continue
        for kind in proof.databases:
            if asked.on in (kind, "both"):
                scale = asked.scale if asked.scale is not None else SIZES[kind]
                for name in proof.mutants if asked.mutants else ("",):
                    yield Task(asked.chapter, proof.id, kind, asked.seed, scale, name, proof.alone)


if __name__ == "__main__":
    sys.exit(main())

"""The door: `python -m tests.prove webhooks [--only A1] [--on postgresql] [--scale 0.1] [--seed 7]`."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.ground import ground
from tests.prove.verdict import Mutant, Proof, Trial, Verdict

CHAPTERS = ("webhooks", "routing", "numbers", "callers", "heard")
"""Each is a package beside this file whose `PROOFS` are run in order."""
BOOKS = Path("var/proofs")
SIZES = {"postgresql": 1.0, "sqlite": 0.1}
SHOWN_FAILURES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a chapter; 0 when everything held, 1 otherwise."""
    asked = parser().parse_args(arguments)
    proofs: Sequence[Proof] = import_module(f"tests.prove.{asked.chapter}").PROOFS
    wanted = [proof for proof in proofs if not asked.only or proof.id in asked.only.split(",")]
    rows = [row for proof in wanted for row in _rows(proof, asked)]
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
    parser.add_argument("--mutants", action="store_true", help="plant each proof's faults and expect red")
    return parser


def _rows(proof: Proof, asked: argparse.Namespace) -> Iterator[dict[str, object]]:
    for kind in proof.databases:
        if asked.on in (kind, "both"):
            scale = asked.scale if asked.scale is not None else SIZES[kind]
            plants = proof.mutants if asked.mutants else {"": None}
            for name, mutant in plants.items():
                yield _row(proof, kind, asked.seed, scale, name, mutant)


def _row(
    proof: Proof, kind: str, seed: int, scale: float, fault: str, mutant: Mutant | None
) -> dict[str, object]:
    """Run once and print a line; with a fault planted, red is what is wanted."""
    with fresh(kind) as url:
        started = perf_counter()
        with mutant() if mutant else _unharmed():
            verdict = proof.prove(Trial(seed, scale, url))
        seconds = round(perf_counter() - started, 1)
    held = bool(verdict.failures) if fault else bool(verdict.trials) and not verdict.failures
    row = {"id": proof.id, "promise": proof.promise, "database": kind, "seed": seed, "scale": scale}
    row |= {"fault": fault, "held": held, "seconds": seconds, "bound": verdict.bound} | asdict(verdict)
    sys.stdout.write(_line(proof, kind, seed, scale, fault, held, seconds, verdict))
    sys.stdout.flush()
    return row


def _line(
    proof: Proof, kind: str, seed: int, scale: float, fault: str, held: bool, seconds: float, verdict: Verdict
) -> str:
    told = (
        f"fault {fault!r} was " + ("seen" if held else "NOT SEEN")
        if fault
        else ("held" if held else "FAILED")
    )
    measured = "".join(f", {name} {value}" for name, value in verdict.measured.items())
    failures = "".join(f"    {each}\n" for each in verdict.failures[:SHOWN_FAILURES])
    return (
        f"{proof.id} {told}: {proof.promise} [{kind}, seed {seed}, scale {scale:g}, {verdict.trials} trials, "
        f"{len(verdict.failures)} failures, 3/n {verdict.bound:.1e}, {seconds} s{measured}]\n{failures}"
    )


@contextmanager
def fresh(kind: str) -> Iterator[str]:
    """Yield the address of an empty database with the schema, as durable as in production."""
    from callcenter import migrate

    if kind == "postgresql":
        with ground() as servers:
            yield servers.database("prove")
        return
    with TemporaryDirectory(prefix="callcenter-prove-") as folder:
        url = f"sqlite:///{folder}/callcenter.sqlite"
        migrate.upgrade(url)
        yield url


@contextmanager
def _unharmed() -> Iterator[None]:
    yield


if __name__ == "__main__":
    sys.exit(main())

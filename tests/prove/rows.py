"""Runs rows of the report: each on a fresh database, some of them side by side."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.ground import ground
from tests.prove.verdict import Proof, Trial, Verdict

SHOWN_FAILURES = 5


@dataclass(frozen=True)
class Task:
    """One row that is to be run, in words that another process understands."""

    chapter: str
    id: str
    kind: str
    seed: int
    scale: float
    fault: str
    alone: bool

    @property
    def proof(self) -> Proof:
        """The proof itself."""
        return next(each for each in proofs_of(self.chapter) if each.id == self.id)


def proofs_of(chapter: str) -> Sequence[Proof]:
    """Return a chapter's proofs in their order."""
    found: Sequence[Proof] = import_module(f"tests.prove.{chapter}").PROOFS
    return found


def run(tasks: list[Task], jobs: int) -> list[dict[str, object]]:
    """Run the rows that bear company side by side, each in a process of its own, then the others."""
    beside = [task for task in tasks if not task.alone] if jobs > 1 else []
    rows: dict[Task, dict[str, object]] = {}
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        rows.update(zip(beside, pool.map(_row, beside), strict=True))
    rows.update((task, _row(task)) for task in tasks if task not in rows)
    return [rows[task] for task in tasks]


def _row(task: Task) -> dict[str, object]:
    """Run once and print a line; with a fault planted, red is what is wanted."""
    proof, kind, seed, scale, fault = task.proof, task.kind, task.seed, task.scale, task.fault
    with fresh(kind) as url:
        started = perf_counter()
        with proof.mutants[fault]() if fault else _unharmed():
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
    for what, counted in verdict.counts.items():
        failures += f"    {what}: " + ", ".join(f"{name} {times}" for name, times in counted.items()) + "\n"
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

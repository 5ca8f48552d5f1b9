"""Kills workers at the points that the code has: behind and before each commit, each request to the carrier.

The points are read from the syntax of the worker's jobs, so that a commit somebody adds is one point more. A
kill is an exception that nothing catches; whatever the job would have done next is never done, and the bells
that it would have rung are lost.
"""

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from unittest.mock import patch

from sqlalchemy.orm import Session

from callcenter import worker
from callcenter.jobs import Work
from callcenter.switchboard import jobs, placing

Site = tuple[str, int]
COMMIT, REQUEST = "commit", "request"
ELSEWHERE = ("_claim: commit 2", "_without_list: commit 1", "_stop: cancel request", "_stop: hang_up request")
"""Where no worker comes here: calls that are forbidden meanwhile, lists that cannot be had, second calls of
one attempt. Workers die there in tests/dialing/test_killed.py."""
CUSTOMERS_FIRST = "match: commit 2"
"""Only where customers are rung first does a worker come there."""
EVERYBODY = "all"
MOST_A_JOB = 2
"""So often a worker dies of one job about one subject: nobody has a promise kept by bad luck without end."""
AT_RANDOM = 0.1
"""The share of kills that strike anywhere; and how likely one strikes where a worker comes next."""


class Killed(BaseException):
    """The worker has received SIGKILL."""


def sites() -> dict[Site, str]:
    """Return where the worker's jobs commit or ask the carrier: file and line, and a name for it."""
    found: dict[Site, str] = {}
    for path in (str(Path(str(module.__file__))) for module in (jobs, placing)):
        for function in ast.parse(Path(path).read_text()).body:
            if isinstance(function, ast.FunctionDef):
                found |= {(path, line): name for line, name in _named(function)}
    return found


def _named(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    commits = 0
    for line, what in sorted(_places(function)):
        commits += what == COMMIT
        yield line, f"{function.name}: {what} {commits}" if what == COMMIT else f"{function.name}: {what}"


def _places(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "work.transaction":
                yield node.lineno, COMMIT
            elif called.startswith("work.carrier."):
                yield node.lineno, f"{called.rpartition('.')[2]} {REQUEST}"


def points() -> list[str]:
    """Return the name of every point at which a worker of these proofs can die."""
    names = [name for name in dict.fromkeys(sites().values()) if name not in ELSEWHERE]
    return [f"{when} {name}" for name in names for when in ("before", "behind")]


@dataclass
class Reaper:
    """Kills at the points that were armed, each the next time that a worker comes there."""

    chance: Random
    armed: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    at_random: int = 0
    acts: Callable[[str], None] | None = None
    can: Callable[[str], bool] = lambda _: True
    job: tuple[str, str] = ("", "")
    deaths: Counter[tuple[str, str]] = field(default_factory=Counter)

    @cached_property
    def known(self) -> dict[Site, str]:
        """Where the points are."""
        return sites()

    @property
    def struck(self) -> int:
        """How many workers were killed."""
        return sum(self.hits.values())

    def arm(self) -> None:
        """Let a worker die at the point that was armed least, or at one of the next ones."""
        if self.chance.random() < AT_RANDOM:
            self.arm_any()
            return
        all_points = [point for point in points() if self.can(point)]
        least = min(self.armed[each] + self.hits[each] for each in all_points)
        rarest = [each for each in all_points if self.armed[each] + self.hits[each] == least]
        self.armed[self.chance.choice(rarest)] += 1

    def arm_any(self) -> None:
        """Let a worker die at one of the next points."""
        self.at_random += 1

    def performs(self, name: str, subject_id: str) -> bool:
        """Perform one job as a worker; False when it died of it, and the job with it."""
        self.job = (name, subject_id)
        try:
            worker.perform(name, subject_id)
        except Killed:
            self.deaths[self.job] += subject_id != EVERYBODY
            return False
        return True

    def passes(self, point: str) -> None:
        """A worker is there: it may be its last moment."""
        if not self.can(point) or self.deaths[self.job] >= MOST_A_JOB:
            return
        if self.armed[point]:
            self.armed[point] -= 1
        elif self.at_random and self.chance.random() < AT_RANDOM:
            self.at_random -= 1
        else:
            return
        self.hits[point] += 1
        if self.acts is None:
            raise Killed
        self.acts(point)

    def site(self, frame: FrameType) -> str | None:
        """Return the name of the place that a frame is at, None if it is none of them."""
        return self.known.get((frame.f_code.co_filename, frame.f_lineno))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let this reaper stand behind the workers of this process."""
        real = Work.transaction

        def mortal(work: Work) -> Any:
            site = self.site(sys._getframe(1))
            return real(work) if site is None else self._transaction(real, work, site)

        with patch.object(Work, "transaction", mortal):
            yield

    @contextmanager
    def _transaction(self, real: Any, work: Work, site: str) -> Iterator[Session]:
        rung = Collected()
        with real(replace(work, bell=rung)) as session:
            yield session
            self.passes(f"before {site}")
        self.passes(f"behind {site}")
        for each in rung.jobs:
            work.bell.ring(*each)


@dataclass
class Collected:
    """A doorbell whose bells are rung later, or never."""

    jobs: list[tuple[str, str]] = field(default_factory=list)

    def ring(self, name: str, subject_id: str) -> bool:
        """Take a job."""
        self.jobs.append((name, subject_id))
        return True


class Watched:
    """A carrier at whose requests a worker may die, just before or just after."""

    def __init__(self, carrier: Any, reaper: Reaper) -> None:
        self._carrier = carrier
        self._reaper = reaper

    def __getattr__(self, name: str) -> Any:
        real, reaper = getattr(self._carrier, name), self._reaper

        def asks(*given: Any, **named: Any) -> Any:
            site = reaper.site(sys._getframe(1))
            if site is not None:
                reaper.passes(f"before {site}")
            try:
                return real(*given, **named)
            finally:
                if site is not None:
                    reaper.passes(f"behind {site}")

        return asks


def mortal_work(work: Work, reaper: Reaper) -> Work:
    """Return what a worker works with that the reaper stands behind."""
    return replace(work, carrier=Watched(work.carrier, reaper))

"""Work that follows a commit: named jobs with one id each, rung through Redis, true in the database.

The row is the truth and Redis is a doorbell: a job that nobody rings is found by the clock's sweep,
a job that is rung twice finds its work done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from callcenter.carrier.port import Carrier
from callcenter.clock import Now
from callcenter.db import Database

PATIENT_SECONDS = 30.0
"""How long a job waits for its turn to write on SQLite: nobody hears it wait, and to fail would cost more."""
_RUNG = "rung"


class Doorbell(Protocol):
    """Wakes a worker for a job; raising or losing it is harmless."""

    def ring(self, name: str, subject_id: str) -> bool:
        """Hand the job over; False when it could not be."""


class NoDoorbell:
    """Rings nothing: the clock's sweep finds the work."""

    def ring(self, name: str, subject_id: str) -> bool:
        """Say that nobody was woken."""
        return False


@dataclass(frozen=True)
class Work:
    """What a door or a job needs from its process: the database, the carrier, the time, the addresses."""

    db: Database
    carrier: Carrier
    now: Now
    public_url: str
    secret_key: str
    bell: Doorbell = field(default_factory=NoDoorbell)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction; the jobs asked for inside leave after its commit and vanish on its rollback."""
        with self.db.transaction() as session:
            yield session
        for name, subject_id in session.info.pop(_RUNG, []):
            self.bell.ring(name, subject_id)

    def at(self) -> datetime:
        """Return the present instant, as this process's clock has it."""
        return self.now()


Job = Callable[[Work, str], None]
_JOBS: dict[str, Job] = {}


def job(function: Job) -> Job:
    """Make a function (work, id) callable by its name; it re-checks on arrival and may be run twice."""
    _JOBS[function.__name__] = function
    return function


def later(session: Session, name: str, subject_id: object) -> None:
    """Ring this job once the session's transaction has committed."""
    rung = session.info.setdefault(_RUNG, [])
    if (name, str(subject_id)) not in rung:
        rung.append((name, str(subject_id)))


def perform(work: Work, name: str, subject_id: str) -> None:
    """Run one job now."""
    _JOBS[name](work, subject_id)

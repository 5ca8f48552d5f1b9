"""A worker for tests, whose jobs leave a trace: `python -m tests.worker_process DATABASE_URL REDIS_URL`."""

import sys
import threading
from datetime import UTC, datetime

from callcenter.carrier.twin import Twin
from callcenter.clock import system
from callcenter.db import Database
from callcenter.jobs import Work, job
from callcenter.leases import take_lease
from callcenter.worker import run_worker

_hold = threading.Event()


def _trace(work: Work, name: str) -> None:
    with work.transaction() as session:
        take_lease(session, name=name, owner="job", seconds=1, at=datetime(2026, 11, 21, tzinfo=UTC))


@job
def leave_trace(work: Work, subject_id: str) -> None:
    """Write a row that the test looks for."""
    _trace(work, subject_id)


@job
def fail(_work: Work, subject_id: str) -> None:
    """Fail, as a job may."""
    raise RuntimeError(subject_id)


@job
def take_long(work: Work, subject_id: str) -> None:
    """Say that it has begun, take half a second, and say that it has ended."""
    _trace(work, f"{subject_id}-begun")
    _hold.wait(0.5)
    _trace(work, f"{subject_id}-ended")


if __name__ == "__main__":
    database_url, redis_url = sys.argv[1:]
    work = Work(Database(database_url), Twin(), system, "https://hotline.example.com", "secret")
    run_worker(work, redis_url, threading.Event())

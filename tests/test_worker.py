"""The worker: a real process, a real Valkey, jobs that leave rows."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from callcenter.bell import RqDoorbell, connect
from callcenter.db import Database
from callcenter.embedded import EmbeddedValkey
from callcenter.leases import Lease
from tests.servers import ROOT
from tests.waiting import until

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Start worker processes at a Redis; they are ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def at(redis_url: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.worker_process", database.url, redis_url]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield at
    for process in started:
        process.kill()
        process.communicate()


def _traces(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(sa.select(Lease.name)))


def test_a_job_is_performed(database: Database, redis_url: str, start: Start) -> None:
    start(redis_url)
    assert RqDoorbell(redis_url).ring("leave_trace", "one")
    until(lambda: _traces(database) == {"one"})


def test_a_job_that_raises_leaves_the_next_one_alone(
    database: Database, redis_url: str, start: Start
) -> None:
    start(redis_url)
    bell = RqDoorbell(redis_url)
    for name, subject in (("fail", "one"), ("unheard_of", "two"), ("leave_trace", "three")):
        assert bell.ring(name, subject)
    until(lambda: _traces(database) == {"three"})
    until(lambda: connect(redis_url).keys("rq:job:*") == [])


# decision 71: the row is the truth; RQ's books of what was begun would cost more than a job.
def test_a_job_in_hand_is_in_no_book_of_redis(database: Database, redis_url: str, start: Start) -> None:
    start(redis_url)
    assert RqDoorbell(redis_url).ring("take_long", "one")
    until(lambda: "one-begun" in _traces(database))
    kept = [key.decode() for pattern in ("rq:job:*", "rq:wip:*", "rq:execution*", "rq:queue:calls:*")
            for key in connect(redis_url).keys(pattern)]  # fmt: skip
    assert kept == []
    until(lambda: "one-ended" in _traces(database))


def test_sigterm_lets_the_job_in_hand_finish(database: Database, redis_url: str, start: Start) -> None:
    worker = start(redis_url)
    bell = RqDoorbell(redis_url)
    assert bell.ring("take_long", "one")
    until(lambda: "one-begun" in _traces(database))
    assert bell.ring("leave_trace", "two")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert _traces(database) == {"one-begun", "one-ended"}


def test_an_idle_worker_ends_when_it_is_told(database: Database, redis_url: str, start: Start) -> None:
    worker = start(redis_url)
    RqDoorbell(redis_url).ring("leave_trace", "one")
    until(lambda: _traces(database) == {"one"})
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


def test_a_redis_that_dies_is_waited_for(database: Database, valkey: EmbeddedValkey, start: Start) -> None:
    valkey.start()
    bell = RqDoorbell(valkey.url)
    worker = start(valkey.url)
    assert bell.ring("leave_trace", "one")
    until(lambda: _traces(database) == {"one"})
    valkey.stop()
    valkey.start()
    until(lambda: bell.ring("leave_trace", "two"))
    until(lambda: _traces(database) == {"one", "two"})
    assert worker.poll() is None


def test_a_worker_that_starts_before_redis_waits_for_it(
    database: Database, valkey: EmbeddedValkey, start: Start
) -> None:
    worker = start(valkey.url)
    assert worker.stdout
    assert "redis" in worker.stdout.readline().lower()
    valkey.start()
    bell = RqDoorbell(valkey.url)
    until(lambda: bell.ring("leave_trace", "one"))
    until(lambda: _traces(database) == {"one"})


def test_a_flushed_redis_costs_the_worker_nothing(database: Database, redis_url: str, start: Start) -> None:
    start(redis_url)
    bell = RqDoorbell(redis_url)
    assert bell.ring("leave_trace", "one")
    until(lambda: _traces(database) == {"one"})
    connect(redis_url).flushall()
    assert bell.ring("leave_trace", "two")
    until(lambda: _traces(database) == {"one", "two"})


def test_a_worker_without_redis_still_ends_when_it_is_told(
    database: Database, valkey: EmbeddedValkey, start: Start
) -> None:
    valkey.start()
    worker = start(valkey.url)
    assert RqDoorbell(valkey.url).ring("leave_trace", "one")
    until(lambda: _traces(database) == {"one"})
    valkey.stop()
    assert worker.stdout
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0

"""The worker: performs the jobs whose bell rang, one at a time; any number of workers may run.

A job that raises is logged and forgotten here: its row stays due and the clock's sweep finds it again. A
Redis that goes away is waited for. RQ brings the jobs and keeps no books about them: its hashes and
registries of what was begun and how it ended cost more than a job, and nobody would read them, since the row
is the truth (decision 71).
"""

import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import redis
import structlog
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus

from callcenter import jobs
from callcenter.bell import JOB_SECONDS as MOST_SECONDS
from callcenter.bell import QUEUE, connect
from callcenter.jobs import Doorbell, Work
from callcenter.metrics import JOB_SECONDS, JOBS
from callcenter.switchboard import jobs as _registered  # noqa: F401  Importing it names the jobs.

log = structlog.get_logger()
MAINTENANCE_SECONDS = 10
LIFE_SECONDS = 30
MONITORING_SECONDS = 5
HEARTBEAT_SECONDS = 1.0
RETRY_SECONDS = 1.0

_works: list[Work] = []


URGENT = "place_attempt"


@dataclass
class KeepsOne:
    """A doorbell that keeps the first phone which a job wants rung, and rings for everything else.

    Whoever has just written down that a phone is to ring is here and awake: he goes on with it himself, where
    a bell would cost a second job. A worker that dies before has lost a bell, no more.
    """

    bell: Doorbell
    kept: str | None = None

    def ring(self, name: str, subject_id: str) -> bool:
        """Keep the first attempt to place; hand everything else over."""
        if name == URGENT and self.kept is None:
            self.kept = subject_id
            return True
        return self.bell.ring(name, subject_id)


def perform(name: str, subject_id: str) -> None:
    """Perform one job, then place the call that it asked for: what RQ calls with what the bell carried."""
    work = _works[-1]
    own = KeepsOne(work.bell)
    _perform(replace(work, bell=own), name, subject_id)
    if own.kept is not None:
        _perform(work, URGENT, own.kept)


def _perform(work: Work, name: str, subject_id: str) -> None:
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(job=name, subject=subject_id):
        try:
            jobs.perform(work, name, subject_id)
        except Exception:  # The row stays due; RQ has nothing to remember.
            log.exception("job.failed")
            JOBS.labels(name, "failed").inc()
        else:
            JOBS.labels(name, "done").inc()
    JOB_SECONDS.labels(name).observe(time.perf_counter() - started)


class Performer(SimpleWorker):
    """RQ's worker without fork, which remembers that it was asked to stop and never waits long for Redis."""

    max_connection_wait_time = 2

    def __init__(self, connection: "redis.Redis", stop: threading.Event) -> None:
        self._stop = stop
        self._performing = False
        self._beats_again = 0.0
        super().__init__(
            [Queue(QUEUE, connection=connection, serializer=JSONSerializer)],
            connection=connection,
            serializer=JSONSerializer,
            maintenance_interval=MAINTENANCE_SECONDS,
            worker_ttl=LIFE_SECONDS,
            job_monitoring_interval=MONITORING_SECONDS,
            log_job_description=False,
        )

    def request_stop(self, signum: Any, frame: FrameType | None) -> None:
        """Finish the job in hand, then end."""
        self._stop.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Take a job out of Redis and perform it; a wish to stop waits for its end."""
        self._performing = True
        try:
            with suppress(redis.RedisError):  # It is in our hands all the same.
                self._take(job, queue)
            with self.death_penalty_class(MOST_SECONDS, JobTimeoutException, job_id=job.id):
                job.perform()
        except Exception:  # A name that nobody knows, a time that is over: the next job is not to blame.
            log.exception("worker.job_failed", job_id=job.id)
        finally:
            self._performing = False

    def _take(self, job: Job, queue: Queue) -> None:
        with self.connection.pipeline() as taking:
            self.set_state(WorkerStatus.BUSY, pipeline=taking)
            taking.lrem(queue.intermediate_queue_key, 1, job.id)
            taking.delete(job.key)
            taking.execute()

    def heartbeat(self, *given: Any, **named: Any) -> None:
        """Say once a second that we live; RQ would five times a job, in three round trips each.

        Stop here too: what a signal raises may be lost in a log handler while Redis is waited for.
        """
        if self._stop.is_set() and not self._performing:
            raise StopRequested
        if time.monotonic() >= self._beats_again:
            super().heartbeat(*given, **named)
            self._beats_again = time.monotonic() + HEARTBEAT_SECONDS


def run_worker(work: Work, redis_url: str, stop: threading.Event) -> None:
    """Perform jobs until SIGTERM or SIGINT; must run in the process's main thread."""
    _works.append(work)
    connection = connect(redis_url, socket_seconds=LIFE_SECONDS)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    while not stop.is_set():
        try:
            Performer(connection, stop).work(logging_level="WARNING")
        except redis.RedisError as fault:
            log.warning("worker.redis_away", reason=str(fault))
        stop.wait(RETRY_SECONDS)

"""The worker: performs the jobs whose bell rang, one at a time; any number of workers may run.

A job that raises is logged and forgotten here: its row stays due and the clock's sweep finds it again. A
Redis that goes away is waited for.
"""

import signal
import threading
import time
from types import FrameType
from typing import Any

import redis
import structlog
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from callcenter import jobs
from callcenter.bell import QUEUE, connect
from callcenter.jobs import Work
from callcenter.metrics import JOB_SECONDS, JOBS
from callcenter.switchboard import jobs as _registered  # noqa: F401  Importing it names the jobs.

log = structlog.get_logger()
MAINTENANCE_SECONDS = 10
LIFE_SECONDS = 30
MONITORING_SECONDS = 5
RETRY_SECONDS = 1.0

_works: list[Work] = []


def perform(name: str, subject_id: str) -> None:
    """Perform one job: what RQ calls with what the bell carried."""
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(job=name, subject=subject_id):
        try:
            jobs.perform(_works[-1], name, subject_id)
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
        """Perform a job; a wish to stop waits for its end."""
        self._performing = True
        try:
            super().execute_job(job, queue)
        finally:
            self._performing = False

    def heartbeat(self, *given: Any, **named: Any) -> None:
        """Stop here too: what a signal raises may be lost in a log handler while Redis is waited for."""
        if self._stop.is_set() and not self._performing:
            raise StopRequested
        super().heartbeat(*given, **named)


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

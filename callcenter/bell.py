"""The doorbell through Redis: RQ carries a job's name and one id to a worker, nothing else.

A bell that is lost costs seconds, because the clock's sweep finds the row; a bell that hangs would cost a
caller's answer. So it gives up quickly, and after a failure it does not try again for a moment.
"""

import time

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from callcenter.metrics import BELLS

log = structlog.get_logger()
QUEUE = "calls"
SOCKET_SECONDS = 0.5
REST_SECONDS = 1.0
JOB_SECONDS = 60
FORGET_SECONDS = 60


def connect(redis_url: str, *, socket_seconds: float | None = SOCKET_SECONDS) -> "redis.Redis":
    """Return a client that waits this long for anything and repeats nothing by itself."""
    client: redis.Redis = redis.Redis.from_url(
        redis_url,
        socket_connect_timeout=SOCKET_SECONDS,
        socket_timeout=socket_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return client


def answers(redis_url: str) -> bool:
    """Say whether Redis is there."""
    try:
        return bool(connect(redis_url).ping())
    except (redis.RedisError, OSError):
        return False


def workers(redis_url: str) -> int:
    """Return how many workers listen; a worker that died is counted until its life has run out."""
    return Worker.count(connection=connect(redis_url))


class RqDoorbell:
    """Wakes a worker through RQ. Safe for threads."""

    def __init__(self, redis_url: str) -> None:
        self._queue = Queue(QUEUE, connection=connect(redis_url), serializer=JSONSerializer)
        self._rests_until = 0.0

    def ring(self, name: str, subject_id: str) -> bool:
        """Hand a job over; False, and a line in the log, when it could not be."""
        if time.monotonic() < self._rests_until:
            BELLS.labels("lost").inc()
            return False
        try:
            self._queue.enqueue(
                "callcenter.worker.perform",
                name,
                subject_id,
                job_timeout=JOB_SECONDS,
                result_ttl=0,
                failure_ttl=FORGET_SECONDS,
            )
        except (redis.RedisError, OSError) as fault:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("bell.lost", job=name, subject=subject_id, reason=str(fault))
            BELLS.labels("lost").inc()
            return False
        BELLS.labels("rung").inc()
        return True

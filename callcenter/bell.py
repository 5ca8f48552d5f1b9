"""The doorbell through Redis: RQ carries a job's name and one id to a worker, nothing else.

A bell that is lost costs seconds, because the clock's sweep finds the row; a bell that hangs would cost a
caller's answer. So it gives up quickly, and after a failure it does not try again for a moment.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from callcenter.metrics import BELLS

log = structlog.get_logger()
QUEUE = "calls"
SOCKET_SECONDS = 0.5
REST_SECONDS = 1.0
JOB_SECONDS = 60
FORGET_SECONDS = 60
MOST_AT_ONCE = 100
BREATH_SECONDS = 0.01
Rung = tuple[str, str]
"""The name of a job, and the id of what it is about."""


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
        return self.ring_all([(name, subject_id)])

    def ring_all(self, rung: Sequence[Rung]) -> bool:
        """Hand jobs over in one round trip; False, and a line in the log, when it could not be."""
        handed = time.monotonic() >= self._rests_until and self._hand_over(rung)
        BELLS.labels("rung" if handed else "lost").inc(len(rung))
        return handed

    def _hand_over(self, rung: Sequence[Rung]) -> bool:
        try:
            self._queue.enqueue_many([self._job(*each) for each in rung])
        except (redis.RedisError, OSError) as fault:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("bell.lost", jobs=[": ".join(each) for each in rung], reason=str(fault))
            return False
        return True

    def _job(self, name: str, subject_id: str) -> EnqueueData:
        return self._queue.prepare_data(
            "callcenter.worker.perform",
            (name, subject_id),
            timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=FORGET_SECONDS,
        )


class RingsAside:
    """Rings from its own thread: whoever has committed waits for no Redis; twice the same is rung once.

    After each time it takes a breath: what is asked for meanwhile leaves together.
    """

    def __init__(self, bell: RqDoorbell) -> None:
        self._bell = bell
        self._asked: SimpleQueue[Rung | None] = SimpleQueue()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="bell", daemon=True)
        self._thread.start()

    def ring(self, name: str, subject_id: str) -> bool:
        """Take a job; it leaves at once, or with others that are asked for while the bell is busy."""
        self._asked.put((name, subject_id))
        return True

    def finish(self) -> None:
        """Ring what was asked for, for a moment at most: what is left the clock's sweep finds."""
        self._ends.set()
        self._asked.put(None)
        self._thread.join(timeout=2 * SOCKET_SECONDS)

    def _carry(self) -> None:
        wanted = True
        while wanted:
            rung = self._collect()
            wanted = None not in rung
            try:
                self._bell.ring_all([each for each in rung if each is not None])
            except Exception:  # The next bell must ring all the same.
                log.exception("bell.failed")
            self._ends.wait(BREATH_SECONDS)

    def _collect(self) -> dict[Rung | None, None]:
        """Wait for a job; return it and those that are asked for already, each once, in their order."""
        rung = {self._asked.get(): None}
        with suppress(Empty):
            while len(rung) < MOST_AT_ONCE:
                rung[self._asked.get_nowait()] = None
        return rung

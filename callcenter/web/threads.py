"""Threads for what may hang: so many and no more, those included for which nobody waits any longer.

While a database hangs, every webhook is given up after its deadline and leaves its thread behind: the process
must not grow by one with each, nor wait for them when it ends.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
IDLE_SECONDS = 5.0


@dataclass
class Once:
    """Who of two does something that is done once: the first to take it."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _taken: bool = False

    def take(self) -> bool:
        """Take it; False when the other was first."""
        with self._lock:
            first, self._taken = not self._taken, True
            return first


class Threads:
    """Runs functions in threads, `most` at a time; who is cancelled leaves his thread its place.

    Threads are started when they are needed and end when they are not; a process that ends does not wait.
    """

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)
        self._idle = threading.Semaphore(0)
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns; a cancelled wait abandons it, and it goes on if it has begun."""
        promised: Future[T] = Future()
        self._asked.put((promised, function))
        if not self._idle.acquire(blocking=False) and self._places.acquire(blocking=False):
            self._start(promised)
        return await asyncio.wrap_future(promised)

    def _start(self, promised: Future[Any]) -> None:
        """Start one more thread; where the machine has none, nothing is done of what was asked for."""
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            promised.cancel()
            self._places.release()
            raise

    def _work(self) -> None:
        """Serve until nothing was asked for a while and nobody has counted on this thread."""
        while True:
            try:
                asked = self._asked.get(timeout=IDLE_SECONDS)
            except Empty:
                if self._idle.acquire(blocking=False):
                    break
                continue
            _serve(*asked)
            del asked
            self._idle.release()
        self._places.release()


def _serve(promised: Future[T], function: Callable[[], T]) -> None:
    """Keep the promise, unless nobody waits for it any more and it has not begun."""
    if promised.set_running_or_notify_cancel():
        try:
            promised.set_result(function())
        except BaseException as fault:  # It is raised to whoever waits.
            promised.set_exception(fault)

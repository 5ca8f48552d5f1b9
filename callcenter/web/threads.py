"""Threads for what may hang: so many and no more, those included for which nobody waits any longer.

While a database hangs, every webhook is given up after its deadline and leaves its thread behind: the process
must not grow by one with each, nor wait for them when it ends.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

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


class Asked(Generic[T]):
    """A function that somebody waits for; whoever begins it or gives it up first decides."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._decided = Once()
        self.answer: asyncio.Future[T] = self._loop.create_future()

    def wait(self, seconds: float) -> asyncio.TimerHandle:
        """Let nobody wait for longer."""
        return self._loop.call_later(seconds, self.expire)

    def expire(self) -> None:
        """Time is up: TimeoutError for whoever waits."""
        if not self.answer.done():
            self.answer.set_exception(TimeoutError())

    def give_up(self) -> None:
        """Nobody waits: it is not begun any more, and what is under way goes on for itself."""
        self._decided.take()

    def serve(self) -> None:
        """Run it in the present thread, unless it was given up, and hand over what comes of it."""
        if not self._decided.take():
            return
        try:
            self._hand_over(self.answer.set_result, self._function())
        except BaseException as fault:  # It is raised to whoever waits.
            self._hand_over(self.answer.set_exception, fault)

    def _hand_over(self, settle: Callable[[Any], None], what: Any) -> None:
        with suppress(RuntimeError):  # A loop that has ended waits for nothing.
            self._loop.call_soon_threadsafe(self._settle, settle, what)

    def _settle(self, settle: Callable[[Any], None], what: Any) -> None:
        if not self.answer.done():
            settle(what)


class Threads:
    """Runs functions in threads, `most` at a time; who gives up leaves his thread its place.

    Threads are started when they are needed and end when they are not; a process that ends does not wait.
    """

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)
        self._idle = threading.Semaphore(0)
        self._asked: SimpleQueue[Asked[Any]] = SimpleQueue()

    async def run(self, function: Callable[[], T], within: float) -> T:
        """Return what the function returns; raise TimeoutError when it is not there in so many seconds.

        It goes on then if it has begun, and as well when the wait is cancelled.
        """
        asked = Asked(function)
        self._asked.put(asked)
        if not self._idle.acquire(blocking=False) and self._places.acquire(blocking=False):
            self._start(asked)
        timer = asked.wait(within)
        try:
            return await asked.answer
        finally:
            timer.cancel()
            asked.give_up()

    def _start(self, asked: Asked[Any]) -> None:
        """Start one more thread; where the machine has none, nothing is done of what was asked for."""
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            asked.give_up()
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
            asked.serve()
            del asked
            self._idle.release()
        self._places.release()

"""Threads for what may hang: so many and no more, those included for which nobody waits any longer.

While a database hangs, every webhook is given up after its deadline and leaves its thread behind: the process
must not grow by one with each, nor wait for them when it ends.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
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
        self._most = most
        self._living = self._resting = 0
        self._asked: deque[Asked[Any]] = deque()
        self._ready = threading.Condition()

    async def run(self, function: Callable[[], T], within: float) -> T:
        """Return what the function returns; raise TimeoutError when it is not there in so many seconds.

        It goes on then if it has begun, and as well when the wait is cancelled.
        """
        asked = Asked(function)
        self._ask(asked)
        timer = asked.wait(within)
        try:
            return await asked.answer
        finally:
            timer.cancel()
            asked.give_up()

    def _ask(self, asked: Asked[Any]) -> None:
        """Wake a thread that rests, one for each that is asked, else start one more if there is a place."""
        with self._ready:
            self._asked.append(asked)
            if self._resting >= len(self._asked):
                self._ready.notify()
            elif self._living < self._most:
                self._start(asked)

    def _start(self, asked: Asked[Any]) -> None:
        """Start one more thread; where the machine has none, nothing is done of what was asked for."""
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            self._asked.remove(asked)
            raise
        self._living += 1

    def _work(self) -> None:
        """Serve until nothing was asked for a while."""
        while (asked := self._next()) is not None:
            asked.serve()
            del asked

    def _next(self) -> Asked[Any] | None:
        with self._ready:
            while not self._asked:
                self._resting += 1
                woken = self._ready.wait(IDLE_SECONDS)
                self._resting -= 1
                if not woken and not self._asked:
                    self._living -= 1
                    return None
            return self._asked.popleft()

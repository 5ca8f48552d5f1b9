"""One writer at a time on SQLite, in the order in which they came, over all threads and processes.

SQLite's own busy wait is unfair, and so is every lock that is asked for again and again: with eight processes
somebody is always forgotten. So whoever wants to write draws a number and waits for the one before him.
"""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from callcenter.errors import Unavailable

ASK_AGAIN_SECONDS = 0.0005


class WriterLock:
    """The writers' turn of a SQLite file, taken before BEGIN IMMEDIATE.

    Files beside the database: `….lock` is held by who writes. `….lock.next` holds the number drawn last, and
    is locked for that moment only. `….lock.N` is held by who waits with the number N, until it is his turn.
    Advisory locks end with their process: a number whose owner was killed holds nobody up.
    """

    def __init__(self, path: Path, *, wait_seconds: float) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._threads = Turns()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; raise Unavailable when no turn comes within `wait_seconds`."""
        deadline = time.monotonic() + self._wait_seconds
        if not self._threads.acquire(self._wait_seconds):
            raise Unavailable("The database is busy: no writer's turn came in time.")
        try:
            with ExitStack() as ours:
                self._take(ours, deadline)
                yield
        finally:
            self._threads.release()

    def _take(self, ours: ExitStack, deadline: float) -> None:
        """Wait for the turn; it is given back by what is put into `ours`."""
        try:
            handle = ours.enter_context(self._path.open("a"))
            with self._number(deadline) as number:
                self._wait_for(number - 1, deadline)
                _lock(handle, deadline)
        except FileNotFoundError:
            raise Unavailable("The database has no folder yet: run `callcenter migrate` first.") from None
        except OSError as fault:
            raise Unavailable("The database's folder takes no files: is the disk full?") from fault

    @contextmanager
    def _number(self, deadline: float) -> Iterator[int]:
        """Draw a number, and hold its file meanwhile."""
        with open(self._beside("next"), "r+", opener=_made) as drawn:
            _lock(drawn, deadline)
            number = int(drawn.read() or 0) + 1
            mine = self._beside(number)
            held = mine.open("a")
            _lock(held, deadline)
            drawn.seek(0)
            drawn.write(f"{number:020}")  # As long as before: it is written at once, or not at all.
        try:
            yield number
        finally:
            mine.unlink(missing_ok=True)
            held.close()

    def _wait_for(self, number: int, deadline: float) -> None:
        """Wait until whoever drew this number has his turn, has given up, or is dead."""
        before = self._beside(number)
        try:
            with before.open() as theirs:
                _lock(theirs, deadline)
        except FileNotFoundError:
            return
        before.unlink(missing_ok=True)

    def _beside(self, what: object) -> Path:
        return self._path.with_name(f"{self._path.name}.{what}")


def _made(path: str, flags: int) -> int:
    """Open a file, or make it, without emptying it."""
    return os.open(path, flags | os.O_CREAT, 0o644)


def _lock(file: TextIO, deadline: float) -> None:
    """Take the advisory lock; closing the file gives it back, even when the process is killed."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unavailable("The database is busy: another process holds the writer's lock.") from None
            time.sleep(ASK_AGAIN_SECONDS)


class Turns:
    """A lock that the threads of a process get in the order in which they asked."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def acquire(self, timeout: float) -> bool:
        """Take it, or wait for it so many seconds; False when it did not come."""
        mine = threading.Lock()
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True

    def release(self) -> None:
        """Hand it to whoever has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

"""Threads for what may hang: so many and no more, those included for which nobody waits any longer.

anyio gives an abandoned thread's place to the next one at once: while a database hangs, every webhook would
leave a thread behind, until the process has none to answer with.
"""

import asyncio
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

T = TypeVar("T")


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
    """Runs functions in threads, `most` at a time; who is cancelled leaves his thread its place."""

    def __init__(self, most: int) -> None:
        self._places = anyio.CapacityLimiter(most)
        self._here = anyio.CapacityLimiter(math.inf)

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns; a cancelled wait abandons it, and it goes on."""
        place, leaves = object(), Once()
        await self._places.acquire_on_behalf_of(place)
        loop = asyncio.get_running_loop()

        def in_its_place() -> T:
            if not leaves.take():
                raise RuntimeError("nobody waits for this, and it has not begun")
            try:
                return function()
            finally:
                with suppress(RuntimeError):  # The loop may have ended meanwhile.
                    loop.call_soon_threadsafe(self._places.release_on_behalf_of, place)

        try:
            return await run_sync(in_its_place, limiter=self._here, abandon_on_cancel=True)
        finally:
            if leaves.take():
                self._places.release_on_behalf_of(place)

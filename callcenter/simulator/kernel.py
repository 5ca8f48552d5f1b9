"""The discrete-event core: a heap of (time, sequence, action), and scripts that wait for signals.

A script is a generator that yields the signals it waits for and is sent the one that fired first.
Actions run under the lock; errands (webhooks) run after it was released, so that the application may
call the REST API from inside a webhook or from any other thread.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Generator
from itertools import count
from typing import Any, TypeVar

from callcenter.simulator.clock import Clock

T = TypeVar("T")
Action = Callable[[], None]


class Signal:
    """Something that happens once; whoever waits is woken with it."""

    __slots__ = ("_waiting", "fired", "value")

    def __init__(self) -> None:
        self.fired = False
        self.value: Any = None
        self._waiting: list[Callable[[Signal], None]] = []

    def fire(self, value: Any = None) -> None:
        """Happen, with a value; a second time changes nothing."""
        if self.fired:
            return
        self.fired, self.value = True, value
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake(self)

    def then(self, wake: "Callable[[Signal], None]") -> None:
        """Call this when it happens, at once if it already has."""
        if self.fired:
            wake(self)
        else:
            self._waiting.append(wake)


Waits = tuple[Signal, ...]
Script = Generator[Waits, Signal, T]


class Interrupt(Exception):
    """Thrown into a script at the place where it waits."""


class Process:
    """One running script; `done` fires with its return value, or with None when an interrupt ended it."""

    def __init__(self, kernel: "Kernel", script: Script[Any]) -> None:
        self._kernel = kernel
        self._script = script
        self._turn = 0
        self._order: Interrupt | None = None
        self.done = Signal()
        kernel.after(0, lambda: self._advance(lambda: next(script)))

    def interrupt(self, order: Interrupt) -> None:
        """Throw this into the script where it waits, now but not within the caller's own step."""
        if self.done.fired:
            return
        first, self._order = self._order is None, order
        if first:
            self._kernel.after(0, self._throw)

    def _throw(self) -> None:
        order, self._order = self._order, None
        if order is not None and not self.done.fired:
            self._advance(lambda: self._script.throw(order))

    def _advance(self, move: Callable[[], Waits]) -> None:
        self._turn += 1
        try:
            waits = move()
        except StopIteration as stop:
            self.done.fire(stop.value)
        except Interrupt:
            self.done.fire()
        else:
            self._wait(waits, self._turn)

    def _wait(self, waits: Waits, turn: int) -> None:
        woken = False

        def wake(signal: Signal) -> None:
            nonlocal woken
            if not woken:
                woken = True
                self._kernel.after(0, lambda: self._resume(turn, signal))

        for signal in waits:
            signal.then(wake)

    def _resume(self, turn: int, signal: Signal) -> None:
        if turn == self._turn and self._order is None:
            self._advance(lambda: self._script.send(signal))


class Kernel:
    """Time, the heap and the lock; `errands` are run without the lock, by `runner`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.errands: deque[Action] = deque()
        self.runner: Callable[[Action], None] = lambda errand: errand()
        self.after_each: list[Action] = []
        self._heap: list[tuple[float, int, Action]] = []
        self._sequence = count()
        self._driven = False

    @property
    def now(self) -> float:
        """Return the seconds since the start."""
        return self.clock.seconds

    def after(self, seconds: float, action: Action) -> None:
        """Do this so many seconds from now; things due together happen in the order of asking."""
        with self.lock:
            heapq.heappush(self._heap, (self.now + max(seconds, 0.0), next(self._sequence), action))
            self.changed.notify_all()

    def errand(self, seconds: float, errand: Action) -> None:
        """Do this so many seconds from now, without the lock."""
        self.after(seconds, lambda: self.errands.append(errand))

    def timer(self, seconds: float) -> Signal:
        """Return a signal that fires so many seconds from now."""
        signal = Signal()
        self.after(seconds, signal.fire)
        return signal

    def spawn(self, script: Script[Any]) -> Process:
        """Start a script; its first step is taken by the driver."""
        return Process(self, script)

    def due(self) -> float | None:
        """Return the time of the next event, None when nothing is planned."""
        with self.lock:
            return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Take the next event, run its errands, then the hooks; return False when nothing is planned."""
        with self.lock:
            if not self._heap:
                return False
            self._refuse_reentry()
            self._driven = True
            time, _, action = heapq.heappop(self._heap)
            self.clock.advance_to(time)
        try:
            self._perform(action)
        finally:
            self._driven = False
        return True

    def _refuse_reentry(self) -> None:
        if self._driven:
            raise RuntimeError("The network is already being driven: a webhook must not run virtual time.")

    def _perform(self, action: Action) -> None:
        with self.lock:
            action()
        while self.errands:
            self.runner(self.errands.popleft())
        for hook in self.after_each:
            hook()

    def run_until_time(self, seconds: float) -> None:
        """Take every event up to this time (seconds since the start) and stop there."""
        self._refuse_reentry()
        while (due := self.due()) is not None and due <= seconds:
            self.step()
        self.clock.advance_to(seconds)

    def run_until(self, predicate: Callable[[], bool], limit: float) -> bool:
        """Take events until the predicate holds; return False when `limit` seconds have passed in vain."""
        self._refuse_reentry()
        deadline = self.now + limit
        while not predicate():
            due = self.due()
            if due is None or due > deadline:
                self.clock.advance_to(deadline)
                return predicate()
            self.step()
        return True

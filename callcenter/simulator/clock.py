"""The network's time: a virtual clock for tests, a wall clock for `make run`.

The kernel counts seconds since the start; everybody else sees an aware UTC datetime.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

DEFAULT_START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
A_MOMENT = 0.001


class Clock(Protocol):
    """What the kernel needs of a clock; `seconds` counts from the start."""

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""

    def now(self) -> datetime:
        """Return the instant in UTC."""

    def at(self, seconds: float) -> datetime:
        """Return the instant that lies so many seconds after the start."""

    def advance_to(self, seconds: float) -> None:
        """Move to this time, where the clock can be moved."""


class VirtualClock:
    """A clock that moves only when the network moves it; the application under test reads the same one."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        if start.tzinfo is None:
            raise ValueError("The clock's start must carry a time zone.")
        self.start = start.astimezone(UTC)
        self.seconds = 0.0
        self._slept: list[tuple[float, timedelta]] = []

    def now(self) -> datetime:
        """Return the virtual instant in UTC."""
        return self.at(self.seconds)

    def at(self, seconds: float) -> datetime:
        """Return the instant that lies so many seconds after the start, and all that was slept until then."""
        at = self.start + timedelta(seconds=round(seconds, 6))
        for since, by in self._slept:
            if seconds >= since:
                at += by
        return at

    def advance_to(self, seconds: float) -> None:
        """Move forward; a clock never runs backwards."""
        self.seconds = max(self.seconds, seconds)

    def sleep(self, by: timedelta) -> None:
        """Let time pass unlived, as for a machine that sleeps; what was before stays where it was."""
        if by > timedelta(0):
            self.seconds += A_MOMENT
            self._slept.append((self.seconds, by - timedelta(seconds=A_MOMENT)))


class WallClock:
    """This machine's time; `rate` 2.0 lets it run twice as fast from the moment it was made."""

    def __init__(self, rate: float = 1.0) -> None:
        self.start = datetime.now(UTC)
        self.rate = rate
        self._origin = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return the seconds since the clock was made, times the rate."""
        return (time.monotonic() - self._origin) * self.rate

    def now(self) -> datetime:
        """Return the instant in UTC."""
        return self.at(self.seconds)

    def at(self, seconds: float) -> datetime:
        """Return the instant that lies so many seconds after the start."""
        return self.start + timedelta(seconds=round(seconds, 6))

    def advance_to(self, seconds: float) -> None:
        """Nothing to do: this clock moves by itself."""

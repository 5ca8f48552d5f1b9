"""Agent states, waits and expected waiting time: pure."""

from dataclasses import dataclass
from datetime import timedelta

# What an agent may choose, and what only the switchboard sets.
CHOSEN = ("available", "break", "offline")
ON_A_CALL = ("ringing", "talking")
STATES = (*CHOSEN, "wrap_up", *ON_A_CALL)

OFFER_ENDS = ("declined", "missed", "withdrawn", "failed", "ended")

# Before the carrier reports `ringing` our own timer runs this much longer than the rings.
BACKSTOP = timedelta(seconds=20)
# An UNKNOWN agent leg may still ring somewhere: the agent rests until it cannot (dialing protocol, 6).
UNKNOWN_REST = timedelta(seconds=95)
# Who declined is not asked again about the same caller for so long.
DECLINED_REST = timedelta(seconds=30)


@dataclass(frozen=True)
class ExpectedWait:
    """A wait as it is told: whole minutes, rounded up, never a promise."""

    low_minutes: int
    high_minutes: int


def expected_wait(position: int, agents: int, handle_seconds: float) -> ExpectedWait:
    """Estimate the wait at a position with so many agents on duty, each call taking so long.

    On average somebody becomes free every handle/agents seconds; the range is that wait up to half as
    much again, rounded up to whole minutes.
    """
    seconds = position * handle_seconds / max(agents, 1)
    low = max(1, round(seconds / 60))
    return ExpectedWait(low, max(low, -(-int(seconds * 1.5) // 60)))


def told_wait(
    now: ExpectedWait, position: int, told_position: int | None, told_high: int | None
) -> ExpectedWait:
    """Keep the last announcement unless the line has moved: a wait never grows worse without reason."""
    if told_position is None or told_high is None or position < told_position:
        return now
    high = min(now.high_minutes, -(-told_high // 60))
    return ExpectedWait(min(now.low_minutes, high), high)


def ring_allowance(rings: int, cycle_seconds: float) -> timedelta:
    """Return how long so many rings last."""
    return timedelta(seconds=rings * cycle_seconds)

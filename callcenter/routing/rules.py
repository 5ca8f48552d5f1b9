"""Agent states, waits and expected waiting time: pure."""

from dataclasses import dataclass, replace
from datetime import timedelta

# What an agent may choose, and what only the switchboard sets.
CHOSEN = ("available", "break", "offline")
ON_A_CALL = ("ringing", "talking")
# A customer is rung for whom this agent is kept; should nobody release him, he is free again after a while.
RESERVED, RESERVED_AT_MOST = "reserved", timedelta(seconds=150)
STATES = (*CHOSEN, "wrap_up", RESERVED, *ON_A_CALL)

OFFER_ENDS = ("declined", "missed", "withdrawn", "failed", "ended")

# The line's choice that rings a customer who is called back before any agent.
CUSTOMER = "customer"

# How well an agent masters a skill: from 1 (best) to 9.
BEST_LEVEL = 1

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


@dataclass(frozen=True)
class Place:
    """What a waiting caller is told: place in line from 1, expected wait, and how many agents were on duty.

    `worse` says why it is worse than what was told before: `overtaken` or `fewer_agents`.
    """

    position: int
    wait: ExpectedWait
    agents: int
    worse: str | None = None


def told_place(now: Place, position: int | None, high_minutes: int | None, agents: int | None) -> Place:
    """Tell a place after what was told last: never worse without a reason (words.md, honest waits).

    Somebody who comes before this caller, and an agent who leaves, are reasons, and are said. What only looks
    worse, because other calls took longer, is held: the wait that was told last still stands.
    """
    if position is None or high_minutes is None:
        return now
    if now.position > position:
        return replace(now, worse="overtaken")
    if agents is not None and now.agents < agents and now.wait.high_minutes > high_minutes:
        return replace(now, worse="fewer_agents")
    high = min(now.wait.high_minutes, high_minutes)
    return replace(now, wait=ExpectedWait(min(now.wait.low_minutes, high), high))


@dataclass(frozen=True)
class Passed:
    """What was true of somebody in line when an agent was given to one who had come later.

    Whether the other's priority was higher, and whether the agent lacked the skill or the language, a phone
    rang for this one already, or that agent had just declined him.
    """

    priority: bool
    skill: bool
    language: bool
    being_offered: bool
    declined: bool

    def why(self) -> str:
        """Return why he was overtaken; `unexplained` is a fault of the routing."""
        truths = (name for name, true in vars(self).items() if true)
        return next(truths, "unexplained")


def ring_allowance(rings: int, cycle_seconds: float) -> timedelta:
    """Return how long so many rings last."""
    return timedelta(seconds=rings * cycle_seconds)

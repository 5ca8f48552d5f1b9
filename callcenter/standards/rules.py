"""One agent leg's ring, judged (HL-1): seconds are the fact, rings are derived from the cadence.

"Within three rings" means before the fourth ring starts: `seconds < 3 x cycle`. Stamps are the carrier's
and have whole seconds, so a verdict within one second of the limit is borderline.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

MEASURED, ESTIMATED, NONE = "measured", "estimated", "none"
ACCEPTED, WITHDRAWN, WITHDRAWN_EARLY = "accepted", "withdrawn", "withdrawn_early"
JUDGEABLE = frozenset({ACCEPTED, "rung_out", "declined", "not_accepted", WITHDRAWN})
APART = (WITHDRAWN_EARLY, "busy", "unreachable", "failed")
# GB/T 33358-2016, public hotlines: answered within 15 s; in China the other face of three rings.
PUBLIC_HOTLINE_SECONDS = 15
# A day is counted for good once its calls have ended (the carrier ends one after four hours) and late status
# webhooks have come or been asked for; whether its tickets were reopened is known after seven days more.
DAY_CLOSES_AFTER = timedelta(hours=5)
REOPENED_WITHIN = timedelta(days=7)
TICKETS_CLOSE_AFTER = REOPENED_WITHIN + DAY_CLOSES_AFTER


@dataclass(frozen=True)
class LegStamps:
    """The carrier's stamps of a leg and its last state; all None for a leg that never came to be."""

    initiated_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    state: str | None = None


@dataclass(frozen=True)
class RingFacts:
    """What was measured of one ring; `within` is None where nothing is certain, `rings` unless measured."""

    source: str
    verdict: str
    seconds: float | None
    rings: int | None
    judged: bool
    within: bool | None
    borderline: bool


def fate_of(offer_state: str, accepted: bool, leg: LegStamps) -> str:
    """Say how an offer ended for its leg: the first that is true; a voicemail picks up, accepts nothing."""
    fates = (
        (accepted, ACCEPTED),
        (offer_state == WITHDRAWN, WITHDRAWN),
        (leg.state == "busy", "busy"),
        (offer_state == "declined", "declined"),
        (leg.answered_at is not None, "not_accepted"),
        (leg.state == "failed", "unreachable"),
        (offer_state == "missed" or leg.state == "no-answer", "rung_out"),
    )
    return next((fate for true, fate in fates if true), "failed")


def measure_ring(fate: str, leg: LegStamps, *, cycle_seconds: float, limit_rings: int) -> RingFacts:
    """Judge one ring against the limit, in rings of so many seconds."""
    limit = limit_rings * cycle_seconds
    source, seconds = _ring_seconds(fate, leg)
    verdict = _verdict(fate, seconds, limit)
    judged = source == MEASURED and verdict in JUDGEABLE
    return RingFacts(
        source=source,
        verdict=verdict,
        seconds=seconds,
        rings=_rings(seconds, cycle_seconds) if source == MEASURED else None,
        judged=judged,
        within=_within(source, verdict, seconds, limit),
        borderline=seconds is not None and abs(seconds - limit) < 1,
    )


def _ring_seconds(fate: str, leg: LegStamps) -> tuple[str, float | None]:
    """Return where the start is known from, and the seconds to the pick-up, or to the end without one."""
    start, source = (leg.ringing_at, MEASURED) if leg.ringing_at else (leg.initiated_at, ESTIMATED)
    stop = leg.answered_at or (None if fate == ACCEPTED else leg.ended_at)
    if start is None or (stop is None and fate == ACCEPTED):
        return NONE, None
    return source, None if stop is None else max(0.0, (stop - start).total_seconds())


def _verdict(fate: str, seconds: float | None, limit: float) -> str:
    """A ring that was called off before its limit says nothing about the agent."""
    early = fate == WITHDRAWN and (seconds is None or seconds < limit)
    return WITHDRAWN_EARLY if early else fate


def _rings(seconds: float | None, cycle: float) -> int | None:
    return None if seconds is None else math.floor(seconds / cycle) + 1


def _within(source: str, verdict: str, seconds: float | None, limit: float) -> bool | None:
    """From `initiated` the ring seems longer than it was, so only "within" is certain."""
    if verdict == ACCEPTED and seconds is not None:
        fits = seconds < limit
        return fits if source == MEASURED or fits else None
    return False if source == MEASURED and verdict in JUDGEABLE else None

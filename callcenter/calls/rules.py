"""How a leg moves and how a call ends: pure tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Twilio's CallStatus in the order of a leg's life; all five ends rank alike (telephony.md, section 3).
STATE_OF_STATUS = {
    "queued": "queued",
    "initiated": "initiated",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}
TERMINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
LONGEST_CALL = timedelta(hours=5)
LONGEST_RINGING = timedelta(minutes=11)
_RANK = {"queued": 0, "initiated": 1, "ringing": 2, "answered": 3}
_STAMP_OF_STATE = {"initiated": "initiated_at", "ringing": "ringing_at", "answered": "answered_at"}

OUTCOMES = (
    "answered",
    "callback",
    "voicemail",
    "overflow",
    "failed",
    "abandoned_in_queue",
    "abandoned_short",
    "abandoned_in_menu",
    "abandoned_in_greeting",
    "self_served",
    "closed",
    "blocked",
    "open",
)

# A call that we placed has an outcome of its own kind; numbers.md defines those of inbound calls.
OUTBOUND_OUTCOMES = ("answered", "not_reached", "failed", "open")


def next_state(current: str, reported: str) -> str:
    """Return the state after a report: a terminal one is never overwritten, a late one changes nothing."""
    if current in TERMINAL:
        return current
    if reported in TERMINAL:
        return reported
    return reported if _RANK[reported] > _RANK[current] else current


def leg_is_past(role: str, state: str, began: datetime, at: datetime) -> bool:
    """Say whether a leg that the carrier does not know must be over: it may have lost its memory, or our key.

    A living caller is never hung up on because of a 404: the longest call is four hours (Twilio, <Dial>
    timeLimit) and its wait. A phone that we rang and nobody picked up rings ten minutes at most.
    """
    rang_only = role != "caller" and state != "answered"
    return at - began > (LONGEST_RINGING if rang_only else LONGEST_CALL)


def stamp_column(state: str) -> str:
    """Return the leg's column that holds the carrier's time of this state."""
    return "ended_at" if state in TERMINAL else _STAMP_OF_STATE.get(state, "created_at")


def earliest(known: datetime | None, reported: datetime) -> datetime:
    """Keep the earlier of two reports of the same moment."""
    return reported if known is None else min(known, reported)


@dataclass(frozen=True)
class CallFacts:
    """What decides a call's outcome; `stage` is how far the caller came."""

    joined: bool
    promised: bool
    message_left: bool
    fault: str | None
    stage: str
    queued_at: datetime | None
    left_queue_at: datetime | None
    short_call: timedelta


_OUTCOME_OF_STAGE = {
    "greeting": "abandoned_in_greeting",
    "menu": "abandoned_in_menu",
    "message": "abandoned_in_menu",
    "served": "self_served",
    "closed": "closed",
    "blocked": "blocked",
}


def outcome_of(facts: CallFacts) -> str:
    """Return the one outcome of an ended call: the first that matches (numbers.md, outcomes)."""
    verdicts = (
        (facts.joined, "answered"),
        (facts.promised, "callback"),
        (facts.message_left, "voicemail"),
        (facts.fault is not None, "failed"),
        (facts.queued_at is not None, _abandoned(facts)),
    )
    for true, outcome in verdicts:
        if true:
            return outcome
    return _OUTCOME_OF_STAGE.get(facts.stage, "failed")


def _abandoned(facts: CallFacts) -> str:
    """Tell an abandoned wait from a short one (numbers.md: the line's short-call limit, default 5 s)."""
    if facts.queued_at is None or facts.left_queue_at is None:
        return "abandoned_in_queue"
    waited = facts.left_queue_at - facts.queued_at
    return "abandoned_short" if waited < facts.short_call else "abandoned_in_queue"

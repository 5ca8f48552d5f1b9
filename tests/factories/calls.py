"""Calls that came in and how far they got; times in seconds after the beginning."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.carrier.twin import new_sid
from callcenter.lines.models import Line
from tests.factories import added

SHANGHAI = ZoneInfo("Asia/Shanghai")


def call(session: Session, line: Line, at: datetime, **other: Any) -> Call:
    """An inbound call with its `arrived` event; `open` unless said otherwise."""
    sid = other.get("sid") or new_sid("CA")
    values = {
        "sid": sid, "direction": "inbound", "line_id": line.id, "from_number": "+8613800138000",
        "from_raw": "+8613800138000", "to_number": line.number, "language": "zh-CN", "stage": "greeting",
        "day": at.astimezone(SHANGHAI).date(), "started_at": at,
    }  # fmt: skip
    made = added(session, Call(**values | other))
    if made.direction == "inbound":
        event(session, made, "arrived", at)
    return made


def event(session: Session, call: Call, kind: str, at: datetime, **other: Any) -> CallEvent:
    """Something that happened on the caller's leg."""
    values = {"call_id": call.id, "leg_sid": call.sid, "key": f"{kind}:{at.timestamp()}", "kind": kind}
    return added(session, CallEvent(**{**values, "at": at, "recorded_at": at, "detail": {}} | other))


def queued(session: Session, line: Line, at: datetime, outcome: str, waited: float, **other: Any) -> Call:
    """A call that entered the queue ten seconds after it began, and left it by this outcome."""
    entered = at + timedelta(seconds=10)
    left = entered + timedelta(seconds=waited)
    ended = left + timedelta(seconds=60 if outcome == "answered" else 0)
    values = {
        "queued_at": entered,
        "left_queue_at": left,
        "ended_at": ended,
        "outcome": outcome,
        "stage": "queue",
    }
    joined = {"joined_at": left, "stage": "talk"} if outcome == "answered" else {}
    return call(session, line, at, **values | joined | other)


def waiting(session: Session, line: Line, at: datetime) -> Call:
    """A call that entered the queue ten seconds after it began, and waits."""
    return call(session, line, at, queued_at=at + timedelta(seconds=10), stage="queue")


def leg(session: Session, at: datetime, role: str = "agent", **seconds: Any) -> Leg:
    """A leg with stamps in seconds after `at`: initiated, ringing, answered, ended; other columns by name."""
    stamps = {
        f"{name}_at": at + timedelta(seconds=seconds.pop(name))
        for name in ("initiated", "ringing", "answered", "ended")
        if name in seconds
    }
    values = {"sid": new_sid("CA"), "role": role, "state": "completed", "created_at": at, "checked_at": at}
    return added(session, Leg(**values | stamps | seconds))

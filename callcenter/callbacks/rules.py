"""When a callback is due and what follows a failed try: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import Hours, is_open, next_opening
from callcenter.promises.rules import CLOCK, LAST_HOURS, Limit, due_by, last_hours

OPEN = ("booked", "waiting", "agent")
# The caller needs a moment to hang up before the phone may ring again.
CALLER_HANGS_UP = timedelta(seconds=20)
# A customer who phones in himself is not rung while he is on the line; it is looked again so often.
WHILE_ON_THE_LINE = timedelta(seconds=10)
# A promise that is being carried out when the line closes is carried out; a night's rest is a night's rest.
AFTER_CLOSING = timedelta(minutes=10)
# The carrier would not place it (429, its fault, a queue that does not move): it is asked again so soon.
NOT_PLACED_REST = timedelta(seconds=60)
# While nobody knows whether an earlier call to the number lives, it is looked at again so often.
UNRESOLVED_REST = timedelta(seconds=30)
# A call lasts four hours at most: nobody is rung while the one lives in which he was promised another.
LONGEST_CALL = timedelta(hours=5)
# So long before the time at which an agent calls back at the latest, one is looked for (HL-7, CP-4).
CONSULTED, COMPLAINED = timedelta(minutes=10), timedelta(hours=4)


@dataclass(frozen=True)
class Agreed:
    """What a callback promises, and when we first try. While it awaits a call's end, both may yet move."""

    limit: Limit
    first_try: datetime
    due_at: datetime
    counted_from: datetime
    awaits_call_id: UUID | None = None


def agree(
    limit: Limit,
    hours: Hours,
    at: datetime,
    start: datetime,
    zone: ZoneInfo,
    asked_for: datetime | None,
    awaits_call_id: UUID | None,
) -> Agreed | None:
    """Return what is promised: the time asked for, else what the rule says, counted from `start`.

    None where the hours never come.
    """
    if asked_for is not None:
        return Agreed(limit, asked_for, asked_for, at)
    due = due_by(limit, hours, start, zone)
    if limit.basis == CLOCK:
        first: datetime | None = after_hang_up(timedelta(minutes=limit.minutes or 0), start)[0]
    elif limit.basis == LAST_HOURS:
        first = _in_the_last_hours(hours, start, limit.days or 0, zone)
    else:
        first = first_try(hours, at, None)
    if due is None or first is None:
        return None
    first = at + LONGEST_CALL if awaits_call_id else max(first, at)
    return Agreed(limit, first, due, start, awaits_call_id)


def after_hang_up(within: timedelta, ended_at: datetime) -> tuple[datetime, datetime]:
    """Return when an agent is looked for, and by when the customer has been called, after a hang-up."""
    return ended_at + within - min(CONSULTED, within / 2), ended_at + within


def _in_the_last_hours(hours: Hours, start: datetime, days: int, zone: ZoneInfo) -> datetime | None:
    opens, closes = last_hours(hours, start, days, zone)
    return max(opens, closes - COMPLAINED) if opens and closes else None


def first_try(hours: Hours, at: datetime, asked_for: datetime | None) -> datetime | None:
    """Return when we first try: at the time asked for, else at once while open, else at the next opening."""
    if asked_for is not None:
        return asked_for
    soon = at + CALLER_HANGS_UP
    return soon if is_open(hours, soon) else next_opening(hours, soon)


def may_ring(hours: Hours, at: datetime) -> bool:
    """Say whether a customer may be rung: while the line is open, or has only just closed."""
    return is_open(hours, at) or is_open(hours, at - AFTER_CLOSING)


def put_off(hours: Hours, again: datetime, due: datetime, grace: timedelta) -> tuple[datetime | None, bool]:
    """Return when to act again at `again` or at the first opening after it, and whether that is in time."""
    opening = next_opening(hours, again)
    return opening, opening is not None and opening <= due + grace


def after_failed_try(
    tries: int, most: int, hours: Hours, at: datetime, spacing: timedelta
) -> datetime | None:
    """Return when to try again, None after the last try (FU-2: at another time)."""
    if tries >= most:
        return None
    later = at + spacing
    return later if is_open(hours, later) else next_opening(hours, later)

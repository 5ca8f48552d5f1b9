"""When a callback is due and what follows a failed try: pure."""

from datetime import datetime, timedelta

from callcenter.calendars.rules import Hours, add_working, is_open, next_opening

OPEN = ("booked", "waiting", "agent")
# The caller needs a moment to hang up before the phone may ring again.
CALLER_HANGS_UP = timedelta(seconds=20)
# A customer who phones in himself is not rung while he is on the line; it is looked again so often.
WHILE_ON_THE_LINE = timedelta(seconds=10)
# A promise that is being carried out when the line closes is carried out; a night's rest is a night's rest.
AFTER_CLOSING = timedelta(minutes=10)
# While nobody knows whether an earlier call to the number lives, it is looked at again so often.
UNRESOLVED_REST = timedelta(seconds=30)


def promised_time(hours: Hours, at: datetime, within: timedelta) -> datetime | None:
    """Return the time by which we call (HL-8): so many working minutes from now, None if never open."""
    return add_working(hours, at, within)


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

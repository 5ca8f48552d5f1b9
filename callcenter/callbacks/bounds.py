"""What forbids that a callback is made now, and what becomes of it: later in its time, or a person's task."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callcenter.calendars.rules import Hours, next_opening
from callcenter.callbacks import rules
from callcenter.callbacks.models import SUBJECT, Callback
from callcenter.configuration import configuration
from callcenter.dialing.queries import cap_reached
from callcenter.dialing.rules import next_day
from callcenter.notices.actions import announce
from callcenter.tasks.actions import open_task

QUIET = "quiet_hours"
NOT_CALLED = "not_called"
NOT_PLACED = "not_placed"


def forbidden_now(session: Session, callback: Callback, at: datetime) -> str | None:
    """Return why the customer is not rung now: the line's hours, or the calls of today that are used up."""
    if not rules.may_ring(_hours(session, callback), at):
        return QUIET
    return cap_reached(session, SUBJECT, callback.number, at)


def put_off_callback(session: Session, callback: Callback, reason: str, at: datetime) -> None:
    """It may not be made now, and no try was: act again when it may, in its time; else a person does.

    A callback that a person has in hand is in the state `agent`, and no machine moves it. What the carrier
    would not place is tried again for as long as it takes.
    """
    if callback.state not in rules.OPEN:
        return
    if callback.state == "agent":
        callback.tries = max(0, callback.tries - 1)
    again = _again(session, reason, at)
    numbers = configuration(session).policies_of(callback.line_id)
    grace = timedelta(minutes=numbers.callback_grace_minutes)
    opening, is_in_time = rules.put_off(_hours(session, callback), again, callback.due_at, grace)
    callback.reason = reason
    if opening is not None and (is_in_time or reason == NOT_PLACED):
        callback.state, callback.next_try_at = "booked", opening
    else:
        callback.state = "agent"
        open_task(
            session, kind="not_dialled", reason=reason, subject_kind=SUBJECT, subject_id=callback.id,
            number=callback.number, at=at,
        )  # fmt: skip
    announce(session, "callback", callback.id, at)


def _again(session: Session, reason: str, at: datetime) -> datetime:
    """Return from when on it may be made: the carrier is asked again soon, bounds are those of a day."""
    if reason == NOT_PLACED:
        return at + rules.NOT_PLACED_REST
    return at if reason == QUIET else next_day(configuration(session).zone, at)


def retry_callback(session: Session, callback: Callback, at: datetime) -> None:
    """A person says that no call was made: it is made as soon as it may be, and no try was."""
    forbidden = forbidden_now(session, callback, at)
    zone = configuration(session).zone
    again = next_day(zone, at) if forbidden not in (None, QUIET) else at
    opening = again if forbidden is None else next_opening(_hours(session, callback), again)
    callback.tries = max(0, callback.tries - 1)
    callback.state, callback.reason = "booked", NOT_CALLED
    callback.next_try_at = opening or again + timedelta(days=1)
    announce(session, "callback", callback.id, at)


def _hours(session: Session, callback: Callback) -> Hours:
    known = configuration(session)
    return known.hours[known.lines[callback.line_id].calendar_id]

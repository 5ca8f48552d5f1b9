"""What forbids that a callback is made now, and what becomes of it: later in its time, or a person's task."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.calendars.rules import Hours
from callcenter.callbacks import rules
from callcenter.callbacks.models import SUBJECT, Callback
from callcenter.callbacks.queries import last_call_in
from callcenter.callbacks.tries import end_try
from callcenter.configuration import configuration
from callcenter.dialing.queries import cap_reached
from callcenter.dialing.rules import next_day
from callcenter.notices.actions import announce
from callcenter.phone_numbers import zone_abroad
from callcenter.tasks.actions import open_task

QUIET = "quiet_hours"
NOT_CALLED = "not_called"
NOT_PLACED, NOBODY_FREE = "not_placed", "nobody_free"
OUR_OWN = (NOT_PLACED, NOBODY_FREE)
"""Reasons that are nobody's but ours: it is tried again soon, for as long as it takes."""


def hours_of(session: Session, line_id: UUID) -> Hours:
    """Return the opening hours of a line."""
    known = configuration(session)
    return known.hours[known.lines[line_id].calendar_id]


def zone_for(session: Session, line_id: UUID, number: str | None, at: datetime) -> tuple[ZoneInfo, bool]:
    """Return the zone in which times are told to a number: its own abroad (True), else the line's."""
    home = configuration(session)
    line = home.zone_of(line_id)
    abroad = zone_abroad(number, home.centre.country, at) if number else None
    differs = abroad is not None and at.astimezone(abroad).utcoffset() != at.astimezone(line).utcoffset()
    return (abroad, True) if abroad is not None and differs else (line, False)


def quiet_hours(session: Session, line_id: UUID, number: str, at: datetime, *awake: datetime) -> rules.Quiet:
    """Return the hours in which a number is left alone, by its own clock and the line's policy."""
    numbers = configuration(session).policies_of(line_id)
    zone, _ = zone_for(session, line_id, number, at)
    return rules.Quiet(zone, numbers.quiet_from_hour, numbers.quiet_until_hour, awake)


def _quiet(session: Session, callback: Callback, at: datetime) -> rules.Quiet:
    """Return a customer's quiet hours: he is awake when he asks, when he phones, and at the time he chose."""
    awake = [callback.created_at, *([callback.due_at] if callback.chosen else [])]
    quiet = quiet_hours(session, callback.line_id, callback.number, at, *awake)
    return replace(quiet, phoned=partial(_phoned, session, callback))


def _phoned(session: Session, callback: Callback) -> tuple[datetime, ...]:
    phoned = last_call_in(session, callback)
    return (phoned.started_at,) if phoned else ()


def forbidden_now(session: Session, callback: Callback, at: datetime) -> str | None:
    """Return why the customer is not rung now: the line's hours, his night, or calls of today used up."""
    if not rules.may_ring(hours_of(session, callback.line_id), _quiet(session, callback, at), at):
        return QUIET
    return cap_reached(session, SUBJECT, callback.number, at)


def next_try(session: Session, callback: Callback, at: datetime) -> datetime | None:
    """Return when the customer would be tried again if he were missed now, None after the last try (FU-2)."""
    numbers = configuration(session).policies_of(callback.line_id)
    spacing = timedelta(minutes=numbers.callback_retry_minutes)
    hours, quiet = hours_of(session, callback.line_id), _quiet(session, callback, at)
    return rules.after_failed_try(callback.tries, numbers.callback_tries, hours, quiet, at, spacing)


def put_off_callback(session: Session, callback: Callback, reason: str, at: datetime) -> None:
    """It may not be made now, and no try was: act again when it may, in its time; else a person does.

    A callback that a person has in hand is in the state `agent`, and no machine moves it. What the carrier
    would not place, or found no agent here, is tried again for as long as it takes.
    """
    if callback.state not in rules.OPEN:
        return
    was_tried = callback.state == "agent"
    again = _again(session, reason, at)
    numbers = configuration(session).policies_of(callback.line_id)
    grace = timedelta(minutes=numbers.callback_grace_minutes)
    hours, quiet = hours_of(session, callback.line_id), _quiet(session, callback, at)
    chance, is_in_time = rules.put_off(hours, quiet, again, callback.due_at, grace)
    callback.reason = reason
    follows = chance if is_in_time or reason in OUR_OWN else None
    if was_tried:
        callback.tries = max(0, callback.tries - 1)
        end_try(session, callback, reason, at, again=follows)
    if follows is not None:
        callback.state, callback.next_try_at = "booked", follows
    else:
        callback.state = "agent"
        open_task(
            session, kind="not_dialled", reason=reason, subject_kind=SUBJECT, subject_id=callback.id,
            number=callback.number, at=at,
        )  # fmt: skip
    announce(session, "callback", callback.id, at)


def _again(session: Session, reason: str, at: datetime) -> datetime:
    """Return from when on it may be made: the carrier is asked again soon, bounds are those of a day."""
    if reason in OUR_OWN:
        return at + rules.NOT_PLACED_REST
    return at if reason == QUIET else next_day(configuration(session).zone, at)


def retry_callback(session: Session, callback: Callback, at: datetime) -> None:
    """A person says that no call was made: it is made as soon as it may be, and no try was."""
    forbidden = forbidden_now(session, callback, at)
    zone = configuration(session).zone
    again = next_day(zone, at) if forbidden not in (None, QUIET) else at
    hours, quiet = hours_of(session, callback.line_id), _quiet(session, callback, at)
    chance = again if forbidden is None else rules.next_chance(hours, quiet, again)
    callback.tries = max(0, callback.tries - 1)
    callback.state, callback.reason = "booked", NOT_CALLED
    callback.next_try_at = chance or again + timedelta(days=1)
    end_try(session, callback, NOT_CALLED, at, again=callback.next_try_at)
    announce(session, "callback", callback.id, at)

"""Booking, trying, keeping, giving up callbacks; the row is the truth, RQ rings the bell (HL-6, HL-8)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.rules import Hours, next_opening
from callcenter.callbacks import queries, rules
from callcenter.callbacks.models import Callback
from callcenter.configuration import configuration
from callcenter.db import upsert
from callcenter.dialing.queries import cap_reached, is_unresolved
from callcenter.dialing.rules import next_day
from callcenter.errors import Conflict, Forbidden, Invalid, Missing, Sentence
from callcenter.notices.actions import announce
from callcenter.phone_numbers import refusal
from callcenter.promises.actions import keep_promise, promise, reopen_promise, settle_promises
from callcenter.routing.actions import enter_line, leave_line
from callcenter.routing.queries import live_wait
from callcenter.tasks.actions import open_task

PROMISE = "HL-8"
SUBJECT = "callback"
PHONED_IN = "phoned_in"
QUIET = "quiet_hours"
NOT_CALLED = "not_called"
OPEN = rules.OPEN


def book_callback(
    session: Session,
    *,
    number: str,
    line_id: UUID,
    skill_id: UUID,
    language: str,
    at: datetime,
    actor: str,
    due_at: datetime | None = None,
    origin_call_id: UUID | None = None,
    ticket_id: UUID | None = None,
    customer_id: UUID | None = None,
) -> Callback:
    """Promise a call at a definite time; a number that is owed one on this line keeps that one.

    Raise Forbidden where the centre may not dial the number, Invalid for a time that has passed.
    """
    _check_number(session, number)
    owed = queries.open_callback_to(session, number, line_id)
    if owed is not None:
        return owed
    first, due = _times(session, line_id, due_at, at)
    values = {
        "id": ids.new(), "number": number, "line_id": line_id, "skill_id": skill_id, "language": language,
        "customer_id": customer_id, "origin_call_id": origin_call_id, "ticket_id": ticket_id,
        "state": "booked", "created_at": at, "created_by": actor, "due_at": due, "next_try_at": first,
        "tries": 0,
    }  # fmt: skip
    insert = upsert(session, Callback).values(**values).on_conflict_do_nothing().returning(Callback)
    callback: Callback | None = session.execute(insert).scalar_one_or_none()
    if callback is None:
        return _booked_meanwhile(session, number, line_id)
    _promise(session, callback, at)
    return callback


def _booked_meanwhile(session: Session, number: str, line_id: UUID) -> Callback:
    """Return the callback that somebody else has booked since we looked."""
    owed = queries.open_callback_to(session, number, line_id)
    if owed is None:
        raise Conflict("A callback to this number was booked and settled in this very moment; try again.")
    return owed


def _check_number(session: Session, number: str) -> None:
    home = configuration(session).centre
    refused = refusal(number, home.dial_prefixes, home.sip_domains)
    if refused or not number.startswith("+"):
        raise Forbidden(refused or "A callback needs a telephone number.")


def _times(
    session: Session, line_id: UUID, asked_for: datetime | None, at: datetime
) -> tuple[datetime, datetime]:
    """Return when we first try and what we promise."""
    if asked_for is not None and asked_for <= at:
        raise Invalid("due_at", "this time has passed; give a time in the future")
    hours = _hours(session, line_id)
    within = timedelta(minutes=configuration(session).policies.callback_within_minutes)
    first = rules.first_try(hours, at, asked_for)
    due = asked_for or rules.promised_time(hours, at, within)
    if first is None or due is None:
        raise Conflict("The line has no opening hours in the coming year: nothing can be promised.")
    return first, due


def _hours(session: Session, line_id: UUID) -> Hours:
    known = configuration(session)
    return known.hours[known.lines[line_id].calendar_id]


def _promise(session: Session, callback: Callback, at: datetime) -> None:
    numbers = configuration(session).policies
    promise(
        session,
        rule=PROMISE,
        subject_kind=SUBJECT,
        subject_id=callback.id,
        due_at=callback.due_at,
        grace=timedelta(minutes=numbers.callback_grace_minutes),
        why={"rule": PROMISE, "within_working_minutes": numbers.callback_within_minutes},
        at=at,
        customer_id=callback.customer_id,
    )
    announce(session, "callback", callback.id, at)


def start_callback(session: Session, callback_id: UUID, at: datetime) -> bool:
    """Its time has come: it waits for an agent, in the place of the day it was booked. False if not due."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state != "booked" or callback.next_try_at > at:
        return False
    if _speaks_with_us(session, callback, at):
        return False
    if is_unresolved(session, callback.number):
        _wait_for_certainty(callback, at)
        return False
    forbidden = forbidden_now(session, callback, at)
    if forbidden is not None:
        put_off_callback(session, callback, forbidden, at)
        return False
    callback.state = "waiting"
    enter_line(
        session,
        subject_kind=SUBJECT,
        subject_id=callback.id,
        call_id=None,
        line_id=callback.line_id,
        skill_id=callback.skill_id,
        language=callback.language,
        at=at,
        entered_at=min(callback.created_at, at),
    )
    announce(session, "callback", callback.id, at)
    return True


def forbidden_now(session: Session, callback: Callback, at: datetime) -> str | None:
    """Return why the customer is not rung now: the line's hours, or the calls of today that are used up."""
    if not rules.may_ring(_hours(session, callback.line_id), at):
        return QUIET
    return cap_reached(session, SUBJECT, callback.number, at)


def put_off_callback(session: Session, callback: Callback, reason: str, at: datetime) -> None:
    """It may not be made now, and no try was: act again when it may, in its time; else a person does.

    A callback that a person has in hand is in the state `agent`, and no machine moves it.
    """
    if callback.state not in OPEN:
        return
    if callback.state == "agent":
        callback.tries = max(0, callback.tries - 1)
    again = at if reason == QUIET else next_day(configuration(session).zone, at)
    grace = timedelta(minutes=configuration(session).policies.callback_grace_minutes)
    opening, is_in_time = rules.put_off(_hours(session, callback.line_id), again, callback.due_at, grace)
    callback.reason = reason
    if opening is not None and is_in_time:
        callback.state, callback.next_try_at = "booked", opening
    else:
        callback.state = "agent"
        open_task(
            session, kind="not_dialled", reason=reason, subject_kind=SUBJECT, subject_id=callback.id,
            number=callback.number, at=at,
        )  # fmt: skip
    announce(session, "callback", callback.id, at)


def retry_callback(session: Session, callback: Callback, at: datetime) -> None:
    """A person says that no call was made: it is made as soon as it may be, and no try was."""
    forbidden = forbidden_now(session, callback, at)
    zone = configuration(session).zone
    again = next_day(zone, at) if forbidden not in (None, QUIET) else at
    opening = again if forbidden is None else next_opening(_hours(session, callback.line_id), again)
    callback.tries = max(0, callback.tries - 1)
    callback.state, callback.reason = "booked", NOT_CALLED
    callback.next_try_at = opening or again + timedelta(days=1)
    announce(session, "callback", callback.id, at)


def _speaks_with_us(session: Session, callback: Callback, at: datetime) -> bool:
    """Say whether the customer has phoned in meanwhile: not rung while on the line, reached once joined."""
    phoned = queries.last_call_in(session, callback)
    if phoned is None or (phoned.joined_at is None and phoned.ended_at is not None):
        return False
    if phoned.joined_at is not None:
        keep_callback(session, callback, phoned.joined_at)
        callback.reason = PHONED_IN
    else:
        callback.next_try_at = at + rules.WHILE_ON_THE_LINE
    return True


def phones_in(session: Session, callback_id: UUID, at: datetime) -> datetime | None:
    """The customer waits for an agent himself: he is not rung meanwhile.

    Return the place in line of a callback whose time had come, which is the customer's now; None otherwise.
    """
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state not in ("booked", "waiting"):
        return None
    had_come = callback.state == "waiting" or callback.next_try_at <= at
    if not _take_out_of_line(session, callback, at):
        return None
    return min(callback.created_at, at) if had_come else None


def meets_by_phoning(session: Session, callback_id: UUID, at: datetime) -> None:
    """The customer has phoned in and talks with an agent: the promise is kept, or late; no call is made."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state not in ("booked", "waiting"):
        return
    if _take_out_of_line(session, callback, at):
        keep_callback(session, callback, at)
        callback.reason = PHONED_IN


def _take_out_of_line(session: Session, callback: Callback, at: datetime) -> bool:
    """Let nobody be asked about this callback; False when an agent has accepted it in this very moment."""
    wait = live_wait(session, SUBJECT, callback.id, lock=True)
    if wait is not None and wait.state == "won":
        return False
    if wait is not None:
        leave_line(session, wait, PHONED_IN, at)
    callback.state = "booked"
    callback.next_try_at = max(callback.next_try_at, at + rules.WHILE_ON_THE_LINE)
    return True


def part_again(session: Session, callback_id: UUID) -> None:
    """The agent was gone in the moment in which a customer who phoned in met him: the call is owed still."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or (callback.state, callback.reason) != ("kept", PHONED_IN):
        return
    if queries.open_callback_to(session, callback.number, callback.line_id) is None:
        callback.state, callback.reason, callback.settled_at = "booked", None, None
        reopen_promise(session, PROMISE, SUBJECT, callback.id)


def _wait_for_certainty(callback: Callback, at: datetime) -> None:
    """The number may be ringing still: no agent is asked before that is known.

    It is known soon, or a person has been asked about the call of which nobody knows; the promise is late
    meanwhile, and stays one.
    """
    callback.next_try_at = at + rules.UNRESOLVED_REST


def agent_found(session: Session, callback: Callback, call_id: UUID, at: datetime) -> None:
    """An agent has accepted and waits: the customer is rung now."""
    callback.state = "agent"
    callback.call_id = call_id
    callback.tries += 1
    announce(session, "callback", callback.id, at)


def keep_callback(session: Session, callback: Callback, at: datetime) -> None:
    """The customer was reached: the promise is kept, or late."""
    callback.state = "kept"
    callback.settled_at = at
    keep_promise(session, PROMISE, SUBJECT, callback.id, at)
    announce(session, "callback", callback.id, at)


def reopen_callback(session: Session, callback_id: UUID) -> None:
    """The agent was gone in the moment of the meeting: it is owed still, unless another call is."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state != "kept":
        return
    if queries.open_callback_to(session, callback.number, callback.line_id) is None:
        callback.state = "agent"
        callback.settled_at = None
        reopen_promise(session, PROMISE, SUBJECT, callback.id)


def miss_callback(session: Session, callback: Callback, reason: str, at: datetime) -> None:
    """The customer was not reached (busy, no-answer, voicemail, failed): try again later, or give up."""
    if callback.state not in ("agent", "waiting"):
        return
    numbers = configuration(session).policies
    spacing = timedelta(minutes=numbers.callback_retry_minutes)
    again = rules.after_failed_try(
        callback.tries, numbers.callback_tries, _hours(session, callback.line_id), at, spacing
    )
    callback.reason = reason
    if again is None:
        _give_up(session, callback, "failed", "broken", reason, at)
        return
    callback.state = "booked"
    callback.next_try_at = again
    announce(session, "callback", callback.id, at)


def _give_up(
    session: Session, callback: Callback, state: str, promise_state: str, reason: str, at: datetime
) -> None:
    callback.state = state
    callback.reason = reason[:60]
    callback.settled_at = at
    settle_promises(session, SUBJECT, callback.id, promise_state, at)
    announce(session, "callback", callback.id, at)


def cancel_callback(session: Session, callback_id: UUID, at: datetime, actor: str, reason: str) -> Callback:
    """Cancel what is not being carried out already; raise Conflict when it is, or is over."""
    callback = _changeable(session, callback_id)
    wait = live_wait(session, SUBJECT, callback.id, lock=True)
    if wait is not None:
        leave_line(session, wait, "cancelled", at)
    _give_up(session, callback, "cancelled", "cancelled", f"{reason} ({actor})", at)
    return callback


def reschedule_callback(
    session: Session, callback_id: UUID, due_at: datetime, at: datetime, actor: str
) -> Callback:
    """Promise another time; raise Conflict when it is being carried out or is over."""
    callback = _changeable(session, callback_id)
    callback.next_try_at, callback.due_at = _times(session, callback.line_id, due_at, at)
    wait = live_wait(session, SUBJECT, callback.id, lock=True)
    if wait is not None:
        leave_line(session, wait, "rescheduled", at)
    callback.state = "booked"
    callback.reason = f"rescheduled by {actor}"[:60]
    _promise(session, callback, at)
    return callback


def _changeable(session: Session, callback_id: UUID) -> Callback:
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None:
        raise Missing("callback", callback_id)
    if callback.state not in ("booked", "waiting"):
        raise Conflict(Sentence("This callback is {}: it cannot be changed any more.", callback.state))
    return callback

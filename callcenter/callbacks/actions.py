"""Booking, trying, keeping, giving up callbacks; the row is the truth, RQ rings the bell (HL-6, HL-8)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.callbacks import queries, rules
from callcenter.callbacks.bounds import NOT_PLACED, forbidden_now, next_try, put_off_callback
from callcenter.callbacks.models import SUBJECT, Callback
from callcenter.callbacks.times import PROMISE, agreed_for, why_of
from callcenter.callbacks.tries import REACHED, begin_try, end_try, reopen_try
from callcenter.calls.models import Call
from callcenter.configuration import configuration
from callcenter.customers.queries import recognise
from callcenter.db import upsert
from callcenter.dialing.queries import is_shut, is_unresolved
from callcenter.errors import Conflict, Forbidden, Missing, Sentence
from callcenter.notices.actions import announce
from callcenter.phone_numbers import refusal
from callcenter.promises import rules as promised
from callcenter.promises.actions import (
    count_from,
    keep_promise,
    move_promise,
    promise,
    reopen_about,
    reopen_promise,
    settle_promises,
)
from callcenter.promises.queries import promise_of
from callcenter.routing.actions import enter_line, leave_line
from callcenter.routing.queries import live_wait
from callcenter.tasks.actions import open_task
from callcenter.tasks.rules import NOT_REACHED

PHONED_IN = "phoned_in"
CLOCK = "clock"


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
    owner_agent_id: UUID | None = None,
    rule: str = PROMISE,
    counted_from: datetime | None = None,
    awaits_call_id: UUID | None = None,
) -> Callback:
    """Promise a call at a definite time, unless one is owed: to this number on this line, or to this customer
    about the same matter. Then the second request attaches to that one, whichever way it came.

    By HL-7 and CP-4 it is due so long after `counted_from`, or after the end of the call that it awaits.
    Raise Forbidden where the centre may not dial the number, Invalid for a time that has passed.
    """
    _check_number(session, number)
    customer_id = customer_id or recognise(session, number).customer_id
    matter = rules.matter_of(customer_id, skill_id)
    owed = queries.open_callback_to(session, number, line_id, matter)
    if owed is not None:
        return _attach(session, owed, number, ticket_id, at)
    agreed = agreed_for(
        session, line_id, number, at,
        rule=rule, asked_for=due_at, start=counted_from, awaits_call_id=awaits_call_id,
    )  # fmt: skip
    values = {
        "id": ids.new(), "number": number, "line_id": line_id, "skill_id": skill_id, "language": language,
        "customer_id": customer_id, "origin_call_id": origin_call_id, "ticket_id": ticket_id,
        "state": "booked", "created_at": at, "created_by": actor, "due_at": agreed.due_at,
        "next_try_at": agreed.first_try, "chosen": due_at is not None, "matter": matter, "tries": 0,
        "arrived_at": _arrival(session, origin_call_id, at),
    }  # fmt: skip
    insert = upsert(session, Callback).values(**values).on_conflict_do_nothing().returning(Callback)
    callback: Callback | None = session.execute(insert).scalar_one_or_none()
    if callback is None:
        meanwhile = queries.open_callback_to(session, number, line_id, matter)
        if meanwhile is None:
            raise Conflict("A callback to this number was booked and settled in this very moment; try again.")
        return _attach(session, meanwhile, number, ticket_id, at)
    _promise(session, callback, agreed, owner_agent_id, at)
    return callback


def owed_already(
    session: Session, number: str, line_id: UUID, skill_id: UUID, customer_id: UUID | None
) -> Callback | None:
    """Return the call that is owed to this number on this line, or to its customer about the same matter."""
    customer_id = customer_id or recognise(session, number).customer_id
    return queries.open_callback_to(session, number, line_id, rules.matter_of(customer_id, skill_id))


def _arrival(session: Session, origin_call_id: UUID | None, at: datetime) -> datetime:
    """Return when the customer joined the line in his first call, else when he asked."""
    origin = session.get(Call, origin_call_id) if origin_call_id else None
    return min(origin.queued_at, at) if origin is not None and origin.queued_at else at


def place_in_line(callback: Callback, at: datetime) -> datetime:
    """Return the place in line: that of the customer's arrival, which he does not lose by hanging up."""
    return min(callback.arrived_at or callback.created_at, at)


def _attach(session: Session, owed: Callback, number: str, ticket_id: UUID | None, at: datetime) -> Callback:
    """Let a second request keep the call that is owed: at the number that was given last, on the ticket."""
    moves = owed.number != number and owed.state == "booked"
    if moves and queries.open_callback_to(session, number, owed.line_id) is None:
        owed.number = number
        announce(session, "callback", owed.id, at)
    owed.ticket_id = owed.ticket_id or ticket_id
    return owed


def _check_number(session: Session, number: str) -> None:
    home = configuration(session).centre
    refused = refusal(number, home.dial_prefixes, home.sip_domains)
    if refused or not number.startswith("+"):
        raise Forbidden(refused or "A callback needs a telephone number.")


def _promise(
    session: Session, callback: Callback, agreed: rules.Agreed, owner_id: UUID | None, at: datetime
) -> None:
    numbers = configuration(session).policies_of(callback.line_id)
    promise(
        session,
        rule=agreed.limit.rule,
        subject_kind=SUBJECT,
        subject_id=callback.id,
        due_at=callback.due_at,
        grace=timedelta(minutes=numbers.callback_grace_minutes),
        why=why_of(session, callback.line_id, agreed.limit),
        at=at,
        customer_id=callback.customer_id,
        owner_agent_id=owner_id,
        made_by=callback.created_by,
        line_id=callback.line_id,
        ticket_id=callback.ticket_id,
        counted_from=agreed.counted_from,
        awaits_call_id=agreed.awaits_call_id,
    )
    announce(session, "callback", callback.id, at)


def hang_up(session: Session, callback_id: UUID, ended_at: datetime, at: datetime) -> None:
    """The call in which a callback was promised is over: its time counts from there (HL-7)."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    owed = promise_of(session, SUBJECT, callback_id) if callback is not None else None
    if callback is None or owed is None or owed.awaits_call_id is None:
        return
    agreed = rules.after_hang_up(timedelta(minutes=owed.why["minutes"]), ended_at)
    callback.due_at = agreed[1]
    if callback.state == "booked":
        callback.next_try_at = agreed[0]
    count_from(session, owed, ended_at, callback.due_at, at)
    announce(session, "callback", callback.id, at)


def bring_forward(session: Session, callback_id: UUID, at: datetime) -> Callback:
    """Call now, and not first when it is due: whoever promised it knows what to say (HL-7)."""
    callback = _changeable(session, callback_id)
    owed = promise_of(session, SUBJECT, callback_id)
    if owed is not None and owed.awaits_call_id is not None:
        raise Conflict("The customer is still on the line in which this call was promised.")
    if callback.state == "booked":
        callback.next_try_at = min(callback.next_try_at, at)
        announce(session, "callback", callback.id, at)
    return callback


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
    forbidden = NOT_PLACED if is_shut(session, at) else forbidden_now(session, callback, at)
    if forbidden is not None:
        put_off_callback(session, callback, forbidden, at)
        return False
    callback.state, callback.waiting_since = "waiting", at
    enter_line(
        session,
        subject_kind=SUBJECT,
        subject_id=callback.id,
        call_id=None,
        line_id=callback.line_id,
        skill_id=callback.skill_id,
        language=callback.language,
        at=at,
        entered_at=place_in_line(callback, at),
    )
    announce(session, "callback", callback.id, at)
    return True


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
    begin_try(session, callback, call_id, at)
    announce(session, "callback", callback.id, at)


def keep_callback(session: Session, callback: Callback, at: datetime) -> None:
    """The customer was reached: the promise is kept, or late."""
    if callback.state == "agent":
        end_try(session, callback, REACHED, at)
    callback.state = "kept"
    callback.settled_at = at
    keep_promise(session, None, SUBJECT, callback.id, at, SUBJECT, replies_about=callback.ticket_id)
    announce(session, "callback", callback.id, at)


def reopen_callback(session: Session, callback_id: UUID) -> None:
    """The agent was gone in the moment of the meeting: it is owed still, unless another call is."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state != "kept":
        return
    if queries.open_callback_to(session, callback.number, callback.line_id, callback.matter) is None:
        owe_again(session, callback)
        callback.state = "agent"
        callback.settled_at = None
        reopen_try(session, callback)


def owe_again(session: Session, callback: Callback) -> None:
    """The call that was counted as made was not: what it kept is owed again."""
    reopen_promise(session, None, SUBJECT, callback.id)
    if callback.ticket_id is not None and callback.settled_at is not None:
        reopen_about(session, callback.ticket_id, (promised.REPLY,), callback.settled_at)


def miss_callback(
    session: Session, callback: Callback, reason: str, at: datetime, *, message_left: bool = False
) -> None:
    """The customer was not reached (busy, no-answer, voicemail, failed): again later, or a person's."""
    if callback.state not in rules.TRYING:
        return
    again = next_try(session, callback, at)
    callback.reason = reason
    if callback.state == "agent":
        end_try(session, callback, reason, at, again=again, message_left=message_left)
    if again is None:
        _give_up(session, callback, "failed", "broken", reason, at)
        announce(session, "callback_failed", callback.id, at)
        open_task(
            session, kind=NOT_REACHED, reason=reason, subject_kind=SUBJECT, subject_id=callback.id,
            number=callback.number, at=at,
        )  # fmt: skip
        return
    callback.state = "booked"
    callback.next_try_at = again
    announce(session, "callback", callback.id, at)


def _give_up(
    session: Session,
    callback: Callback,
    state: str,
    promise_state: str,
    reason: str,
    at: datetime,
    by: str | None = None,
) -> None:
    """Settle what will not be kept; callback and promise say why, and who it was that cancelled."""
    callback.state = state
    callback.reason = reason[:60]
    callback.settled_at = at
    callback.settled_by = by
    settle_promises(session, SUBJECT, callback.id, promise_state, at, by=by or CLOCK, reason=reason)
    announce(session, "callback", callback.id, at)


def cancel_callback(
    session: Session, callback_id: UUID, at: datetime, actor: str, reason: str, *, broken: bool = False
) -> Callback:
    """Cancel what is not being carried out already; raise Conflict when it is, or is over.

    It is `broken` when we give it up, and not the customer.
    """
    callback = _changeable(session, callback_id)
    wait = live_wait(session, SUBJECT, callback.id, lock=True)
    if wait is not None:
        leave_line(session, wait, "cancelled", at)
    state, promise_state = ("failed", "broken") if broken else ("cancelled", "cancelled")
    _give_up(session, callback, state, promise_state, reason, at, actor)
    return callback


def reschedule_callback(
    session: Session,
    callback_id: UUID,
    due_at: datetime | None,
    at: datetime,
    actor: str,
    *,
    consent: bool | None = None,
    reason: str | None = None,
) -> Callback:
    """Promise another time, without one as soon as possible (HL-8).

    Raise Conflict when it is being carried out or is over.
    """
    callback = _changeable(session, callback_id)
    owed = promise_of(session, SUBJECT, callback_id)
    rule = owed.rule if owed is not None and due_at is not None else PROMISE
    agreed = agreed_for(session, callback.line_id, callback.number, at, rule=rule, asked_for=due_at)
    callback.next_try_at, callback.due_at = agreed.first_try, agreed.due_at
    callback.chosen = due_at is not None
    wait = live_wait(session, SUBJECT, callback.id, lock=True)
    if wait is not None:
        leave_line(session, wait, "rescheduled", at)
    callback.state = "booked"
    callback.reason = f"rescheduled by {actor}"[:60]
    if owed is not None:
        why = why_of(session, callback.line_id, agreed.limit)
        move_promise(
            session, owed, callback.due_at, at,
            by=actor, why=why, consent=consent, reason=reason, counted_from=agreed.counted_from,
        )  # fmt: skip
    announce(session, "callback", callback.id, at)
    return callback


def _changeable(session: Session, callback_id: UUID) -> Callback:
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None:
        raise Missing("callback", callback_id)
    if callback.state not in rules.CHANGEABLE:
        raise Conflict(Sentence("This callback is {}: it cannot be changed any more.", callback.state))
    return callback

"""Every attempt to reach a customer is a row: when it began, who picked up, how it ended, what follows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback, CallbackTry
from callcenter.callbacks.queries import last_try

REACHED = "reached"


def begin_try(session: Session, callback: Callback, call_id: UUID, at: datetime) -> None:
    """The customer is rung now. Tries that cost none are numbered too: no two have the same number."""
    before = last_try(session, callback.id)
    number = before.number + 1 if before is not None else 1
    session.add(CallbackTry(callback_id=callback.id, number=number, call_id=call_id, began_at=at))


def end_try(
    session: Session,
    callback: Callback,
    result: str,
    at: datetime,
    *,
    again: datetime | None = None,
    message_left: bool = False,
) -> None:
    """The try that goes on is over, and has the result that was heard first."""
    tried = _going_on(session, callback)
    if tried is not None:
        tried.ended_at, tried.result, tried.next_try_at = at, result[:20], again
        tried.message_left = message_left


def reopen_try(session: Session, callback: Callback) -> None:
    """The customer was not reached after all: the try goes on."""
    tried = last_try(session, callback.id)
    if tried is not None and tried.result == REACHED:
        tried.ended_at = tried.result = None


def note_answered_by(session: Session, callback: Callback, answered_by: str) -> None:
    """The carrier says who picked up: a person, a machine, or that it does not know."""
    tried = _going_on(session, callback)
    if tried is not None:
        tried.answered_by = answered_by[:20]


def _going_on(session: Session, callback: Callback) -> CallbackTry | None:
    """Return the try that goes on; None of one that an older release has begun."""
    tried = last_try(session, callback.id)
    return tried if tried is not None and tried.ended_at is None else None

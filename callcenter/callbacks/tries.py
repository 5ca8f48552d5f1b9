"""Every attempt to reach a customer is a row: when it began, who picked up, how it ended, what follows."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
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
    session.execute(
        _going_on(callback).values(
            ended_at=at, result=result[:20], next_try_at=again, message_left=message_left
        )
    )


def reopen_try(session: Session, callback: Callback) -> None:
    """The customer was not reached after all: the try goes on."""
    mine = CallbackTry.callback_id == callback.id
    newest = sa.select(sa.func.max(CallbackTry.number)).where(mine).scalar_subquery()
    reached = sa.update(CallbackTry).where(mine, CallbackTry.number == newest, CallbackTry.result == REACHED)
    session.execute(
        reached.values(ended_at=None, result=None), execution_options={"synchronize_session": False}
    )


def note_answered_by(session: Session, callback: Callback, answered_by: str) -> None:
    """The carrier says who picked up: a person, a machine, or that it does not know."""
    session.execute(_going_on(callback).values(answered_by=answered_by[:20]))


def _going_on(callback: Callback) -> sa.Update:
    """Return a change of the try that goes on; nothing is read, so that nobody waits for it."""
    return sa.update(CallbackTry).where(
        CallbackTry.callback_id == callback.id, CallbackTry.ended_at.is_(None)
    )

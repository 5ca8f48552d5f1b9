"""A customer who is owed a call phones in himself: nobody rings him, and talking keeps the promise."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks import queries, rules
from callcenter.callbacks.actions import PHONED_IN, keep_callback, owe_again, place_in_line
from callcenter.callbacks.models import SUBJECT, Callback
from callcenter.routing.actions import leave_line
from callcenter.routing.queries import live_wait


def phones_in(session: Session, callback_id: UUID, at: datetime) -> datetime | None:
    """The customer waits for an agent himself: he is not rung meanwhile.

    Return the place in line of a callback whose time had come, which is the customer's now; None otherwise.
    """
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state not in rules.CHANGEABLE:
        return None
    had_come = callback.state == "waiting" or callback.next_try_at <= at
    if not _take_out_of_line(session, callback, at):
        return None
    return place_in_line(callback, at) if had_come else None


def meets_by_phoning(session: Session, callback_id: UUID, at: datetime) -> None:
    """The customer has phoned in and talks with an agent: the promise is kept, or late; no call is made."""
    callback = queries.callback_by_id(session, callback_id, lock=True)
    if callback is None or callback.state not in rules.CHANGEABLE:
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
    if queries.open_callback_to(session, callback.number, callback.line_id, callback.matter) is None:
        owe_again(session, callback)
        callback.state, callback.reason, callback.settled_at = "booked", None, None

"""Placing calls: never twice, never forgotten (reliability: the dialing protocol).

INTENT -> SENDING (committed before the request) -> LIVE | NOT_PLACED | UNKNOWN; LIVE -> ENDED.
Redirects and hang-ups have rows too; repeating those is harmless.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.dialing.models import UNRESOLVED, Attempt, CarrierOrder
from callcenter.dialing.queries import is_lost
from callcenter.dialing.rules import (
    BELL_PATIENCE,
    GIVEN_LOST_AFTER,
    NEEDS_HUMAN,
    SENDING_LOST_AFTER,
    retry_order_in,
)
from callcenter.jobs import later
from callcenter.statements import Query, Write, table_of

log = structlog.get_logger()
_OPEN = ("sending", "unknown")
_UNDONE = ("pending", "given")
_ADD_ATTEMPT = Query(
    lambda insert: (
        insert(table_of(Attempt))
        .on_conflict_do_nothing(index_elements=[Attempt.target], index_where=UNRESOLVED)
        .returning(table_of(Attempt).c.id)
    )
)
_BIND = (
    sa.update(table_of(Attempt))
    .where(Attempt.id == sa.bindparam("attempt"), Attempt.sid.is_(None), Attempt.state.in_(_OPEN))
    .values(sid=sa.bindparam("told"), state="live", reason=None, settled_at=None)
)
_END = (
    sa.update(table_of(Attempt))
    .where(Attempt.id == sa.bindparam("attempt"), Attempt.state.in_(("live", *_OPEN)))
    .values(state="ended", reason=sa.bindparam("why"), settled_at=sa.bindparam("now"))
)
_WITHDRAW_INTENT = (
    sa.update(table_of(Attempt))
    .where(
        Attempt.purpose_kind == sa.bindparam("kind"),
        Attempt.purpose_id == sa.bindparam("purpose"),
        Attempt.state == "intent",
    )
    .values(state="not_placed", reason="withdrawn", settled_at=sa.bindparam("now"))
)
_WITHDRAW_ORDERS = (
    sa.update(table_of(CarrierOrder))
    .where(CarrierOrder.key.startswith(sa.bindparam("prefix")), CarrierOrder.state == "pending")
    .values(state="withdrawn", done_at=sa.bindparam("now"))
)


def _order(insert: Any) -> Any:
    new = insert(table_of(CarrierOrder))
    sooner = sa.case(
        (CarrierOrder.bell_at < new.excluded.bell_at, CarrierOrder.bell_at), else_=new.excluded.bell_at
    )
    return new.on_conflict_do_update(
        index_elements=[CarrierOrder.key], set_={"bell_at": sooner}, where=CarrierOrder.state == "pending"
    )


_ORDER = Write(_order)


def intend(
    session: Session,
    *,
    purpose_kind: str,
    purpose_id: UUID,
    target: str,
    to_address: str,
    from_number: str,
    timeout_seconds: int,
    at: datetime,
) -> UUID | None:
    """Write down that a call is to be placed; None while an earlier one to this target is unresolved."""
    values = {
        "id": ids.new(), "purpose_kind": purpose_kind, "purpose_id": purpose_id, "target": target,
        "to_address": to_address, "from_number": from_number, "timeout_seconds": timeout_seconds,
        "state": "intent", "fence": 0, "created_at": at, "bell_at": at + BELL_PATIENCE, "empty_listings": 0,
    }  # fmt: skip
    attempt_id: UUID | None = _ADD_ATTEMPT.scalar(session, values)
    if attempt_id is not None:
        later(session, "place_attempt", attempt_id)
    return attempt_id


def claim(session: Session, attempt_id: UUID, at: datetime) -> Attempt | None:
    """INTENT -> SENDING for exactly one claimant, with a fence and a lease; commit before you dial."""
    taken = (
        sa.update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == "intent")
        .values(state="sending", sent_at=at, lease_until=at + SENDING_LOST_AFTER, fence=Attempt.fence + 1)
        .returning(Attempt)
        .execution_options(populate_existing=True)
    )
    return session.execute(taken).scalar_one_or_none()


def take_over(session: Session, attempt_id: UUID, reason: str, at: datetime) -> bool:
    """SENDING -> UNKNOWN for an attempt whose owner let the lease run out; his verdict comes too late."""
    taken = (
        sa.update(Attempt)
        .where(Attempt.id == attempt_id, is_lost(at))
        .values(state="unknown", reason=reason, fence=Attempt.fence + 1)
        .returning(Attempt.id)
    )
    return session.execute(taken).first() is not None


def wait_until(session: Session, attempt_id: UUID, until: datetime) -> None:
    """Ring an intent's bell again then: it could not leave yet."""
    waits = sa.update(Attempt).where(Attempt.id == attempt_id, Attempt.state == "intent")
    session.execute(waits.values(bell_at=until))


def bind(session: Session, attempt_id: UUID, sid: str) -> None:
    """Tie the carrier's SID to its attempt: the first one wins and keeps it. Read the attempt to see who."""
    session.execute(_BIND, {"attempt": attempt_id, "told": sid})


def settle(
    session: Session, attempt_id: UUID, state: str, reason: str | None, at: datetime, fence: int | None = None
) -> bool:
    """Move an unresolved attempt to not_placed, ended, or unknown; False when it was elsewhere already.

    With a `fence` it is its owner who speaks, and who is not heard once another has taken the attempt over.
    """
    from_states = {
        "not_placed": ("intent", "sending", "unknown"),
        "unknown": ("sending",),
        "ended": ("live", "sending", "unknown"),
    }[state]
    settled_at = None if state == "unknown" else at
    moved = (
        sa.update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(from_states))
        .where(*(() if fence is None else (Attempt.fence == fence,)))
        .values(state=state, reason=reason, settled_at=settled_at)
        .returning(Attempt.id)
    )
    return session.execute(moved).first() is not None


def end_attempt(session: Session, attempt_id: UUID, reason: str, at: datetime) -> None:
    """The placed call is over."""
    session.execute(_END, {"attempt": attempt_id, "why": reason, "now": at})


def withdraw_intent(session: Session, purpose_kind: str, purpose_id: UUID, at: datetime) -> None:
    """Take back what nobody has claimed yet of the calls for a purpose; whether there was one is not told."""
    session.execute(_WITHDRAW_INTENT, {"kind": purpose_kind, "purpose": purpose_id, "now": at})


def takes_back(session: Session, purpose_kind: str, purpose_id: UUID, at: datetime) -> bool:
    """Do the same and tell whether there was one: then certainly nobody is rung."""
    values = {"kind": purpose_kind, "purpose": purpose_id, "now": at}
    return session.execute(_WITHDRAW_INTENT.returning(Attempt.id), values).first() is not None


def settle_intent(session: Session, attempt_id: UUID, reason: str, at: datetime) -> bool:
    """Take an intent back before anybody has claimed it; False when a call may be on its way."""
    taken = (
        sa.update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == "intent")
        .values(state="not_placed", reason=reason, settled_at=at)
        .returning(Attempt.id)
    )
    return session.execute(taken).first() is not None


def note_empty_listing(session: Session, attempt: Attempt) -> int:
    """Count a complete listing that shows no call for this attempt; return how many there are now."""
    attempt.empty_listings += 1
    return attempt.empty_listings


def hand_to_person(attempt: Attempt) -> None:
    """Leave it to a person: machines cannot know whether a call was made."""
    attempt.reason = NEEDS_HUMAN


def order(
    session: Session,
    *,
    key: str,
    verb: str,
    sid: str,
    at: datetime,
    path: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Write down a redirect or a hang-up; the same key is the same order, and an earlier due time wins.

    An order's id follows from its key: its bell is rung without asking the database what it is. One that
    was given already is not given again.
    """
    due = due_at or at
    values = {
        "id": ids.named(key), "key": key, "verb": verb, "sid": sid, "path": path, "state": "pending",
        "tries": 0, "created_at": at, "bell_at": due if due > at else due + BELL_PATIENCE,
    }  # fmt: skip
    _ORDER.send(session, values)
    if due <= at:
        later(session, "carry_out", values["id"])


def claim_order(session: Session, order_id: UUID, at: datetime) -> CarrierOrder | None:
    """Take a pending order for as long as its claimant may live; commit before it is given to the carrier."""
    taken = (
        sa.update(CarrierOrder)
        .where(CarrierOrder.id == order_id, CarrierOrder.state == "pending")
        .values(state="given", bell_at=at + GIVEN_LOST_AFTER)
        .returning(CarrierOrder)
    )
    return session.execute(taken).scalar_one_or_none()


def finish_order(session: Session, order_id: UUID, state: str, reason: str | None, at: datetime) -> None:
    """The order is done, or the call was gone."""
    session.execute(
        sa.update(CarrierOrder)
        .where(CarrierOrder.id == order_id, CarrierOrder.state.in_(_UNDONE))
        .values(state=state, reason=reason, done_at=at)
    )


def retry_order(session: Session, order: CarrierOrder, reason: str, at: datetime) -> None:
    """The carrier did not answer: try again a little later, unless somebody else has taken it since."""
    tries = order.tries + 1
    session.execute(
        sa.update(CarrierOrder)
        .where(
            CarrierOrder.id == order.id,
            CarrierOrder.state == "given",
            CarrierOrder.bell_at == order.bell_at,
        )
        .values(state="pending", tries=tries, reason=reason[:200], bell_at=at + retry_order_in(tries))
    )


def withdraw_orders(session: Session, key_prefix: str, at: datetime) -> None:
    """Take back orders that have lost their purpose and were not carried out yet."""
    session.execute(_WITHDRAW_ORDERS, {"prefix": key_prefix, "now": at})


def ring_bells(session: Session, at: datetime) -> None:
    """Find intents and orders whose bell was lost and ring it again: orders, then agents, then customers."""
    again = at + BELL_PATIENCE
    intents = (
        sa.update(Attempt)
        .where(Attempt.state == "intent", Attempt.bell_at <= at)
        .values(bell_at=again)
        .returning(Attempt.id, Attempt.purpose_kind, Attempt.created_at)
    )
    orders = (
        sa.update(CarrierOrder)
        .where(CarrierOrder.state.in_(_UNDONE), CarrierOrder.bell_at <= at)
        .values(state="pending", bell_at=again)
        .returning(CarrierOrder.id)
    )
    for order_id in session.execute(orders).scalars():
        later(session, "carry_out", order_id)
    due = session.execute(intents).all()
    for row in sorted(due, key=lambda row: (row.purpose_kind != "offer", row.created_at, row.id)):
        later(session, "place_attempt", row.id)

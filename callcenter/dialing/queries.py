"""Reading attempts and orders, and finding those whose bell was lost."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.db import Instant
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.dialing.rules import SENDING_LOST_AFTER, UNRESOLVED
from callcenter.statements import at_most, locked


def attempt_by_id(session: Session, attempt_id: UUID, *, lock: bool = False) -> Attempt | None:
    """Return an attempt, locked where asked."""
    statement = sa.select(Attempt).where(Attempt.id == attempt_id)
    return session.execute(locked(statement) if lock else statement).scalar_one_or_none()


def is_unresolved(session: Session, target: str) -> bool:
    """Say whether a call to this target lives or may live: nobody else may be rung there."""
    states: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{state}'") for state in UNRESOLVED]
    statement = sa.select(sa.exists().where(Attempt.target == target, Attempt.state.in_(states)))
    return bool(session.execute(statement).scalar_one())


def attempt_for(session: Session, purpose_kind: str, purpose_id: UUID) -> Attempt | None:
    """Return the newest attempt made for a purpose."""
    statement = (
        sa.select(Attempt)
        .where(Attempt.purpose_kind == purpose_kind, Attempt.purpose_id == purpose_id)
        .order_by(Attempt.id.desc())
        .limit(at_most(1))
    )
    return session.execute(statement).scalar_one_or_none()


def sids_bound(session: Session, sids: list[str]) -> set[str]:
    """Return those of the SIDs that belong to an attempt already."""
    return set(session.execute(sa.select(Attempt.sid).where(Attempt.sid.in_(sids))).scalars())  # type: ignore[arg-type]


def lost_sendings(session: Session, at: datetime) -> list[UUID]:
    """Return attempts whose worker died between the intent to send and the carrier's answer."""
    lost = sa.select(Attempt.id).where(Attempt.state == "sending", Attempt.sent_at < at - SENDING_LOST_AFTER)
    return list(session.execute(lost).scalars())


def unknown_attempts(session: Session) -> list[Attempt]:
    """Return attempts of which nobody knows whether a call was made."""
    statement = sa.select(Attempt).where(Attempt.state == "unknown", Attempt.reason != "needs_human")
    return list(session.execute(statement).scalars())


def bells_lost(at: Instant) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions on an intent, and on an order, that are due and that nobody has taken up."""
    intent = sa.and_(Attempt.state == "intent", Attempt.bell_at <= at)
    order = sa.and_(CarrierOrder.state.in_(("pending", "given")), CarrierOrder.bell_at <= at)
    return intent, order

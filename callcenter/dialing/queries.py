"""Reading attempts and orders, and finding those whose bell was lost."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calls.models import Leg
from callcenter.configuration import configuration
from callcenter.db import Instant, UtcDateTime
from callcenter.dialing.models import Attempt, CarrierOrder, DialCount, DialGate
from callcenter.dialing.rules import (
    AGENTS_FIRST,
    IN_ORDER,
    NEEDS_HUMAN,
    PROBE_EVERY,
    QUEUED_LOOK,
    SENDING_LOST_AFTER,
    UNRESOLVED,
    Cap,
    day_of,
)
from callcenter.phone_numbers import without_extension
from callcenter.statements import at_most, locked

ACCOUNT = "account"


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
    return list(session.execute(sa.select(Attempt.id).where(is_lost(at))).scalars())


def is_lost(at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on an attempt whose lease is over; the release before this one wrote no lease."""
    is_over = sa.or_(
        Attempt.lease_until < at,
        sa.and_(Attempt.lease_until.is_(None), Attempt.sent_at < at - SENDING_LOST_AFTER),
    )
    return sa.and_(Attempt.state == "sending", is_over)


def is_sending() -> sa.ColumnElement[bool]:
    """Return the condition on an attempt that its worker is asking the carrier for, or has died over."""
    return Attempt.state == "sending"


def caps_on(session: Session, purpose_kind: str, target: str) -> list[Cap]:
    """Return what bounds the calls of a day to a target: an agent's own, or a number's and all customers'.

    Only where a customer is rung can somebody else choose the number, so only there all calls are bounded
    together; agents have as many as there are agents.
    """
    numbers = configuration(session).policies
    if purpose_kind == "offer":
        return [Cap("agent", ids.named(target), numbers.agent_calls_per_day, "agent_cap")]
    dialled = ids.named(f"number:{without_extension(target)}")
    return [
        Cap("number", dialled, numbers.number_calls_per_day, "number_cap"),
        Cap("customers", ids.named("customers"), numbers.customer_calls_per_day, "day_cap"),
    ]


def cap_reached(session: Session, purpose_kind: str, target: str, at: datetime) -> str | None:
    """Return what forbids a further call to this target today, None where it is allowed."""
    day = day_of(configuration(session).zone, at)
    for cap in caps_on(session, purpose_kind, target):
        counted = sa.select(DialCount.calls).where(
            DialCount.scope == cap.scope, DialCount.key == cap.key, DialCount.day == day
        )
        if (session.scalar(counted) or 0) >= cap.most:
            return cap.reason
    return None


def unknown_attempts(session: Session) -> list[Attempt]:
    """Return attempts of which nobody knows whether a call was made."""
    statement = sa.select(Attempt).where(Attempt.state == "unknown", Attempt.reason != NEEDS_HUMAN)
    return list(session.execute(statement).scalars())


def has_rival(session: Session, attempt: Attempt) -> bool:
    """Say whether the same call in the carrier's list could be another unknown attempt's."""
    rivals = sa.select(Attempt.to_address).where(
        Attempt.id != attempt.id,
        Attempt.sid.is_(None),
        Attempt.state.in_(("sending", "unknown")),
        Attempt.from_number == attempt.from_number,
        Attempt.to_address.startswith(without_extension(attempt.to_address), autoescape=True),
    )
    dialled = without_extension(attempt.to_address)
    return any(without_extension(each) == dialled for each in session.scalars(rivals))


def others_come_first(session: Session, attempt: Attempt, at: datetime) -> bool:
    """Say whether somebody leaves before a customer's call: an agent's phone, for which a caller waits, or
    another customer's call that was wanted earlier."""
    agents = sa.exists().where(
        Attempt.state == "intent", Attempt.purpose_kind == "offer", Attempt.created_at > at - AGENTS_FIRST
    )
    earlier = sa.exists().where(
        Attempt.state == "intent",
        Attempt.purpose_kind != "offer",
        Attempt.created_at > at - IN_ORDER,
        sa.tuple_(Attempt.created_at, Attempt.id)
        < sa.tuple_(sa.literal(attempt.created_at, UtcDateTime()), sa.literal(attempt.id, sa.Uuid())),
    )
    return bool(session.scalar(sa.select(sa.or_(agents, earlier))))


def gate(session: Session) -> DialGate | None:
    """Return the gate as it stands, None before the first call."""
    return session.scalar(sa.select(DialGate).where(DialGate.name == ACCOUNT))


def is_shut(session: Session, at: datetime) -> bool:
    """Say whether the carrier fails, and no call may see now whether it still does."""
    found = gate(session)
    return bool(found and found.opened_at and found.probe_at and at < found.probe_at <= at + PROBE_EVERY)


def in_the_queue(session: Session, at: datetime) -> list[UUID]:
    """Return attempts whose call may still be in the carrier's queue: nothing was told of it for a while."""
    waiting = (
        sa.select(Attempt.id)
        .join(Leg, Leg.sid == Attempt.sid)
        .where(
            Attempt.state == "live",
            Leg.state == "queued",
            Leg.created_at <= at - QUEUED_LOOK,
            Leg.checked_at <= at - QUEUED_LOOK,
        )
    )
    return list(session.scalars(waiting))


def bells_lost(at: Instant) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions on an intent, and on an order, that are due and that nobody has taken up."""
    intent = sa.and_(Attempt.state == "intent", Attempt.bell_at <= at)
    order = sa.and_(CarrierOrder.state.in_(("pending", "given")), CarrierOrder.bell_at <= at)
    return intent, order

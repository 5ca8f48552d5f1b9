"""Reading promises."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call
from callcenter.db import Instant
from callcenter.promises.models import Promise, PromiseAlert, PromiseMove
from callcenter.promises.rules import OWED
from callcenter.statements import at_most, locked

IS_OWED = (Promise.state.in_(OWED), Promise.settled_at.is_(None))
MOST_AT_ONCE = 500


def owed_by(session: Session, subject_kind: str, subject_id: UUID) -> datetime | None:
    """Return the earliest time by which something is owed about a subject still, None when nothing is."""
    earliest: datetime | None = session.scalars(
        sa.select(Promise.due_at)
        .where(Promise.subject_kind == subject_kind, Promise.subject_id == subject_id, *IS_OWED)
        .order_by(Promise.due_at)
        .limit(at_most(1))
    ).first()
    return earliest


def about_ticket(ticket_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition on a promise about a ticket; an older release named it as the subject only."""
    subject = sa.and_(Promise.subject_kind == "ticket", Promise.subject_id == ticket_id)
    return sa.or_(Promise.ticket_id == ticket_id, subject)


def promise_of(session: Session, subject_kind: str, subject_id: UUID) -> Promise | None:
    """Return the newest promise about a subject, locked."""
    about = sa.select(Promise).where(Promise.subject_kind == subject_kind, Promise.subject_id == subject_id)
    return session.scalars(locked(about.order_by(Promise.id.desc()).limit(at_most(1)))).first()


def promise_by_id(session: Session, promise_id: UUID, *, lock: bool = False) -> Promise | None:
    """Return a promise, locked where asked."""
    statement = sa.select(Promise).where(Promise.id == promise_id)
    return session.scalars(locked(statement) if lock else statement).one_or_none()


def is_owed(session: Session, ticket_id: UUID, rule: str) -> bool:
    """Say whether something is owed about a ticket by this rule."""
    owed = sa.exists().where(about_ticket(ticket_id), Promise.rule == rule, *IS_OWED)
    return bool(session.scalar(sa.select(owed)))


def is_to_tell(at: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on a promise of which somebody is to be told."""
    return Promise.next_alert_at <= at


def to_tell(session: Session, at: datetime) -> list[UUID]:
    """Return the promises of which somebody is to be told, the longest due first."""
    due = sa.select(Promise.id).where(is_to_tell(at)).order_by(Promise.next_alert_at)
    return list(session.scalars(due.limit(at_most(MOST_AT_ONCE))))


def is_hung_up() -> sa.ColumnElement[bool]:
    """Return the condition on a promise whose call is over, from the end of which it counts."""
    over = sa.exists().where(Call.id == Promise.awaits_call_id, Call.ended_at.is_not(None))
    return sa.and_(Promise.awaits_call_id.is_not(None), over)


def hung_up(session: Session) -> Sequence[sa.Row[UUID, datetime | None]]:
    """Return what was promised about a call that is over now: subject_id, ended_at."""
    ended = sa.select(Promise.subject_id, Call.ended_at).join(Call, Call.id == Promise.awaits_call_id)
    statement = ended.where(Promise.awaits_call_id.is_not(None), Call.ended_at.is_not(None))
    return session.execute(statement).all()


def moves_of(session: Session, promise_id: UUID) -> Sequence[PromiseMove]:
    """Return how a promise was moved, the first time first."""
    moves = sa.select(PromiseMove).where(PromiseMove.promise_id == promise_id)
    return session.scalars(moves.order_by(PromiseMove.at, PromiseMove.id)).all()


def alerts_of(session: Session, promise_id: UUID) -> Sequence[PromiseAlert]:
    """Return who was told of a promise, the first first."""
    alerts = sa.select(PromiseAlert).where(PromiseAlert.promise_id == promise_id)
    return session.scalars(alerts.order_by(PromiseAlert.at, PromiseAlert.id)).all()

"""Finding callbacks."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback, CallbackTry
from callcenter.callbacks.rules import OPEN
from callcenter.calls.models import Call
from callcenter.db import Instant
from callcenter.statements import at_most, held, hold, locked, locks, take


def callback_by_id(session: Session, callback_id: UUID, *, lock: bool = False) -> Callback | None:
    """Return a callback, locked where asked."""
    mine = held(session, Callback, callback_id)
    if mine is not None:
        return mine
    statement = sa.select(Callback).where(Callback.id == callback_id)
    found = session.execute(locked(statement) if lock else statement).scalar_one_or_none()
    return hold(session, callback_id, found) if lock and found is not None else found


_TAKE_OPEN = locks(
    sa.select(Callback.id).where(
        Callback.number == sa.bindparam("number"),
        Callback.line_id == sa.bindparam("line", type_=sa.Uuid()),
        Callback.state.in_([sa.literal_column(f"'{state}'") for state in OPEN]),
    ),
    Callback,
)


def take_open_callback_to(session: Session, number: str, line_id: UUID) -> None:
    """Lock what is owed to this number on this line, if anything is, before anything that comes after it."""
    take(session, _TAKE_OPEN, {"number": number, "line": line_id})


def open_callback_to(
    session: Session, number: str, line_id: UUID, matter: str | None = None
) -> Callback | None:
    """Return the callback that is owed already: to this number on this line, else about this matter."""
    of_number = sa.and_(Callback.number == number, Callback.line_id == line_id)
    owed = sa.or_(of_number, Callback.matter == matter) if matter else of_number
    statement = sa.select(Callback).where(owed, Callback.state.in_(OPEN)).order_by(Callback.id)
    found = session.execute(locked(statement)).scalars().all()
    return min(found, key=lambda it: (it.number, it.line_id) != (number, line_id), default=None)


def last_call_in(session: Session, callback: Callback) -> Call | None:
    """Return the last call of the customer who was owed this callback when he phoned in himself."""
    statement = (
        sa.select(Call)
        .where(Call.from_number == callback.number, Call.callback_id == callback.id)
        .order_by(Call.started_at.desc())
        .limit(at_most(1))
    )
    return session.scalars(statement).first()


def tries_of(session: Session, callback_id: UUID) -> list[CallbackTry]:
    """Return every attempt to reach the customer of a callback, in order."""
    mine = sa.select(CallbackTry).where(CallbackTry.callback_id == callback_id)
    return list(session.scalars(mine.order_by(CallbackTry.number)))


def last_try(session: Session, callback_id: UUID) -> CallbackTry | None:
    """Return the last attempt of a locked callback, None before the first and of an older release."""
    mine = sa.select(CallbackTry).where(CallbackTry.callback_id == callback_id)
    return session.scalars(mine.order_by(CallbackTry.number.desc()).limit(at_most(1))).first()


def is_due(at: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on a callback whose time has come."""
    return sa.and_(Callback.state == "booked", Callback.next_try_at <= at)


def due_callbacks(session: Session, at: datetime) -> list[UUID]:
    """Return the callbacks whose time has come."""
    statement = sa.select(Callback.id).where(is_due(at)).order_by(Callback.next_try_at).limit(200)
    return list(session.execute(statement).scalars())


def count_by_state(session: Session, line_id: UUID | None) -> dict[str, int]:
    """Return how many callbacks are in which state, of a line or of all."""
    statement = sa.select(Callback.state, sa.func.count()).group_by(Callback.state)
    if line_id is not None:
        statement = statement.where(Callback.line_id == line_id)
    return dict(session.execute(statement).all())

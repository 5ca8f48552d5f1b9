"""Making, keeping and breaking promises: one mechanism behind every time limit of the handbook."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.notices.actions import announce
from callcenter.promises.models import Promise
from callcenter.promises.rules import OWED, state_when_kept
from callcenter.statements import Write, locked, table_of


def _owe(insert: Any) -> Any:
    new = insert(table_of(Promise))
    moved = {"due_at": new.excluded.due_at, "why": new.excluded.why, "state": "open", "settled_at": None}
    key = [Promise.subject_kind, Promise.subject_id, Promise.rule]
    return new.on_conflict_do_update(index_elements=key, set_=moved)


_OWE = Write(_owe)


def promise(
    session: Session,
    *,
    rule: str,
    subject_kind: str,
    subject_id: UUID,
    due_at: datetime,
    why: Mapping[str, Any],
    at: datetime,
    grace: timedelta = timedelta(0),
    customer_id: UUID | None = None,
    owner_agent_id: UUID | None = None,
) -> None:
    """Owe something by a time; promising the same again moves the time and keeps the row."""
    values = {
        "id": ids.new(), "rule": rule, "subject_kind": subject_kind, "subject_id": subject_id,
        "customer_id": customer_id, "owner_agent_id": owner_agent_id, "made_at": at, "due_at": due_at,
        "grace_seconds": int(grace.total_seconds()), "state": "open", "why": dict(why),
    }  # fmt: skip
    _OWE.send(session, values)
    announce(session, "promise", subject_id, at)


def keep_promise(session: Session, rule: str, subject_kind: str, subject_id: UUID, at: datetime) -> None:
    """What was owed has happened: kept within its window, late after it."""
    for row in _owed(session, subject_kind, subject_id, rule):
        row.state = state_when_kept(row.due_at, timedelta(seconds=row.grace_seconds), at)
        row.settled_at = at
        announce(session, "promise", subject_id, at)


def reopen_promise(session: Session, rule: str, subject_kind: str, subject_id: UUID) -> None:
    """What counted as done was not done: it is owed again, by the same time."""
    session.execute(
        sa.update(Promise)
        .where(Promise.subject_kind == subject_kind, Promise.subject_id == subject_id, Promise.rule == rule)
        .values(state="open", settled_at=None)
    )


def settle_promises(session: Session, subject_kind: str, subject_id: UUID, state: str, at: datetime) -> None:
    """Close all that is owed about a subject: `broken` or `cancelled`."""
    for row in _owed(session, subject_kind, subject_id, None):
        row.state = state
        row.settled_at = at
        announce(session, "promise", subject_id, at)


def mark_late(session: Session, at: datetime) -> int:
    """Mark what is still owed after its due time and grace; it stays owed. Return how many.

    What was settled or promised anew since it was read is left as it is.
    """
    read = sa.select(Promise.id, Promise.due_at, Promise.grace_seconds).where(*_OPEN, Promise.due_at < at)
    late = 0
    for row in session.execute(read.order_by(Promise.id)).all():
        if row.due_at + timedelta(seconds=row.grace_seconds) < at:
            late += _mark_late(session, row.id, row.due_at, at)
    return late


_OPEN = (Promise.state == "open", Promise.settled_at.is_(None))


def _mark_late(session: Session, promise_id: UUID, due_at: datetime, at: datetime) -> bool:
    marked = session.execute(
        sa.update(Promise)
        .where(Promise.id == promise_id, Promise.due_at == due_at, *_OPEN)
        .values(state="late")
        .returning(Promise.subject_id)
    ).scalar_one_or_none()
    if marked is not None:
        announce(session, "promise", marked, at)
    return marked is not None


def _owed(session: Session, subject_kind: str, subject_id: UUID, rule: str | None) -> list[Promise]:
    statement = sa.select(Promise).where(
        Promise.subject_kind == subject_kind,
        Promise.subject_id == subject_id,
        Promise.state.in_(OWED),
        Promise.settled_at.is_(None),
    )
    if rule is not None:
        statement = statement.where(Promise.rule == rule)
    return list(session.execute(locked(statement.order_by(Promise.id))).scalars())

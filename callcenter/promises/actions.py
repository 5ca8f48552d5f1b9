"""Making, keeping, moving and breaking promises: one mechanism behind every time limit of the handbook."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.configuration import find_configuration
from callcenter.db import upsert
from callcenter.notices.actions import announce
from callcenter.organisation.rules import Policies
from callcenter.promises.models import Promise, PromiseAlert, PromiseMove
from callcenter.promises.queries import IS_OWED, about_ticket
from callcenter.promises.rules import (
    OWED,
    REPLY,
    REQUEST,
    alert_times,
    next_alert,
    state_when_dropped,
    state_when_kept,
    steps_due,
)
from callcenter.statements import Write, locked, table_of

SYSTEM = "system"
_MOVED = ("due_at", "why", "counted_from", "next_alert_at")


def _owe(insert: Any) -> Any:
    new = insert(table_of(Promise))
    moved = {name: new.excluded[name] for name in _MOVED}
    anew = {"state": "open", "settled_at": None, "settled_by": None, "reason": None}
    key = [Promise.subject_kind, Promise.subject_id, Promise.rule]
    return new.on_conflict_do_update(index_elements=key, set_=moved | anew)


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
    made_by: str = SYSTEM,
    line_id: UUID | None = None,
    ticket_id: UUID | None = None,
    counted_from: datetime | None = None,
    awaits_call_id: UUID | None = None,
) -> UUID:
    """Owe something by a time; promising the same again moves the time and keeps the row.

    With `awaits_call_id` it counts from that call's end, and nobody is told of it before. Return the id of
    a new row.
    """
    times = alert_times(at, due_at, grace, numbers_of(session, line_id))
    made = ids.new()
    values = {
        "id": made, "rule": rule, "subject_kind": subject_kind, "subject_id": subject_id,
        "customer_id": customer_id, "owner_agent_id": owner_agent_id, "made_at": at, "due_at": due_at,
        "grace_seconds": int(grace.total_seconds()), "state": "open", "why": dict(why), "made_by": made_by,
        "line_id": line_id, "ticket_id": ticket_id, "counted_from": counted_from or at,
        "awaits_call_id": awaits_call_id, "next_alert_at": None if awaits_call_id else min(times.values()),
    }  # fmt: skip
    _OWE.send(session, values)
    announce(session, "promise", ticket_id if subject_kind == REQUEST else subject_id, at)
    return made


def _hint(session: Session, row: Any, at: datetime) -> None:
    """Say that a promise has changed, by what it is about: nobody else knows a request's own id."""
    announce(session, "promise", row.ticket_id if row.subject_kind == REQUEST else row.subject_id, at)


def numbers_of(session: Session, line_id: UUID | None) -> Policies:
    """Return the handbook's numbers as a line has them, the usual ones before there is a centre."""
    known = find_configuration(session)
    return known.policies_of(line_id) if known else Policies()


def keep_promise(
    session: Session,
    rule: str | None,
    subject_kind: str,
    subject_id: UUID,
    at: datetime,
    by: str = SYSTEM,
    *,
    replies_about: UUID | None = None,
) -> None:
    """What was owed has happened: kept within its window, late after it. Without a rule, whatever was.

    What happened is also the reply that was owed about a ticket (FU-5), where one is named.
    """
    for row in _owed(session, subject_kind, subject_id, rule, replies_about):
        _keep(session, row, at, by)


def keep_about(session: Session, ticket_id: UUID, rules: Collection[str], at: datetime, by: str) -> None:
    """What was owed about a ticket by these rules has happened."""
    statement = sa.select(Promise).where(about_ticket(ticket_id), Promise.rule.in_(rules), *IS_OWED)
    for row in session.execute(locked(statement.order_by(Promise.id))).scalars():
        _keep(session, row, at, by)


def _keep(session: Session, row: Promise, at: datetime, by: str) -> None:
    _settle(session, row, state_when_kept(row.due_at, timedelta(seconds=row.grace_seconds), at), at, by, None)


def _settle(session: Session, row: Promise, state: str, at: datetime, by: str, reason: str | None) -> None:
    row.state, row.settled_at, row.settled_by = state, at, by[:80]
    row.reason = reason[:60] if reason else None
    row.next_alert_at = row.awaits_call_id = None
    _hint(session, row, at)


def reopen_promise(session: Session, rule: str | None, subject_kind: str, subject_id: UUID) -> None:
    """What counted as done was not done: it is owed again, by the same time."""
    about = [Promise.subject_kind == subject_kind, Promise.subject_id == subject_id]
    _reopen(session, [*about, *([Promise.rule == rule] if rule is not None else [])])


def reopen_about(session: Session, ticket_id: UUID, rules: Collection[str], since: datetime) -> None:
    """What counted as done about a ticket since then was not done: it is owed again, by the same time."""
    done = [Promise.state.in_(("kept", "late")), Promise.settled_at >= since]
    _reopen(session, [about_ticket(ticket_id), Promise.rule.in_(rules), *done])


def _reopen(session: Session, those: list[sa.ColumnElement[bool]]) -> None:
    owed = {"state": "open", "settled_at": None, "settled_by": None, "reason": None}
    session.execute(sa.update(Promise).where(*those).values(**owed, next_alert_at=Promise.due_at))


def settle_promises(
    session: Session,
    subject_kind: str,
    subject_id: UUID,
    state: str,
    at: datetime,
    *,
    by: str = SYSTEM,
    reason: str | None = None,
) -> None:
    """Close all that is owed about a subject: `broken` or `cancelled`, by whom and why."""
    for row in _owed(session, subject_kind, subject_id, None, None):
        _settle(session, row, state, at, by, reason)


def drop_about(
    session: Session, ticket_id: UUID, subject_kind: str, at: datetime, *, by: str, reason: str
) -> None:
    """Close what nobody will do any more about a ticket: cancelled in time, broken after its time."""
    statement = sa.select(Promise).where(
        Promise.ticket_id == ticket_id, Promise.subject_kind == subject_kind, *IS_OWED
    )
    for row in session.execute(locked(statement.order_by(Promise.id))).scalars():
        state = state_when_dropped(row.due_at, timedelta(seconds=row.grace_seconds), at)
        _settle(session, row, state, at, by, reason)


def drop_promise(session: Session, row: Promise, state: str, at: datetime, *, by: str, reason: str) -> None:
    """Close one promise that is locked: `broken` or `cancelled`, by whom and why."""
    _settle(session, row, state, at, by, reason)


def move_promise(
    session: Session,
    row: Promise,
    due_at: datetime,
    at: datetime,
    *,
    by: str,
    why: Mapping[str, Any],
    consent: bool | None,
    reason: str | None,
    counted_from: datetime | None = None,
) -> None:
    """Promise another time instead; the one before stays on record, with its customer's consent."""
    moved = PromiseMove(promise_id=row.id, at=at, actor=by[:80], from_due_at=row.due_at, to_due_at=due_at)
    moved.consent, moved.reason = consent, reason
    session.add(moved)
    row.due_at, row.why, row.state = due_at, dict(why), "open"
    row.counted_from = counted_from or at
    row.awaits_call_id, row.next_alert_at = None, min(_times(session, row).values())
    _hint(session, row, at)


def count_from(session: Session, row: Promise, start: datetime, due_at: datetime, at: datetime) -> None:
    """The call that a promise waited for is over: from now on it is due at a time."""
    row.counted_from, row.due_at, row.awaits_call_id = start, due_at, None
    row.next_alert_at = min(_times(session, row).values())
    _hint(session, row, at)


def _times(session: Session, row: Promise) -> Mapping[str, datetime]:
    grace = timedelta(seconds=row.grace_seconds)
    return alert_times(row.made_at, row.due_at, grace, numbers_of(session, row.line_id))


def tell(session: Session, promise_id: UUID, owner_id: UUID | None, at: datetime) -> list[str]:
    """Write down whom a promise's time calls for, and say so: each step once for each due time.

    What somebody else changes in this moment is left to the next look. Return the steps that were told now.
    """
    statement = sa.select(Promise).where(Promise.id == promise_id)
    row = session.execute(locked(statement, skip_locked=True)).scalar_one_or_none()
    if row is None:
        return []
    if row.settled_at is not None or row.state not in OWED or row.awaits_call_id is not None:
        row.next_alert_at = None  # An older release has settled it, and did not know this column.
        return []
    times = _times(session, row)
    new = [step for step in steps_due(times, row.due_at, at) if _tell(session, row, step, owner_id, at)]
    told = session.scalars(
        sa.select(PromiseAlert.step).where(
            PromiseAlert.promise_id == row.id, PromiseAlert.due_at == row.due_at
        )
    )
    row.next_alert_at = next_alert(times, set(told), at)
    return new


def _tell(session: Session, row: Promise, step: str, owner_id: UUID | None, at: datetime) -> bool:
    """Add the row of a step unless it is there: whoever adds it says so, nobody else."""
    values = {
        "id": ids.new(), "promise_id": row.id, "step": step, "due_at": row.due_at, "at": at,
        "agent_id": owner_id if step in ("warning", "owner") else None,
    }  # fmt: skip
    insert = upsert(session, PromiseAlert).values(**values).on_conflict_do_nothing()
    added: UUID | None = session.execute(insert.returning(PromiseAlert.id)).scalar_one_or_none()
    if added is not None:
        announce(session, "alert", added, at)
    return added is not None


def see_alert(session: Session, alert_id: UUID, at: datetime, by: str) -> None:
    """Somebody has taken note of an alert; the first one stays."""
    unseen = sa.update(PromiseAlert).where(PromiseAlert.id == alert_id, PromiseAlert.seen_at.is_(None))
    session.execute(unseen.values(seen_at=at, seen_by=by[:80]))
    announce(session, "alert", alert_id, at)


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


_OPEN = (Promise.state == "open", Promise.settled_at.is_(None), Promise.awaits_call_id.is_(None))


def _mark_late(session: Session, promise_id: UUID, due_at: datetime, at: datetime) -> bool:
    marked = session.execute(
        sa.update(Promise)
        .where(Promise.id == promise_id, Promise.due_at == due_at, *_OPEN)
        # An older release promises without saying when somebody is to be told.
        .values(state="late", next_alert_at=sa.func.coalesce(Promise.next_alert_at, at))
        .returning(Promise.subject_kind, Promise.subject_id, Promise.ticket_id)
    ).one_or_none()
    if marked is not None:
        _hint(session, marked, at)
    return marked is not None


def _owed(
    session: Session, subject_kind: str, subject_id: UUID, rule: str | None, ticket_id: UUID | None
) -> list[Promise]:
    about = sa.and_(Promise.subject_kind == subject_kind, Promise.subject_id == subject_id)
    if rule is not None:
        about = sa.and_(about, Promise.rule == rule)
    if ticket_id is not None:
        about = sa.or_(about, sa.and_(Promise.ticket_id == ticket_id, Promise.rule == REPLY))
    statement = sa.select(Promise).where(about, *IS_OWED)
    return list(session.execute(locked(statement.order_by(Promise.id))).scalars())

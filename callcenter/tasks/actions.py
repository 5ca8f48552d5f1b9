"""Asking a person, and writing down what he says."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.db import upsert
from callcenter.ledger.actions import write
from callcenter.metrics import TASKS
from callcenter.phone_numbers import masked
from callcenter.tasks.models import OPEN, Task
from callcenter.tasks.rules import FOUND

log = structlog.get_logger()
SYSTEM = "system"


def open_task(
    session: Session,
    *,
    kind: str,
    reason: str,
    subject_kind: str,
    subject_id: UUID,
    number: str,
    at: datetime,
    attempt_id: UUID | None = None,
) -> None:
    """Ask a person about a subject; while he is asked about it already, that stands."""
    asked = (
        upsert(session, Task)
        .values(
            id=ids.new(), kind=kind, reason=reason[:60], subject_kind=subject_kind, subject_id=subject_id,
            attempt_id=attempt_id, number=number, opened_at=at, state="open",
        )
        .on_conflict_do_nothing(index_elements=[Task.subject_kind, Task.subject_id], index_where=OPEN)
        .returning(Task.id)
    )  # fmt: skip
    task_id = session.execute(asked).scalar_one_or_none()
    if task_id is not None:
        TASKS.labels(kind, "opened").inc()
        log.warning("task.opened", task=str(task_id), kind=kind, reason=reason, number=masked(number))


def close_task(
    session: Session, task: Task, verdict: str, at: datetime, actor: str, note: str | None = None
) -> bool:
    """Write down what was found out; False when the task was resolved before."""
    resolved = (
        sa.update(Task)
        .where(Task.id == task.id, Task.state == "open")
        .values(state="resolved", verdict=verdict, resolved_at=at, resolved_by=actor, note=note)
        .returning(Task.id)
    )
    if session.execute(resolved).first() is None:
        return False
    write(session, actor, "task.resolved", "task", task.id, at, {"kind": task.kind, "verdict": verdict})
    TASKS.labels(task.kind, "resolved").inc()
    return True


def answer_itself(session: Session, subject_kind: str, subject_id: UUID, at: datetime) -> None:
    """The call that nobody knew of has told of itself: no person is needed any more."""
    asked = sa.select(Task).where(
        Task.subject_kind == subject_kind, Task.subject_id == subject_id, Task.state == "open"
    )
    for task in session.scalars(asked).all():
        close_task(session, task, FOUND, at, SYSTEM)

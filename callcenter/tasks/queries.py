"""Finding tasks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.tasks.models import Task


def task_by_id(session: Session, task_id: UUID) -> Task | None:
    """Return a task."""
    return session.scalar(sa.select(Task).where(Task.id == task_id).execution_options(populate_existing=True))


def list_tasks(
    session: Session,
    *,
    state: str | None = None,
    kind: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Task]:
    """Return tasks, the oldest first; None asks nothing."""
    wanted = [column == value for column, value in ((Task.state, state), (Task.kind, kind)) if value]
    if after is not None:
        wanted.append(sa.tuple_(Task.opened_at, Task.id) > after)
    ordered = sa.select(Task).where(*wanted).order_by(Task.opened_at, Task.id).limit(limit)
    return session.scalars(ordered).all()

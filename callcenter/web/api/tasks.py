"""Tasks: what only a person can find out about a call, and what he says."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from callcenter.errors import Missing
from callcenter.switchboard.people import resolve_task
from callcenter.tasks.models import Task
from callcenter.tasks.queries import list_tasks, task_by_id
from callcenter.tasks.rules import Verdict
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import Input, Page, PageQuery, Shape, Text, uuid_of
from callcenter.web.api.layer import Api, Asked

api = Api()
TASKS = Cursor("tasks")


class TaskItem(Shape):
    """A question to a person: was this customer called?"""

    id: UUID
    kind: str
    reason: str
    about: str
    subject: UUID
    attempt: UUID | None
    number: str
    opened_at: datetime
    state: str
    verdict: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    note: str | None


class TaskQuery(PageQuery):
    """Filters."""

    state: Literal["open", "resolved"] | None = None
    kind: Literal["unknown_call", "not_dialled", "not_reached"] | None = None


class TaskVerdict(Input):
    """Whether the customer was called, and how that is known."""

    verdict: Verdict
    note: Annotated[Text, Field(max_length=400)] | None = None


@api.get("/tasks", role="supervisor")
def tasks(asked: Asked, query: TaskQuery) -> Page[TaskItem]:
    """List what waits for a person, the oldest first."""
    rows = list_tasks(
        asked.session,
        state=query.state,
        kind=query.kind,
        after=TASKS.after(asked, query),
        limit=query.limit + 1,
    )
    shown, following = TASKS.cut(asked, query, rows, lambda task: (task.opened_at, task.id))
    return Page[TaskItem](items=[_item(task) for task in shown], next=following)


@api.get("/tasks/{id}", role="supervisor")
def task(asked: Asked) -> TaskItem:
    """Read one task."""
    found = task_by_id(asked.session, uuid_of("task", asked.path["id"]))
    if found is None:
        raise Missing("task", "with this id")
    return _item(found)


@api.post("/tasks/{id}/resolve", role="supervisor")
def resolve(asked: Asked, body: TaskVerdict) -> TaskItem:
    """Say whether the customer was called; 409 when it was resolved, or the call was found, meanwhile."""
    task_id = uuid_of("task", asked.path["id"])
    return _item(resolve_task(asked.session, task_id, body.verdict, asked.at, asked.who.actor, body.note))


def _item(row: Task) -> TaskItem:
    named = {"about": "subject_kind", "subject": "subject_id", "attempt": "attempt_id"}
    return TaskItem(**{name: getattr(row, named.get(name, name)) for name in TaskItem.model_fields})

"""What is left to a person, and what follows from what he says."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.actions import keep_callback
from callcenter.callbacks.bounds import retry_callback
from callcenter.dialing import actions as dialing
from callcenter.dialing import gate
from callcenter.dialing.models import Attempt
from callcenter.dialing.queries import attempt_by_id
from callcenter.errors import Conflict, Missing
from callcenter.switchboard.chain import hold_subject
from callcenter.switchboard.progress import close_try
from callcenter.switchboard.rooms import lock_offer
from callcenter.tasks.actions import close_task, open_task
from callcenter.tasks.models import Task
from callcenter.tasks.queries import task_by_id
from callcenter.tasks.rules import NOT_REACHED, Verdict


def hand_to_person(session: Session, attempt: Attempt, reason: str, at: datetime) -> None:
    """No machine can know whether this call was made: a person finds out, and nobody is rung meanwhile."""
    dialing.hand_to_person(attempt)
    open_task(
        session,
        kind="unknown_call",
        reason=reason,
        subject_kind=attempt.purpose_kind,
        subject_id=attempt.purpose_id,
        number=attempt.to_address,
        at=at,
        attempt_id=attempt.id,
    )


def resolve_task(
    session: Session, task_id: UUID, verdict: Verdict, at: datetime, actor: str, note: str | None = None
) -> Task:
    """Do what follows from a person's word: the target is free, the callback is kept or made again.

    A callback whose tries were all in vain has failed, whatever he says: what he did stands with the task.

    Raise Missing, and Conflict when somebody was faster, or the call has told of itself meanwhile.
    """
    task = task_by_id(session, task_id)
    if task is None:
        raise Missing("task", "with this id")
    if task.subject_kind == "callback":
        hold_subject(session, "callback", task.subject_id)
    else:
        lock_offer(session, task.subject_id)
    if not close_task(session, task, verdict, at, actor, note):
        raise Conflict("This task was resolved already.")
    if task.attempt_id is not None:
        _settle(session, task.attempt_id, verdict, at)
    if task.subject_kind == "callback" and task.kind != NOT_REACHED:
        _release(session, task, verdict, at)
    session.refresh(task)
    return task


def _settle(session: Session, attempt_id: UUID, verdict: Verdict, at: datetime) -> None:
    """End the attempt as the person says."""
    attempt = attempt_by_id(session, attempt_id)
    state = "ended" if verdict == "called" else "not_placed"
    if attempt is None or not dialing.settle(session, attempt_id, state, f"a person: {verdict}", at):
        raise Conflict("This call was found meanwhile: there is nothing to decide any more.")
    if verdict == "not_called":
        gate.give_back(session, attempt)


def _release(session: Session, task: Task, verdict: Verdict, at: datetime) -> None:
    callback = close_try(session, task.subject_id, f"person_{verdict}", at)
    if callback is None or callback.state != "agent":
        return
    if verdict == "called":
        keep_callback(session, callback, at)
    else:
        retry_callback(session, callback, at)

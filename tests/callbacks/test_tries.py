"""Every attempt to reach a customer is a row; the last one that was in vain is left to a person."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter.callbacks import actions
from callcenter.callbacks.bounds import NOT_PLACED, put_off_callback, retry_callback
from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import tries_of
from callcenter.jobs import Work
from callcenter.promises.models import Promise
from callcenter.switchboard.people import resolve_task
from callcenter.tasks.models import Task
from callcenter.tasks.rules import Verdict
from tests.doubles import SettableTime
from tests.factories import calls, centre

NUMBER = "+8613800138000"


@pytest.fixture
def callback_id(work: Work) -> UUID:
    """A call that is owed by a line that is always open."""
    with work.transaction() as session:
        centre.centre(session)
        line = centre.line(session)
        return actions.book_callback(
            session, number=NUMBER, line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
            at=work.at(), actor="caller",
        ).id  # fmt: skip


def rings(work: Work, callback_id: UUID) -> None:
    """An agent was found, and the customer is rung."""
    with work.transaction() as session:
        callback = session.get_one(Callback, callback_id)
        line = session.get_one(centre.Line, callback.line_id)
        actions.agent_found(session, callback, calls.call(session, line, work.at()).id, work.at())


def ends(work: Work, callback_id: UUID, reason: str) -> None:
    """He was not reached."""
    with work.transaction() as session:
        actions.miss_callback(session, session.get_one(Callback, callback_id), reason, work.at())


def results(work: Work, callback_id: UUID) -> list[tuple[int, str | None]]:
    """What became of every attempt."""
    with work.db.reading() as session:
        return [(tried.number, tried.result) for tried in tries_of(session, callback_id)]


# FU-2: "attempts logged": what cost none of the tries is logged too.
def test_an_attempt_that_was_none_is_written_down_and_costs_no_try(work: Work, callback_id: UUID) -> None:
    rings(work, callback_id)
    with work.transaction() as session:
        put_off_callback(session, session.get_one(Callback, callback_id), NOT_PLACED, work.at())
    rings(work, callback_id)
    ends(work, callback_id, "busy")
    assert results(work, callback_id) == [(1, "not_placed"), (2, "busy")]
    with work.db.reading() as session:
        first, _ = tries_of(session, callback_id)
        assert first.next_try_at == work.at() + timedelta(seconds=60)
        assert session.get_one(Callback, callback_id).tries == 1


def test_an_attempt_of_which_a_person_says_that_it_was_none(work: Work, callback_id: UUID) -> None:
    rings(work, callback_id)
    with work.transaction() as session:
        retry_callback(session, session.get_one(Callback, callback_id), work.at())
    assert results(work, callback_id) == [(1, "not_called")]


def test_a_meeting_that_was_none_leaves_the_attempt_going_on(work: Work, callback_id: UUID) -> None:
    rings(work, callback_id)
    with work.transaction() as session:
        actions.keep_callback(session, session.get_one(Callback, callback_id), work.at())
    assert results(work, callback_id) == [(1, "reached")]
    with work.transaction() as session:
        actions.reopen_callback(session, callback_id)
    assert results(work, callback_id) == [(1, None)]


@pytest.mark.parametrize("verdict", ["called", "not_called"])
def test_who_was_never_reached_is_left_to_a_person(
    work: Work, callback_id: UUID, time: SettableTime, verdict: Verdict
) -> None:
    for _ in range(3):
        rings(work, callback_id)
        ends(work, callback_id, "no_answer")
        time.moves(minutes=31)
    with work.db.reading() as session:
        task = session.scalars(sa.select(Task)).one()
    assert (task.kind, task.reason, task.subject_id) == ("not_reached", "no_answer", callback_id)
    with work.transaction() as session:
        resolve_task(session, task.id, verdict, work.at(), "supervisor", "wrote him")
    with work.db.reading() as session:
        promise = session.scalars(sa.select(Promise)).one()
        assert (promise.state, promise.reason) == ("broken", "no_answer")
        assert session.get_one(Callback, callback_id).state == "failed"

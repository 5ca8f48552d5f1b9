"""A callback keeps its customer's place among those who wait; who is served before it, and why, is told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from callcenter.audit.overtakes import overtakes_of
from callcenter.callbacks.actions import book_callback, start_callback
from callcenter.jobs import Work
from callcenter.routing.actions import enter_line, leave_line
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.routing.queries import lock_first
from callcenter.routing.rules import Passed
from callcenter.staff.models import AgentSkill
from callcenter.switchboard import jobs  # noqa: F401  Importing jobs names them.
from tests.factories import calls, centre

MINUTE = timedelta(minutes=1)


class Undone(Exception):
    """Ends an example: nothing of it is kept."""


@pytest.fixture(autouse=True)
def a_centre(work: Work) -> None:
    """A line that is always open, with one agent who is free."""
    with work.transaction() as session:
        centre.centre(session)
        centre.line(session)
        skill_id = centre.skill(session)
        agent = centre.agent(session, "wang")
        session.add(AgentSkill(agent_id=agent.id, skill_id=skill_id, level=1))
        session.add(AgentState(agent_id=agent.id, state="available", since=work.at(), version=1))


def line_of(session: Session) -> Any:
    return session.scalars(sa.select(centre.Line)).one()


def phones(session: Session, work: Work, minute: int, priority: int = 0) -> UUID:
    """Somebody phones at this minute of the hour before, and waits; return the wait."""
    arrived = work.at() - timedelta(hours=1) + minute * MINUTE
    line = line_of(session)
    call = calls.call(session, line, arrived)
    return enter_line(
        session, subject_kind="call", subject_id=call.id, call_id=call.id, line_id=line.id,
        skill_id=centre.skill(session), language="zh-CN", at=arrived, priority=priority,
    ).id  # fmt: skip


def is_owed(session: Session, work: Work, minute: int, number: str = "+8613800138000") -> UUID:
    """Somebody waited from this minute on, booked five minutes later, and is due now; return the callback."""
    arrived = work.at() - timedelta(hours=1) + minute * MINUTE
    line = line_of(session)
    call = calls.call(session, line, arrived, queued_at=arrived)
    session.flush()
    callback = book_callback(
        session, number=number, line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
        at=arrived + 5 * MINUTE, actor="caller", origin_call_id=call.id,
    )  # fmt: skip
    session.flush()
    assert start_callback(session, callback.id, work.at())
    return callback.id


def served(session: Session, work: Work) -> list[Wait]:
    """Everybody in line, in the order in which a free agent takes them."""
    order = []
    while (row := lock_first(session, work.at())) is not None:
        wait = session.get_one(Wait, row.id)
        leave_line(session, wait, "served", work.at())
        order.append(wait)
    return order


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.booleans(), st.integers(0, 1)),
        min_size=2,
        max_size=7,
        unique_by=lambda one: one[0],
    )
)
def test_among_equals_the_order_is_that_of_arrival(work: Work, people: list[tuple[int, bool, int]]) -> None:
    """Callers and callbacks in one line: by priority, then by the first call's arrival, whoever it is."""
    with pytest.raises(Undone), work.transaction() as session:
        for minute, is_callback, priority in people:
            if is_callback:
                is_owed(session, work, minute, f"+86138001380{minute:02}")
            else:
                phones(session, work, minute, priority)
        session.flush()
        order = served(session, work)
        assert len(order) == len(people)
        assert order == sorted(order, key=lambda wait: (-wait.priority, wait.entered_at))
        arrivals = {work.at() - timedelta(hours=1) + minute * MINUTE for minute, _, _ in people}
        assert {wait.entered_at for wait in order} == arrivals, "nobody has lost his place"
        raise Undone


def test_who_came_later_and_was_served_first_is_told_with_the_reason(work: Work) -> None:
    with work.transaction() as session:
        callback_id = is_owed(session, work, 10)
        urgent = session.get_one(Wait, phones(session, work, 30, priority=5))
        earlier = session.get_one(Wait, phones(session, work, 5))
        agent_id = session.scalars(sa.select(AgentState.agent_id)).one()
        for wait in (urgent, earlier):
            made = work.at() + MINUTE
            session.add(
                Offer(
                    wait_id=wait.id,
                    agent_id=agent_id,
                    line_id=wait.line_id,
                    call_id=wait.call_id,
                    connection=1,
                    state="ended",
                    made_at=made,
                    ring_until=made,
                    accepted_at=made,
                    joined_at=made,
                    ended_at=made,
                )
            )
            wait.state = "joined"
    with work.db.reading() as session:
        now = work.at() + 5 * MINUTE
        (overtake,) = overtakes_of(session, "callback", callback_id, work.at(), now)
    assert (overtake.subject_kind, overtake.subject_id) == ("call", urgent.subject_id)
    assert (overtake.at, overtake.reason) == (work.at() + MINUTE, "priority")


@pytest.mark.parametrize("why", ["priority", "skill", "language", "being_offered", "declined"])
def test_every_reason_has_its_name(why: str) -> None:
    nothing = dict.fromkeys(Passed.__dataclass_fields__, False)
    assert Passed(**nothing | {why: True}).why() == why
    assert Passed(**nothing).why() == "unexplained"

"""Workers that die where B1 never takes them: at second calls, without a list, at what is forbidden."""

from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter.carrier.port import CarrierDown
from callcenter.dialing.models import CarrierOrder
from callcenter.jobs import perform
from callcenter.organisation.queries import centre
from callcenter.switchboard import placed, sweeps
from callcenter.tasks.models import Task
from tests.dialing.conftest import Desk
from tests.prove.promises.reaper import ELSEWHERE, Killed, Reaper, mortal_work

WHEN = ("before", "behind")


def dies(desk: Desk, point: str) -> Reaper:
    """Perform what was rung; the first worker who comes to this point dies there, and its job with it."""
    reaper = Reaper(Random(1))
    reaper.armed[point] = 1
    work = mortal_work(desk.work, reaper)
    with reaper.at_work():
        while desk.bell.rung:
            name, subject = desk.bell.rung.pop(0)
            try:
                perform(work, name, subject)
            except Killed:
                continue
    return reaper


def lives_on(desk: Desk, seconds: int) -> None:
    """The clock ticks, and another worker does what it rings for."""
    for _ in range(0, seconds, 5):
        desk.time.moves(seconds=5)
        for sweep in (sweeps.lost_bells, sweeps.dead_senders, sweeps.unknown_calls):
            sweep(desk.work)
        desk.drain()


def second_call(desk: Desk, attempt_id: UUID, status: str) -> str:
    """A second call of one attempt comes to light."""
    second = desk.twin.place(desk.twin.placed[0].placement)
    desk.twin.becomes(second, status)
    with desk.work.transaction() as session:
        assert placed.leg_of_attempt(session, attempt_id, second, desk.work.at()) is None
    return second


# Dialing protocol, 4: "a second SID for one attempt is hung up, cancelled and alarmed".
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("request_", ["cancel", "hang_up"])
def test_a_second_call_is_stopped_by_the_next_worker(desk: Desk, when: str, request_: str) -> None:
    attempt_id = desk.customer()
    desk.drain()
    second = second_call(desk, attempt_id, "ringing" if request_ == "cancel" else "in-progress")
    reaper = dies(desk, f"{when} _stop: {request_} request")
    assert reaper.struck == 1
    lives_on(desk, 60)
    assert desk.twin.calls[second].status in ("canceled", "completed")
    with desk.work.db.reading() as session:
        (order,) = session.scalars(sa.select(CarrierOrder).where(CarrierOrder.sid == second))
    assert order.state in ("done", "gone")
    assert desk.told(attempt_id) == ("live", None), "the first call lives"


# Dialing protocol, 5: "The list may be unavailable: a person after the window."
@pytest.mark.parametrize("when", WHEN)
def test_a_person_is_asked_once_though_the_worker_dies(desk: Desk, when: str) -> None:
    desk.twin.lose_answer()
    attempt_id = desk.customer()
    desk.drain()
    desk.twin.refuse("list_calls", *[CarrierDown("503")] * 99)
    desk.time.moves(seconds=250)
    sweeps.unknown_calls(desk.work)
    assert dies(desk, f"{when} _without_list: commit 1").struck == 1
    lives_on(desk, 30)
    (task,) = desk.rows(Task)
    assert (task.reason, task.attempt_id) == ("list_unavailable", attempt_id)
    assert desk.told(attempt_id) == ("unknown", "needs_human")


# Dialing protocol, 8: the allow-list is asked again before the call is sent.
@pytest.mark.parametrize("when", WHEN)
def test_a_call_that_was_forbidden_meanwhile_is_not_made(desk: Desk, when: str) -> None:
    attempt_id = desk.customer()
    with desk.work.transaction() as session:
        centre(session).dial_prefixes = ["+1"]
    assert dies(desk, f"{when} _claim: commit 2").struck == 1
    lives_on(desk, 30)
    assert desk.told(attempt_id) == ("not_placed", "not_allowed")
    assert desk.twin.placed == []


def test_each_of_those_points_is_tried_here() -> None:
    tried = {"_stop: cancel request", "_stop: hang_up request", "_without_list: commit 1", "_claim: commit 2"}
    assert set(ELSEWHERE) == tried

"""What no machine can know is asked of a person, and his word settles it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from callcenter.callbacks.models import Callback
from callcenter.carrier.port import CarrierDown
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, DialCount
from callcenter.errors import Conflict, Missing
from callcenter.ledger.models import LedgerEntry
from callcenter.promises.models import Promise
from callcenter.switchboard import placed, sweeps
from callcenter.switchboard.people import resolve_task
from callcenter.tasks.models import Task
from tests.dialing.conftest import CUSTOMER, Desk


def passes(desk: Desk, seconds: int) -> None:
    """Let time pass, in which the sweeps look for unknown calls."""
    for _ in range(seconds // 15):
        desk.time.moves(seconds=15)
        sweeps.unknown_calls(desk.work)
        desk.drain()


def in_doubt(desk: Desk, number: str = CUSTOMER) -> UUID:
    """A call whose answer was lost, and of which the list shows two."""
    desk.twin.lose_answer()
    attempt_id = desk.customer(number)
    desk.drain()
    desk.twin.place(desk.twin.placed[-1].placement)
    passes(desk, 135)
    return attempt_id


def says(desk: Desk, verdict: Any) -> Task:
    """A supervisor answers the one task that is open."""
    (task,) = [task for task in desk.rows(Task) if task.state == "open"]
    with desk.work.transaction() as session:
        return resolve_task(session, task.id, verdict, desk.work.at(), "token:abc", "asked him")


# Step 5: "more than one candidate: a person".
def test_two_candidates_open_a_task(desk: Desk) -> None:
    with capture_logs() as logs:
        attempt_id = in_doubt(desk)
    (task,) = desk.rows(Task)
    assert (task.kind, task.reason, task.state) == ("unknown_call", "several_calls", "open")
    assert (task.attempt_id, task.number) == (attempt_id, CUSTOMER)
    assert (task.subject_kind, task.subject_id) == ("callback", desk.read(attempt_id).purpose_id)
    (told,) = [line for line in logs if line["event"] == "task.opened"]
    assert told["number"] == "…8000", "a log has the last four digits"
    passes(desk, 300)
    assert len(desk.rows(Task)) == 1, "it is asked once"


def test_who_was_called_is_not_called_again(desk: Desk) -> None:
    attempt_id = in_doubt(desk)
    task = says(desk, "called")
    assert (task.state, task.verdict, task.resolved_by, task.note) == (
        "resolved", "called", "token:abc", "asked him",
    )  # fmt: skip
    assert desk.told(attempt_id) == ("ended", "a person: called")
    assert desk.callback(attempt_id).state == "kept"
    (promise,) = desk.rows(Promise)
    assert promise.state == "kept"
    (entry,) = [row for row in desk.rows(LedgerEntry) if row.action == "task.resolved"]
    assert (entry.actor, entry.detail["verdict"]) == ("token:abc", "called")


def test_who_was_not_called_is_called_at_once(desk: Desk) -> None:
    attempt_id = in_doubt(desk)
    says(desk, "not_called")
    assert desk.told(attempt_id) == ("not_placed", "a person: not_called")
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.reason, callback.tries) == ("booked", "not_called", 0)
    assert callback.next_try_at == desk.work.at()
    assert {row.calls for row in desk.rows(DialCount)} == {0}, "what was not placed is not counted"
    again = desk.customer(callback_id=callback.id)
    assert again != attempt_id, "the target is free"


def test_a_task_is_resolved_once(desk: Desk) -> None:
    in_doubt(desk)
    task = says(desk, "called")
    with desk.work.transaction() as session, pytest.raises(Conflict, match="resolved already"):
        resolve_task(session, task.id, "not_called", desk.work.at(), "other")
    with desk.work.transaction() as session, pytest.raises(Missing):
        resolve_task(session, UUID(int=1), "called", desk.work.at(), "other")


# Step 4: "Any webhook with the token binds the SID": the call tells of itself, however late.
def test_a_late_webhook_answers_the_task(desk: Desk) -> None:
    attempt_id = in_doubt(desk)
    sid = desk.twin.placed[0].sid
    with desk.work.transaction() as session:
        assert placed.leg_of_attempt(session, attempt_id, sid, desk.work.at()) is not None
    (task,) = desk.rows(Task)
    assert (task.state, task.verdict, task.resolved_by) == ("resolved", "found", "system")
    assert desk.told(attempt_id) == ("live", None)


# Step 5: "The list may be unavailable: a person after the window."
def test_a_list_that_cannot_be_had_is_a_persons_matter(desk: Desk) -> None:
    desk.twin.lose_answer()
    attempt_id = desk.customer()
    desk.drain()
    desk.twin.refuse("list_calls", *[CarrierDown("503")] * 99)
    passes(desk, 225)
    assert desk.rows(Task) == []
    passes(desk, 30)
    (task,) = desk.rows(Task)
    assert (task.reason, task.attempt_id) == ("list_unavailable", attempt_id)
    assert desk.told(attempt_id) == ("unknown", "needs_human")


def test_an_agent_is_not_lost_to_a_list_that_cannot_be_had(desk: Desk) -> None:
    desk.twin.lose_answer()
    attempt_id = desk.agent()
    desk.drain()
    desk.twin.refuse("list_calls", *[CarrierDown("503")] * 99)
    passes(desk, 255)
    assert desk.rows(Task) == []
    assert desk.told(attempt_id) == ("ended", "silent by now")


# Two extensions behind one switchboard: the list shows which number was dialled, not which keys were pressed.
def test_a_call_that_two_could_claim_is_a_persons_matter(desk: Desk) -> None:
    desk.twin.lose_answer()
    first = desk.customer("+862155550111;ext=801")
    desk.drain()
    second = desk.customer("+862155550111;ext=802")
    with desk.work.transaction() as session:
        session.execute(
            sa.update(Attempt)
            .where(Attempt.id == second)
            .values(state="unknown", reason="lost", sent_at=desk.work.at())
        )
    passes(desk, 135)
    assert {task.attempt_id for task in desk.rows(Task)} == {first, second}


# "callbacks must never be lost by a cap": later within their promise, or a person.
def test_a_callback_that_cannot_be_in_time_is_a_persons_matter(desk: Desk) -> None:
    desk.policy(number_calls_per_day=1)
    first = desk.customer()
    desk.drain()
    with desk.work.transaction() as session:
        session.execute(sa.update(Attempt).values(state="ended"))
        session.execute(sa.update(Callback).values(state="kept"))
    second = desk.customer(callback_id=desk.owes(minutes=60))
    desk.drain()
    assert desk.told(second) == ("not_placed", "number_cap")
    (task,) = desk.rows(Task)
    assert (task.kind, task.reason, task.number) == ("not_dialled", "number_cap", CUSTOMER)
    assert desk.callback(second).state == "agent", "no machine moves it"
    sweeps.callbacks_due(desk.work)
    desk.drain()
    assert first != second and len(desk.twin.placed) == 1


def test_a_capped_callback_that_was_not_called_is_called_the_next_day(desk: Desk) -> None:
    test_a_callback_that_cannot_be_in_time_is_a_persons_matter(desk)
    says(desk, "not_called")
    (callback,) = [row for row in desk.rows(Callback) if row.state == "booked"]
    assert callback.next_try_at > desk.work.at() + timedelta(hours=1)
    desk.time.at = callback.next_try_at
    sweeps.callbacks_due(desk.work)
    desk.drain()
    (callback,) = [row for row in desk.rows(Callback) if row.id == callback.id]
    assert callback.state == "waiting", "it is a new day"


# "then strict mode with every webhook lost and lag 1 h: 0 twice, 0 forgotten": a list proves no absence.
def test_a_strict_centre_asks_a_person_of_every_unknown_customer(desk: Desk) -> None:
    desk.policy(strict_dialing=True)
    attempt_id = desk.customer()
    with desk.work.transaction() as session:
        assert dialing.claim(session, attempt_id, desk.work.at()) is not None
    desk.time.moves(seconds=31)
    sweeps.dead_senders(desk.work)
    desk.bell.rung.clear()
    passes(desk, 240)
    (task,) = desk.rows(Task)
    assert (task.reason, task.attempt_id) == ("strict", attempt_id)
    assert desk.told(attempt_id) == ("unknown", "needs_human")


def test_a_strict_centre_believes_a_call_that_is_there(desk: Desk) -> None:
    desk.policy(strict_dialing=True)
    desk.twin.lose_answer()
    attempt_id = desk.customer()
    desk.drain()
    passes(desk, 135)
    assert desk.told(attempt_id)[0] == "live"
    assert desk.rows(Task) == []


def test_a_strict_centre_loses_no_agent(desk: Desk) -> None:
    desk.policy(strict_dialing=True)
    attempt_id = desk.agent()
    with desk.work.transaction() as session:
        assert dialing.claim(session, attempt_id, desk.work.at()) is not None
    desk.time.moves(seconds=31)
    sweeps.dead_senders(desk.work)
    desk.bell.rung.clear()
    passes(desk, 240)
    assert desk.told(attempt_id) == ("not_placed", "two listings show no call")

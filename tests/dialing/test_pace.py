"""Calls leave below the account's pace, agents first; what waits at the carrier for too long is cancelled."""

from datetime import timedelta
from itertools import pairwise
from threading import Barrier, Thread
from uuid import UUID

import pytest

from callcenter.dialing import gate
from callcenter.dialing.models import DialCount
from callcenter.dialing.rules import pace
from callcenter.routing.models import Offer
from callcenter.switchboard import placing, sweeps
from tests.dialing.conftest import Desk


def ticks(desk: Desk, seconds: int) -> list[int]:
    """Let the clock tick; return how many calls were placed after each second."""
    placed = []
    for _ in range(seconds):
        desk.time.moves(seconds=1)
        sweeps.lost_bells(desk.work)
        desk.drain()
        placed.append(len(desk.twin.placed))
    return placed


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 10.0, 50.0])
def test_the_pace_is_below_the_accounts(rate: float) -> None:
    wanted = pace(rate)
    assert 1_000_000 / wanted.interval < rate
    assert 1 + wanted.room // wanted.interval <= max(1, rate), "what may leave at once is a second's worth"


# "pacing below the account's calls per second".
def test_calls_leave_one_a_second(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    attempts = [desk.customer(f"+861380013800{n}") for n in range(5)]
    desk.drain()
    assert len(desk.twin.placed) == 1
    assert [desk.told(each)[0] for each in attempts].count("intent") == 4
    placed = ticks(desk, 12)
    assert placed[:4] == [2, 3, 4, 5]
    assert all(later - earlier <= 1 for earlier, later in pairwise(placed))


def test_a_call_that_waits_is_not_counted_yet(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    for n in range(3):
        desk.customer(f"+861380013800{n}")
    desk.drain()
    assert {(row.scope, row.calls) for row in desk.rows(DialCount)} == {("number", 1), ("customers", 1)}


# "several workers": the slot is claimed in the database.
def test_many_workers_keep_one_pace(desk: Desk) -> None:
    desk.policy(calls_per_second=2.0)
    attempts = [desk.agent(f"agent-{n}") for n in range(8)]
    desk.bell.rung.clear()
    start = Barrier(8)

    def place(attempt_id: UUID) -> None:
        start.wait()
        placing.place_attempt(desk.work, str(attempt_id))

    threads = [Thread(target=place, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.twin.placed) == 2


# "agent legs before callbacks".
def test_agents_are_rung_before_customers(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    customers = [desk.customer(f"+861380013800{n}") for n in range(2)]
    agents = [desk.agent("wang"), desk.agent("li")]
    desk.drain()
    ticks(desk, 6)
    sent = sorted([*customers, *agents], key=lambda each: desk.read(each).sent_at or desk.time.at)
    assert sent == [*agents, *customers]


# Issue: "ordered fairly": whoever's bell rings first has no right to leave first.
def test_customers_leave_in_the_order_in_which_they_were_wanted(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    customers = []
    for n in range(5):
        customers.append(desk.customer(f"+861380013800{n}"))
        desk.time.moves(seconds=0.01)
    desk.bell.rung.reverse()
    desk.drain()
    ticks(desk, 12)
    assert sorted(customers, key=lambda each: desk.read(each).sent_at or desk.time.at) == customers
    assert len(desk.twin.placed) == 5


# "clocks: +1 h, -1 h": a slot of the future that nobody can have taken honestly is none.
def test_a_clock_that_was_set_back_stops_nothing(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    desk.customer("+8613800138001")
    desk.drain()
    desk.time.moves(hours=-1)
    desk.customer("+8613800138002")
    desk.drain()
    assert len(desk.twin.placed) == 2


def queued(desk: Desk, attempt_id: UUID, queue_seconds: float = 0.0) -> str:
    """Let a call stay in the carrier's queue."""
    desk.drain()
    sid = desk.read(attempt_id).sid
    assert sid is not None
    desk.twin.waits(sid, queue_seconds)
    return sid


def looks(desk: Desk, seconds: int) -> None:
    """Let time pass, in which the sweep looks at calls that may wait."""
    for _ in range(seconds // 5):
        desk.time.moves(seconds=5)
        sweeps.queued_calls(desk.work)
        desk.drain()


# "a call still queued after 30 s is cancelled, the cancel confirmed by fetching it (no callback comes)".
def test_an_agents_call_that_stays_queued_is_cancelled(desk: Desk) -> None:
    attempt_id = desk.agent()
    sid = queued(desk, attempt_id)
    looks(desk, 25)
    assert desk.twin.calls[sid].status == "queued"
    looks(desk, 5)
    assert desk.twin.calls[sid].status == "canceled"
    assert desk.told(attempt_id) == ("ended", "canceled")
    (offer,) = desk.rows(Offer)
    assert (offer.state, offer.reason) == ("failed", "never_rung"), "the agent has missed nothing"


def test_a_customers_call_that_stays_queued_costs_no_try(desk: Desk) -> None:
    attempt_id = desk.customer()
    queued(desk, attempt_id)
    looks(desk, 30)
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.reason, callback.tries) == ("booked", "not_placed", 0)
    assert callback.next_try_at == desk.work.at() + timedelta(seconds=60)


def test_a_cancel_that_came_too_late_leaves_the_call_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_id = desk.customer()
    queued(desk, attempt_id)
    monkeypatch.setattr(desk.twin, "cancel", lambda sid: desk.twin.becomes(sid, "in-progress"))
    looks(desk, 30)
    assert desk.told(attempt_id)[0] == "live"


# "queue_time respected": others use the account too, and its queue tells.
def test_a_queue_at_the_carrier_holds_the_next_calls_back(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    queued(desk, desk.customer("+8613800138001"), queue_seconds=12)
    looks(desk, 5)
    desk.customer("+8613800138002")
    desk.drain()
    assert ticks(desk, 11)[-1] == 1, "the account's queue is 12 s long"
    assert ticks(desk, 3)[-1] == 2


def test_a_call_that_rings_is_not_looked_at_as_queued(desk: Desk) -> None:
    attempt_id = desk.customer()
    desk.drain()
    looks(desk, 60)
    assert desk.told(attempt_id)[0] == "live"
    assert desk.twin.orders == []


def test_a_claim_without_a_slot_is_taken_back(desk: Desk) -> None:
    desk.policy(calls_per_second=1.0)
    desk.customer("+8613800138001")
    desk.drain()
    waiting = desk.customer("+8613800138002")
    desk.drain()
    attempt = desk.read(waiting)
    assert (attempt.state, attempt.fence, attempt.sent_at) == ("intent", 0, None)
    assert attempt.bell_at <= desk.work.at() + timedelta(seconds=1)
    with desk.work.transaction() as session:
        assert not gate.pass_gate(session, desk.work.at())

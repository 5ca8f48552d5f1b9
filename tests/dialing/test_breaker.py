"""While the carrier fails, calls wait and probes go out; no promise pays for it."""

from uuid import UUID

import pytest

from callcenter.callbacks import actions as callbacks
from callcenter.carrier.port import Ambiguous, CarrierError, NotPlaced
from callcenter.dialing.models import DialCount, DialGate
from callcenter.metrics import BREAKER
from callcenter.switchboard import sweeps
from tests.dialing.conftest import Desk

FAULTS = (NotPlaced("401/20003"), NotPlaced("429/20429"), Ambiguous("HTTP 503"))


def fails(desk: Desk, times: int, error: CarrierError = FAULTS[0]) -> list[UUID]:
    """So many calls are refused, one after the other."""
    desk.twin.refuse("place", *[error] * times)
    attempts = []
    for n in range(times):
        attempts.append(desk.customer(f"+86138001381{n:02}"))
        desk.drain()
    return attempts


def ticks(desk: Desk, seconds: int) -> int:
    """Let the clock tick; return how many calls the carrier has been asked for in that time and took."""
    before = len(desk.twin.placed)
    for _ in range(seconds):
        desk.time.moves(seconds=1)
        sweeps.lost_bells(desk.work)
        desk.drain()
    return len(desk.twin.placed) - before


@pytest.mark.parametrize("error", FAULTS, ids=["401", "429", "5xx"])
def test_after_five_failures_the_others_wait(desk: Desk, error: CarrierError) -> None:
    fails(desk, 5, error)
    waiting = desk.customer()
    desk.drain()
    assert desk.told(waiting) == ("intent", None)
    (gate,) = desk.rows(DialGate)
    assert gate.opened_at == desk.work.at()


def test_four_failures_and_a_call_are_no_outage(desk: Desk) -> None:
    fails(desk, 4)
    desk.customer()
    desk.drain()
    assert len(desk.twin.placed) == 1
    (gate,) = desk.rows(DialGate)
    assert (gate.failures, gate.opened_at) == (0, None)


def test_a_number_that_cannot_be_dialled_is_no_outage(desk: Desk) -> None:
    fails(desk, 6, NotPlaced("400/21211", retry=False))
    desk.customer()
    desk.drain()
    assert len(desk.twin.placed) == 1


# "half-open probes go out".
def test_one_probe_goes_out_every_fifteen_seconds(desk: Desk) -> None:
    fails(desk, 5)
    desk.twin.refuse("place", *[FAULTS[0]] * 2)
    for n in range(4):
        desk.customer(f"+861380013820{n}")
    desk.drain()
    assert ticks(desk, 14) == 0
    left = [len(desk.twin._refusals["place"])]
    for _ in range(2):
        ticks(desk, 15 if len(left) > 1 else 10)
        left.append(len(desk.twin._refusals["place"]))
    assert left == [2, 1, 0]
    closed = BREAKER.labels("closed")._value.get()
    assert ticks(desk, 20) == 2, "the third probe is taken, and what still waited leaves"
    assert BREAKER.labels("closed")._value.get() == closed + 1


def test_an_agents_phone_is_the_probe_before_a_customers(desk: Desk) -> None:
    fails(desk, 5)
    customer, agent = desk.customer(), desk.agent()
    desk.drain()
    desk.twin.refuse("place", FAULTS[0])
    ticks(desk, 16)
    assert desk.told(agent) == ("not_placed", "401/20003")
    assert desk.told(customer)[0] == "intent"


# Three refusals used to be three tries, and a broken promise.
def test_a_refusal_costs_no_try(desk: Desk) -> None:
    desk.twin.refuse("place", FAULTS[1])
    attempt_id = desk.customer()
    desk.drain()
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.reason, callback.tries) == ("booked", "not_placed", 0)
    assert (callback.next_try_at - desk.work.at()).total_seconds() == 60


def test_a_number_that_cannot_be_dialled_costs_a_try(desk: Desk) -> None:
    desk.twin.refuse("place", NotPlaced("400/21211", retry=False))
    attempt_id = desk.customer()
    desk.drain()
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.tries) == ("booked", 1)


def test_no_agent_is_asked_for_a_callback_meanwhile(desk: Desk) -> None:
    fails(desk, 5)
    callback_id = desk.owes(state="booked", minutes=-60)
    with desk.work.transaction() as session:
        assert not callbacks.start_callback(session, callback_id, desk.work.at())
        callback = session.get_one(callbacks.Callback, callback_id)
        assert (callback.state, callback.reason) == ("booked", "not_placed"), "late, and owed"
    desk.time.moves(seconds=61)
    with desk.work.transaction() as session:
        assert callbacks.start_callback(session, callback_id, desk.work.at()), "somebody has to be the probe"


def test_a_clock_that_was_set_back_keeps_no_gate_shut(desk: Desk) -> None:
    fails(desk, 5)
    desk.time.moves(hours=-1)
    desk.customer()
    desk.drain()
    assert len(desk.twin.placed) == 1


def test_what_waits_is_not_counted(desk: Desk) -> None:
    fails(desk, 5)
    desk.customer()
    desk.drain()
    assert {row.calls for row in desk.rows(DialCount)} == {0}

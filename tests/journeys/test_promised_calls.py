"""What was promised in the queue is done on bad days: in order, once, and in the end."""

from dataclasses import replace
from unittest.mock import patch

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.clock_process import Ticker
from callcenter.db import Database
from callcenter.dialing.models import Attempt
from callcenter.promises.models import Promise
from callcenter.simulator import Fault, answers, busy, rings_out
from tests.journeys.conftest import Bell, Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.xinghe import HOTLINE

LATER = ("+8613800138010", "+8613800138011")
NEWCOMER = "+8613800138012"


def is_reached(hotline: Hotline, number: str, within: float) -> bool:
    """Wait until a customer talks with us."""
    phone = hotline.phone(number)
    return hotline.net.run_until(lambda: phone.handset is not None and phone.handset.talking, within)


def only_promise(hotline: Hotline) -> Promise:
    """Return the one promise of a callback."""
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    return promise


# HL-6: "long wait: take the number and call back promptly": whoever gives his number keeps his place.
def test_who_booked_in_the_queue_is_called_in_the_order_of_arrival_before_a_newcomer(
    hotline: Hotline,
) -> None:
    hotline.policy(wrap_up_seconds=5)
    wei, other = all_busy(hotline)
    wei.will(answers(rings=1, presses="1"))
    for number in (CUSTOMER, *LATER):
        books_from_the_queue(hotline, number)
        hotline.phone(number).will(answers(rings=1, presses="1", talks_for=20))
    newcomer = hotline.phone(NEWCOMER).dials(HOTLINE, presses=("1",))
    newcomer.waits(20)
    other.hangs_up()
    assert hotline.net.run_until(lambda: newcomer.talking, 900), "he waits on the line meanwhile"
    rung = [hotline.net.ledger.rings_of(number) for number in (CUSTOMER, *LATER)]
    assert [len(each) for each in rung] == [1, 1, 1]
    starts = [each[0].started for each in rung]
    assert starts == sorted(starts)
    newcomer.hangs_up()
    hotline.settle(60)
    assert {promise.state for promise in hotline.rows(Promise, Promise.rule == "HL-8")} == {"kept"}
    hotline.assert_clean()


# FU-2: "Not reached: try again at another time".
def test_no_answer_three_times_and_then_he_is_reached(hotline: Hotline) -> None:
    hotline.policy(callback_retry_minutes=3, callback_tries=4)
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(rings_out(), busy(), rings_out(), answers(rings=1, presses="1"))
    other.hangs_up()
    assert is_reached(hotline, CUSTOMER, 3600)
    hotline.phone(CUSTOMER).handset.hangs_up()  # type: ignore[union-attr]
    hotline.settle()
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.tries) == ("kept", 4)
    attempts = hotline.get(f"/callbacks/{callback.id}")["attempts"]
    assert [each["result"] for each in attempts] == ["no_answer", "busy", "no_answer", "reached"]
    hotline.assert_clean()


# Dialing protocol: 429 and 5xx before anything was done are no calls; the breaker sends a probe now and then.
def test_the_carrier_is_down_for_ten_minutes(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    down = hotline.net.faults.add(Fault("401", "rest", path=r"/Calls\.json$", event="POST"))
    other.hangs_up()
    hotline.net.run_for(600)
    assert hotline.net.ledger.rings_of(CUSTOMER) == []
    hotline.net.faults.remove(down)
    assert is_reached(hotline, CUSTOMER, 300)
    hotline.phone(CUSTOMER).handset.hangs_up()  # type: ignore[union-attr]
    hotline.settle()
    assert only_promise(hotline).state == "kept"
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


# Decision 3: "The row is the truth": what Redis has forgotten the clock finds again.
def test_redis_is_wiped_while_the_promise_falls_due(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    forgotten: list[str] = []
    with patch.object(Bell, "ring", lambda _, name, subject: forgotten.append(name) or True):
        other.hangs_up()
        hotline.net.run_for(30)
    assert "match" in forgotten, "the bell that would have led the agent to him"
    assert is_reached(hotline, CUSTOMER, 120)
    hotline.phone(CUSTOMER).handset.hangs_up()  # type: ignore[union-attr]
    hotline.settle()
    assert only_promise(hotline).state == "kept"
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


# Reliability B: two clocks, of which the lease lets one sweep at a time; both may ring one bell.
def test_two_clocks_call_a_customer_once(hotline: Hotline) -> None:
    second = replace(hotline.work, db=Database(hotline.work.db.engine.url.render_as_string(False)))
    hotline.net.every(1, Ticker(second, owner="second").tick)
    eager = Ticker(second, owner="third")
    with patch.object(eager, "_leads", lambda: True):
        hotline.net.every(1, eager.tick)
        _, other = all_busy(hotline)
        books_from_the_queue(hotline)
        hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
        other.hangs_up()
        assert is_reached(hotline, CUSTOMER, 120)
        hotline.phone(CUSTOMER).handset.hangs_up()  # type: ignore[union-attr]
        hotline.settle()
    assert only_promise(hotline).state == "kept"
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    assert len(hotline.rows(Attempt, Attempt.purpose_kind == "callback")) == 1
    assert len(hotline.rows(Call, Call.direction == "outbound")) == 1
    hotline.assert_clean()
    second.db.dispose()

"""Callbacks: promised while all are busy or at night, placed in time, kept; tried again when missed."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.carrier.port import Ambiguous, Placement
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.dialing.models import Attempt
from callcenter.promises.models import Promise
from callcenter.simulator import Fault, answers, busy, rings_out, voicemail
from callcenter.simulator.handset import Handset
from callcenter.simulator.network import Telephone
from tests.journeys.conftest import Hotline
from tests.xinghe import GUANGZHOU, HOTLINE

CUSTOMER = "+8613800138009"


def all_busy(hotline: Hotline) -> tuple[Telephone, Handset]:
    """The one agent on duty talks with somebody else."""
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    other = hotline.phone("+8613800138001").dials(HOTLINE, presses=("1",))
    other.talks_with(wei)
    return wei, other


def books_from_the_queue(hotline: Hotline, number: str = CUSTOMER) -> Handset:
    """Another caller waits, hears that all are busy, and asks to be called back."""
    caller = hotline.phone(number).dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("1")
    caller.hears(re.compile("等候时间|排在第"))
    caller.hears("回电", within=60)
    caller.press("1")
    caller.hears("回电")
    caller.hears("号码正确请按 1")
    caller.press("1")
    caller.hears("工程师最晚在")
    caller.hears("再见")
    caller.ends()
    return caller


# HL-6: "the reason is told; long wait: take the number and call back promptly; the caller chooses";
# HL-8: "The callback is promised for a definite time".
def test_all_busy_booked_placed_and_kept(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    (callback,) = hotline.rows(Callback)
    assert callback.number == CUSTOMER
    assert callback.due_at - callback.created_at == timedelta(hours=1)

    customer = hotline.phone(CUSTOMER)
    customer.will(answers(rings=2, presses="1"))
    other.hangs_up()
    assert hotline.net.run_until(lambda: customer.handset is not None and customer.handset.talking, 120)
    assert customer.handset is not None
    customer.handset.talks_with(wei)
    customer.handset.waits(30)
    customer.handset.hangs_up()
    hotline.settle()

    (callback,) = hotline.rows(Callback)
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (callback.state, callback.tries, promise.state) == ("kept", 1, "kept")
    inbound, waited, outbound = hotline.rows(Call)
    assert (inbound.outcome, waited.outcome) == ("answered", "callback")
    assert (outbound.direction, outbound.outcome) == ("outbound", "answered")
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1, "the customer is rung once"
    assert "工程师" in "".join(customer.handset.words) or customer.handset.heard("星河软件客服部")
    hotline.assert_clean()


# FU-2: "Not reached: try again at another time".
def test_a_customer_who_is_not_there_is_tried_again(hotline: Hotline) -> None:
    hotline.policy(callback_retry_minutes=3)
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(busy(), rings_out(), answers(rings=1, presses="1"))
    other.hangs_up()
    assert hotline.net.run_until(lambda: customer.handset is not None and customer.handset.talking, 7200)
    assert customer.handset is not None
    customer.handset.hangs_up()
    hotline.settle()
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.tries) == ("kept", 3)
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert promise.state == "kept", "the third try came within the hour and its grace"
    assert hotline.net.ledger.rings_of(CUSTOMER)[-1].result == "answered"
    assert [attempt.state for attempt in hotline.rows(Attempt)] == ["ended"] * len(hotline.rows(Attempt))
    hotline.assert_clean()
    assert wei.handset is not None and wei.handset.ended


# Dialing protocol, 3: "Read timeout, reset, 5xx: UNKNOWN". The call may be there, and the customer picks up.
def test_an_answer_that_proves_nothing_and_the_two_meet(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    loses_answers_about(monkeypatch, CUSTOMER, made=True)
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(rings=3, presses="1", talks_for=10))
    other.hangs_up()
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "kept", 120)
    hotline.settle(60)
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


def test_the_late_end_of_an_earlier_call_does_not_end_the_next_one(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotline.policy(callback_retry_minutes=1)
    loses_answers_about(monkeypatch, CUSTOMER, made=True)
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(rings_out(), answers(after=17, presses="1", talks_for=10))
    other.hangs_up()
    hotline.net.faults.add(Fault("drop", "status"))
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "kept", 900)
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 2


def loses_answers_about(monkeypatch: pytest.MonkeyPatch, number: str, *, made: bool) -> None:
    """Let the carrier answer 500 when this number is to be rung, whether or not it is."""
    real = TwilioCarrier.place

    def places(carrier: TwilioCarrier, placement: Placement) -> str:
        if placement.to != number or made:
            sid = real(carrier, placement)
        if placement.to == number:
            raise Ambiguous("500")
        return sid

    monkeypatch.setattr(TwilioCarrier, "place", places)


def test_an_agent_does_not_wait_for_ever_for_a_call_that_may_not_be(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    loses_answers_about(monkeypatch, CUSTOMER, made=False)
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    other.hangs_up()
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "agent", 120)
    assert wei.handset is not None
    wei.handset.ends(within=90)
    assert hotline.rows(Callback)[0].state == "agent", "nobody knows yet whether the customer was rung"
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "booked", 200)


# The agent leaves while the customer's call waits to be placed: nobody is rung in vain.
def test_an_agent_who_leaves_before_the_customer_rings(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    wei = hotline.phone(other_end(hotline))
    wei.will(answers(rings=1, presses="1", hangs_up_after=4))
    other.hangs_up()
    assert hotline.net.run_until(lambda: wei.is_ringing, 120)
    hotline.bell.away = True
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "agent", 20)
    hotline.settle(10)
    hotline.bell.away = False
    hotline.settle(20)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "agent_lost")
    assert hotline.net.ledger.rings_of(CUSTOMER) == []
    hotline.assert_clean()


def other_end(hotline: Hotline) -> str:
    """The address of the agent who was logged in."""
    return str(hotline.rows(Attempt)[0].to_address)


def test_a_customers_voicemail_is_no_kept_promise(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(voicemail(after=5, tape=60))
    other.hangs_up()
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].tries == 1, 120)
    hotline.settle(60)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "not_accepted")
    assert hotline.rows(Promise, Promise.rule == "HL-8")[0].state == "open"
    hotline.assert_clean()


# words.md: "Closed: say so in the first sentence, next opening with day and time, then callback for then".
def test_closed_at_night_with_the_next_opening_told(hotline: Hotline) -> None:
    hotline.net.clock.start = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # 22:00 in China.
    caller = hotline.phone(CUSTOMER).dials(GUANGZHOU)
    caller.hears("您好，星河软件广州公司现在是休息时间。")
    caller.hears("明天上午九点")
    caller.hears("回电请按 1")
    caller.press("1")
    caller.hears("号码正确请按 1")
    caller.press("1")
    caller.hears("明天上午十点前")
    caller.ends()
    hotline.settle()
    (callback,) = hotline.rows(Callback)
    assert callback.due_at == datetime(2026, 11, 24, 2, 0, tzinfo=UTC), "an hour after the next opening"
    assert callback.next_try_at == datetime(2026, 11, 24, 1, 0, tzinfo=UTC), "not before the next opening"
    assert [call.outcome for call in hotline.rows(Call)] == ["callback"]
    hotline.assert_clean()


def test_another_number_is_keyed_in(hotline: Hotline) -> None:
    all_busy(hotline)
    caller = hotline.phone("anonymous").dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("5")
    caller.hears("请输入回电号码")
    caller.press("13900139000#")
    caller.hears("1 3 9，0 0 1 3，9 0 0 0")
    caller.hears("号码正确请按 1")
    caller.press("1")
    caller.hears("最晚在")
    caller.ends()
    hotline.settle()
    assert [callback.number for callback in hotline.rows(Callback)] == ["+8613900139000"]


def test_redis_is_away_and_the_promise_is_kept_all_the_same(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.bell.away = True
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    other.hangs_up()
    hotline.settle(30)
    assert hotline.net.ledger.rings_of(CUSTOMER) == [], "nobody performs jobs while the bell is away"
    hotline.bell.away = False
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "kept", 120)
    customer = hotline.phone(CUSTOMER).handset
    assert customer is not None
    customer.hangs_up()
    hotline.settle()
    hotline.assert_clean()

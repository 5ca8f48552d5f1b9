"""Callers whom we know: the open ticket first, the promised call told, and kept by their own call."""

from datetime import timedelta

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.promises.models import Promise
from callcenter.routing.models import Wait
from callcenter.simulator import answers
from callcenter.tickets.models import Ticket, TicketEvent
from tests.journeys.conftest import Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.xinghe import HOTLINE


# CU-2: "The caller is recognised by the number"; TK-1: every contact is recorded; HL-17: no second ticket.
def test_a_caller_who_phones_again_goes_on_about_the_open_ticket(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    gives_up = hotline.phone(CUSTOMER).dials(HOTLINE, presses=("1",))
    gives_up.hears("您的服务单号是")
    gives_up.hangs_up()
    hotline.settle(40)
    wei.answers(rings=1, presses="1")
    again = hotline.phone(CUSTOMER).dials(HOTLINE)
    again.hears("服务单 2 6，1 1，2 3，0 0 1 的事请按 1。")
    again.press("1")
    again.talks_with(wei)
    again.hangs_up()
    hotline.settle(10)
    (ticket,) = hotline.rows(Ticket)
    first, second = hotline.rows(Call)
    assert (ticket.call_id, first.ticket_id, second.ticket_id) == (first.id, None, ticket.id)
    (contact,) = hotline.rows(TicketEvent, TicketEvent.kind == "contact")
    assert contact.detail == {"call": again.sid}
    assert hotline.call(again.sid)["tickets"] == [ticket.number]
    assert {call["sid"] for call in hotline.get("/calls", q=ticket.number)["items"]} == {first.sid, again.sid}
    hotline.assert_clean()


# HL-8: the promise is kept by the customer's own call; "the callback is not made twice".
def test_a_customer_who_phones_in_before_the_callback_is_not_rung(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.settle(40)
    caller = hotline.phone(CUSTOMER).dials(HOTLINE)
    caller.hears("我们约好最晚在")
    caller.hears("的事请按 1。")
    caller.press("1")
    caller.hears("您是下一位", within=60)
    (booked,) = hotline.rows(Callback)
    assert booked.state == "booked", "he waits himself: no agent is asked to ring him"
    wei.answers(rings=1, presses="1")
    other.hangs_up()
    caller.talks_with(wei, within=90)
    assert wei.handset is not None and wei.handset.heard("约过回电。")
    hotline.settle(60)
    caller.hangs_up()
    hotline.settle(60)
    (callback,) = hotline.rows(Callback)
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (callback.state, callback.reason, callback.tries, promise.state) == (
        "kept",
        "phoned_in",
        0,
        "kept",
    )
    assert hotline.net.ledger.rings_of(CUSTOMER) == []
    assert [each["state"] for each in hotline.call(caller.sid)["callbacks"]] == ["kept"]
    hotline.assert_clean()


# "if they hang up before, it stays": the place in line that the promise had is not lost either.
def test_a_customer_who_phones_in_and_hangs_up_is_called_all_the_same(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.settle(40)
    caller = hotline.phone(CUSTOMER).dials(HOTLINE)
    caller.hears("的事请按 1。")
    caller.press("1")
    caller.hears("您是下一位", within=60)
    (wait,) = hotline.rows(Wait, Wait.subject_kind == "call", Wait.state == "waiting")
    (callback,) = hotline.rows(Callback)
    assert wait.entered_at == callback.arrived_at, "the place of the first call"
    caller.hangs_up()
    hotline.settle(15)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(rings=2, presses="1"))
    other.hangs_up()
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "kept", 120)
    assert customer.handset is not None
    customer.handset.hangs_up()
    hotline.settle()
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert promise.settled_at - callback.created_at < timedelta(minutes=10)
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


# TK-6: the customer is told the progress; words.md: a promise is said as a promise.
def test_the_state_of_a_ticket_with_its_promised_time(hotline: Hotline) -> None:
    hotline.agent("zhang-wei")
    first = hotline.phone(CUSTOMER).dials(HOTLINE, presses=("1",))
    first.hears("您的服务单号是")
    first.hangs_up()
    hotline.settle(40)
    again = hotline.phone(CUSTOMER).dials(HOTLINE)
    again.hears("其他事情请按 2。")
    again.press("2")
    again.hears("查询服务单进度请按 4。")
    again.press("4")
    again.hears("已经登记，正在安排。")
    again.hears("我们最晚在今天下午")
    again.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)][-1] == "self_served"
    hotline.assert_clean()

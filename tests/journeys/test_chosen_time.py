"""A callback at a time that the customer chose by key: told as a promise, not rung before it."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.callbacks.models import Callback
from callcenter.organisation.queries import centre
from callcenter.promises.models import Promise
from callcenter.simulator import answers
from callcenter.simulator.handset import Handset
from tests.journeys.conftest import MONDAY_MORNING, Hotline
from tests.xinghe import GUANGZHOU, HOTLINE

CUSTOMER = "+8613800138009"


def chooses(hotline: Hotline, key: str, number: str = CUSTOMER, line: str = HOTLINE) -> Handset:
    """A caller asks for a callback, confirms the number and presses a key for the time."""
    caller = hotline.phone(number).dials(line)
    caller.hears("您好")
    caller.press("5" if line == HOTLINE else "1")
    caller.hears("号码正确请按 1")
    caller.press("1")
    caller.hears("尽快回电")
    caller.press(key)
    return caller


# HL-8: "The callback is promised for a definite time"; FU-5: "gets an appointed reply time".
def test_a_chosen_time_is_promised_and_kept_to(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").will(answers(rings=1, presses="1"))
    caller = chooses(hotline, "2")
    assert "今天下午三点" in caller.hears("客服会在")
    caller.ends()
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    (callback,) = hotline.rows(Callback)
    three = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert (callback.due_at, callback.next_try_at, callback.chosen) == (three, three, True)

    hotline.rests((three - MONDAY_MORNING).total_seconds() - 120)
    assert hotline.net.ledger.rings_of(CUSTOMER) == [], "nobody rings before the time that was chosen"
    customer = hotline.phone(CUSTOMER)
    assert hotline.net.run_until(lambda: customer.handset is not None and customer.handset.talking, 600)
    assert customer.handset is not None
    customer.handset.waits(5)
    customer.handset.hangs_up()
    hotline.settle()
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (promise.due_at, promise.grace_seconds, promise.state) == (three, 600, "kept")
    hotline.assert_clean()


@pytest.mark.parametrize(("key", "said"), [("1", "最晚在今天上午十一点"), ("7", "我们尽快回电")])
def test_the_first_key_and_a_wrong_one_are_the_usual_promise(hotline: Hotline, key: str, said: str) -> None:
    caller = chooses(hotline, key)
    caller.hears(said)
    caller.ends()
    (callback,) = hotline.rows(Callback)
    assert not callback.chosen
    assert callback.next_try_at - callback.created_at == timedelta(seconds=20)


def test_silence_is_the_usual_promise_too(hotline: Hotline) -> None:
    caller = hotline.phone(CUSTOMER).dials(HOTLINE, presses=("5", "1"))
    caller.hears("尽快回电", within=60)
    caller.hears("最晚在今天上午十一点")
    caller.ends()
    assert not hotline.rows(Callback)[0].chosen


def test_a_time_is_chosen_while_the_line_is_closed(hotline: Hotline) -> None:
    hotline.net.clock.start = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # 22:00 in China.
    caller = chooses(hotline, "3", line=GUANGZHOU)
    caller.hears("客服会在11月25日星期三上午九点半")
    caller.ends()
    (callback,) = hotline.rows(Callback)
    assert callback.due_at == datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert hotline.get(f"/callbacks/{callback.id}")["chosen"] is True


# A number of one zone only: New York, thirteen hours behind.
def test_a_customer_abroad_hears_his_own_time(hotline: Hotline) -> None:
    with hotline.work.transaction() as session:
        centre(session).dial_prefixes = ["+86", "+1212"]
    caller = chooses(hotline, "2", "+12125550123")
    caller.hears("客服会在明天上午九点半")
    caller.hears("这是您当地的时间")
    caller.ends()
    (callback,) = hotline.rows(Callback)
    assert callback.due_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

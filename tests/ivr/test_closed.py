"""Outside the hours."""

from dataclasses import replace

import pytest

from ivr.asks import BookCallback, OpenTicket, ReadNumber
from ivr.hearing import HungUp, Pressed, Silence
from ivr.turns import HangUp
from tests.ivr.legs import BRANCH, CLOSED, OWN_NUMBER, SATURDAY_NOON, Leg, arrived


def test_closed_is_said_first_then_the_next_opening_with_its_day() -> None:
    """words.md: closed in the first sentence, next opening with day and time, then the choices."""
    assert Leg(arrived(hours=CLOSED)).says == [
        "您好，星河软件客服部现在是休息时间。",
        "我们11月25日星期三上午九点开始服务。",
        "For English, press 8.",
        "需要我们到时回电请按 1。",
        "现在留言请按 2。",
    ]


def test_a_closed_branch_in_english() -> None:
    assert Leg(arrived(BRANCH, hours=CLOSED)).says == [
        "Hello, Xinghe Software, Wuxi, is closed now.",
        "We open again Wednesday, November 25, at 9 am.",
        "To be called back then, press 1.",
        "To leave a message now, press 2.",
    ]


def test_an_opening_that_nobody_knows_is_not_made_up() -> None:
    leg = Leg(arrived(hours=replace(CLOSED, next_opening=None)))
    assert leg.says[1] == "下一次服务时间还没有定。"
    leg = Leg(arrived(number=None, hours=replace(CLOSED, next_opening=None))).hears(*[Silence()] * 5)
    assert leg.says == ["这次也没有录到声音。", "请您改天再拨，再见。"]


def test_a_callback_for_then() -> None:
    leg = Leg(arrived(hours=CLOSED)).hears(Pressed("1"), Pressed("1"))
    assert leg.asked == [OpenTicket("general"), ReadNumber(OWN_NUMBER), BookCallback(OWN_NUMBER)]
    assert leg.memory["ending"] == "callback"


def test_a_message_now() -> None:
    assert Leg(arrived(hours=CLOSED)).hears(Pressed("2")).name == "message"


def test_closed_in_the_other_language_and_once_more() -> None:
    leg = Leg(arrived(hours=CLOSED)).hears(Pressed("8"))
    assert leg.says[0] == "Hello, Xinghe Software customer service is closed now."
    assert leg.hears(Pressed("*")).says[0] == "Hello, Xinghe Software customer service is closed now."


@pytest.mark.parametrize(
    "three", [[Silence()] * 3, [Pressed("9")] * 3, [Pressed("0"), Silence(), Silence()], [Pressed("*")] * 7]
)
def test_who_cannot_choose_gets_a_promise(three: list[Silence | Pressed]) -> None:
    """words.md: after the third failure book a callback when nobody is there."""
    leg = Leg(arrived(hours=CLOSED)).hears(*three)
    assert leg.prompts[:2] == ["callback.unconfirmed", "promise.colleague"]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "callback")


def test_who_cannot_choose_and_withholds_the_number_can_leave_a_message_and_is_told_when_to_phone() -> None:
    """Not a dropped call: every call that stays ends with a sentence."""
    leg = Leg(arrived(hours=CLOSED, number=None)).hears(*[Silence()] * 3)
    assert leg.name == "message"
    leg.hears(Silence(), Silence())
    assert leg.says == ["这次也没有录到声音。", "请您11月25日星期三上午九点以后再拨，再见。"]


def test_a_promise_that_was_made_before_is_told() -> None:
    due = SATURDAY_NOON.replace(day=25, hour=10, minute=0)
    assert "我们约好最晚在11月25日星期三上午十点前给您回电。" in Leg(arrived(hours=CLOSED, promised=due)).says


def test_a_hang_up_while_closed_is_told_apart() -> None:
    """numbers.md: `closed` also when the caller hangs up there."""
    leg = Leg(arrived(hours=CLOSED)).hears(HungUp())
    assert (leg.memory["ending"], leg.memory["left_at"], "hours" in leg.memory) == ("hung_up", "closed", True)


def test_one_language_offers_no_other() -> None:
    leg = Leg(arrived(BRANCH, hours=CLOSED))
    assert "language.offer" not in leg.prompts
    assert leg.hears(Pressed("8")).prompts[0] == "key.wrong"

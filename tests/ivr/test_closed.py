"""Outside the hours."""

from dataclasses import replace

import pytest

from ivr.asks import BookCallback, OpenTicket, ReadNumber
from ivr.hearing import HungUp, Pressed, Silence
from ivr.turns import HangUp
from tests.ivr.legs import BRANCH, CLOSED, OWN_NUMBER, Leg, arrived


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
    assert leg.hears(*[Silence()] * 3).says == ["请您改天再拨，再见。"]


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
def test_who_chooses_nothing_is_told_when_to_phone_again(three: list[Silence | Pressed]) -> None:
    """Not a dropped call: every call that stays ends with a sentence."""
    leg = Leg(arrived(hours=CLOSED)).hears(*three)
    assert leg.says == ["请您11月25日星期三上午九点以后再拨，再见。"]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "closed")


def test_a_hang_up_while_closed_is_told_apart() -> None:
    """numbers.md: `closed` also when the caller hangs up there."""
    leg = Leg(arrived(hours=CLOSED)).hears(HungUp())
    assert (leg.memory["ending"], leg.memory["left_at"], "hours" in leg.memory) == ("hung_up", "closed", True)


def test_one_language_offers_no_other() -> None:
    leg = Leg(arrived(BRANCH, hours=CLOSED))
    assert "language.offer" not in leg.prompts
    assert leg.hears(Pressed("8")).prompts[0] == "key.wrong"

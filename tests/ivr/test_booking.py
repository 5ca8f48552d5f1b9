"""A callback is booked: number, confirmation, promise."""

from dataclasses import replace
from typing import Any

import pytest

from ivr.asks import (
    BookCallback,
    CallbackBooked,
    NumberRead,
    NumberRefused,
    OpenTicket,
    ReadNumber,
    Times,
)
from ivr.hearing import Pressed, Silence
from ivr.turns import Gather, HangUp
from tests.ivr.legs import OWN_NUMBER, SATURDAY_NOON, Leg, arrived

OTHER = NumberRead("+8651088886666", "0510 8888 6666")
KEYED = CallbackBooked("0510 8888 6666", SATURDAY_NOON.replace(hour=17, minute=30), SATURDAY_NOON)


def booking(number: str | None = OWN_NUMBER, **answers: Any) -> Leg:
    """A caller who has pressed 5 for a callback."""
    kinds = {"read": ReadNumber, "booked": BookCallback}
    return Leg(arrived(number=number), {kinds[name]: answer for name, answer in answers.items()}).hears(
        Pressed("5")
    )


def test_the_own_number_is_read_back_and_confirmed_with_one_key() -> None:
    """words.md: confirm what will be kept, once, with one key to correct; HL-8: a definite time."""
    leg = booking()
    assert leg.asked == [OpenTicket("general"), ReadNumber(OWN_NUMBER)]
    assert leg.says == [
        "我们会打您现在的号码 1 3 8，0 0 1 3，8 0 0 0 回电。",
        "号码正确请按 1，换一个号码请按 2。",
    ]
    leg.hears(Pressed("1"))
    assert leg.asked[-1] == BookCallback("+8613800138000")
    assert leg.says == [
        "我们的客服最晚在今天下午三点前打 1 3 8，0 0 1 3，8 0 0 0 给您。",
        "您的服务单号是 2 6，1 1，2 1，0 0 1。",
        "感谢您的来电，再见。",
    ]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "callback")


def test_the_promise_in_english() -> None:
    leg = Leg(arrived()).hears(Pressed("8"), Pressed("5"), Pressed("1"))
    assert leg.says == [
        "Our customer service will call you at 1 3 8, 0 0 1 3, 8 0 0 0, no later than today at 3 pm.",
        "Your ticket number is 2 6, 1 1, 2 1, 0 0 1.",
        "Thank you for calling. Goodbye.",
    ]


def test_another_number_is_keyed_and_read_back() -> None:
    leg = booking(read=[NumberRead(OWN_NUMBER, "138 0013 8000"), OTHER], booked=KEYED).hears(Pressed("2"))
    assert leg.says == ["请输入回电号码，固定电话请加区号，按井号键结束。"]
    assert isinstance(leg.turn.does[0], Gather)
    assert leg.turn.does[0].digits is None
    leg.hears(Pressed("051088886666"))
    assert leg.asked[-1] == ReadNumber("051088886666")
    assert leg.says[0] == "您输入的是 0 5 1 0，8 8 8 8，6 6 6 6。"
    leg.hears(Pressed("1"))
    assert leg.asked[-1] == BookCallback("+8651088886666")
    assert leg.says[0] == "我们的客服最晚在今天下午五点半前打 0 5 1 0，8 8 8 8，6 6 6 6 给您。"


def test_a_withheld_number_is_keyed_at_once() -> None:
    leg = booking(number=None)
    assert (leg.asked, leg.prompts) == ([OpenTicket("general")], ["number.ask"])


def test_an_own_number_that_we_may_not_call_is_passed_over_in_silence() -> None:
    assert booking(read=NumberRefused("not_allowed")).prompts == ["number.ask"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unreadable", "这个号码不完整，或者有误。"),
        ("not_allowed", "这个号码我们的线路不能拨打。"),
        ("something-new", "这个号码不完整，或者有误。"),
    ],
)
def test_a_refused_number_is_told_why_and_keyed_again(reason: str, said: str) -> None:
    leg = booking(number=None, read=NumberRefused(reason)).hears(Pressed("12"))
    assert leg.says == [said, "请输入号码，再按井号键。"]


@pytest.mark.parametrize(
    "three", [[Pressed("12")] * 3, [Silence()] * 3, [Silence(), Pressed("1"), Pressed("*")]]
)
def test_three_numbers_in_vain_lead_to_a_message(three: list[Pressed | Silence]) -> None:
    leg = booking(number=None, read=NumberRefused("unreadable")).hears(*three)
    assert leg.name == "message"


def test_correcting_for_ever_leads_to_a_message() -> None:
    leg = booking(number=None, read=OTHER)
    for _ in range(3):
        leg.hears(Pressed("051088886666"), Pressed("2"))
    assert leg.name == "message"


def test_a_number_that_was_read_back_and_not_contradicted_is_booked() -> None:
    """A promise is better than nothing."""
    leg = booking().hears(Silence())
    assert leg.says == ["对的按 1，要改按 2。"]
    leg.hears(Silence(), Silence())
    assert leg.prompts == [
        "callback.unconfirmed",
        "promise.colleague",
        "ticket.opened",
        "goodbye.thanks",
    ]


def test_confirming_star_repeats_and_a_wrong_key_is_told() -> None:
    assert booking().hears(Pressed("*")).prompts == ["number.own", "number.confirm"]
    assert booking().hears(Pressed("9")).prompts == ["key.wrong", "number.confirm"]


def test_a_number_refused_at_the_last_moment_is_keyed_again() -> None:
    """The allow-list is checked once more when the callback is booked."""
    leg = booking(booked=NumberRefused("not_allowed")).hears(Pressed("1"))
    assert leg.prompts == ["number.not_allowed", "number.ask"]


def test_a_number_refused_when_nobody_answers_leads_to_a_message() -> None:
    assert booking(booked=NumberRefused("not_allowed")).hears(*[Silence()] * 3).name == "message"


def test_a_technical_caller_is_promised_an_engineer() -> None:
    """words.md: who calls."""
    from ivr.asks import FindAgent, NobodyThere

    leg = Leg(arrived(), {FindAgent: NobodyThere()}).hears(Pressed("1"), Pressed("1"), Pressed("1"))
    assert leg.says[0].startswith("我们的工程师最晚在今天下午三点前")
    assert leg.asked.count(OpenTicket("technical")) == 1
    assert OpenTicket("general") not in leg.asked


TIMES = Times(
    SATURDAY_NOON,
    SATURDAY_NOON.replace(hour=13, minute=10),
    (SATURDAY_NOON.replace(hour=15, minute=0), SATURDAY_NOON.replace(day=22, hour=9, minute=30)),
)
AT_THREE = CallbackBooked("138 0013 8000", TIMES.others[0], SATURDAY_NOON, chosen=True)


def choosing(**changes: Any) -> Leg:
    """A caller who has confirmed the number and hears when we may call."""
    times = replace(TIMES, **changes)
    return booking(read=NumberRead("+8613800138000", "138 0013 8000", times)).hears(Pressed("1"))


# FU-5: "A question that cannot be answered at once gets an appointed reply time".
def test_a_time_is_chosen_by_one_key_and_promised() -> None:
    leg = choosing()
    assert leg.says == [
        "尽快回电，最晚今天下午一点十分前，请按 1。",
        "今天下午三点，请按 2。",
        "明天上午九点半，请按 3。",
    ]
    leg.answers[BookCallback] = AT_THREE
    leg.hears(Pressed("2"))
    assert leg.asked[-1] == BookCallback("+8613800138000", TIMES.others[0])
    assert leg.says[0] == "我们的客服会在今天下午三点打 1 3 8，0 0 1 3，8 0 0 0 给您。"
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "callback")


def test_the_times_in_english() -> None:
    leg = Leg(arrived(), {ReadNumber: NumberRead("+8613800138000", "138 0013 8000", TIMES)})
    leg.hears(Pressed("8"), Pressed("5"), Pressed("1"))
    assert leg.says == [
        "As soon as possible, no later than today at 1:10 pm, press 1.",
        "For today at 3 pm, press 2.",
        "For tomorrow at half past nine in the morning, press 3.",
    ]
    leg.answers[BookCallback] = AT_THREE
    assert leg.hears(Pressed("2")).says[0] == (
        "Our customer service will call you at 1 3 8, 0 0 1 3, 8 0 0 0, today at 3 pm."
    )


@pytest.mark.parametrize("heard", [Silence(), Pressed("7"), Pressed("0000")])
def test_silence_and_a_wrong_key_lead_to_the_soonest(heard: Silence | Pressed) -> None:
    """A promise is better than nothing."""
    leg = choosing().hears(heard)
    assert leg.asked[-1] == BookCallback("+8613800138000")
    assert leg.prompts[:2] == ["time.unchosen", "promise.colleague"]


def test_a_key_without_a_time_leads_to_the_soonest() -> None:
    leg = choosing(others=TIMES.others[:1]).hears(Pressed("3"))
    assert leg.asked[-1] == BookCallback("+8613800138000")


def test_star_repeats_the_times_and_not_for_ever() -> None:
    leg = choosing().hears(Pressed("*"))
    assert leg.prompts == ["time.soonest", "time.at", "time.at"]
    for _ in range(8):
        leg.hears(Pressed("*"))
    assert leg.name == "ended"


def test_an_agent_is_one_key_away_while_a_time_is_chosen() -> None:
    """Two keys at most to a person."""
    from ivr.asks import FindAgent

    assert choosing().hears(Pressed("0")).asked[-1] == FindAgent("agent")


def test_a_caller_from_abroad_hears_whose_clock_it_is() -> None:
    leg = choosing(abroad=True)
    assert leg.prompts[-1] == "time.local"
    leg.answers[BookCallback] = replace(AT_THREE, abroad=True)
    assert leg.hears(Pressed("2")).prompts[:2] == ["promise.colleague_at", "time.local"]


def test_a_line_without_later_times_asks_for_none() -> None:
    assert choosing(others=()).prompts[0] == "promise.colleague"

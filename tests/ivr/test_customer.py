"""The customer whom we call back."""

import pytest

from ivr.asks import AgentLost, ReachCustomer
from ivr.hearing import HungUp, Pressed, Silence, Summoned, TalkEnded
from ivr.turns import Connect, HangUp
from tests.ivr.legs import BRANCH, SATURDAY_NOON, Leg, picked_up


def test_the_customer_hears_who_calls_and_why() -> None:
    """HL-3: every call begins with the standard opening; the notice where the line records."""
    leg = Leg(picked_up("callback"))
    assert leg.says == ["您好，星河软件客服部。", "本次通话会录音。", "您约了我们的回电，接通请按 1。"]
    leg.hears(Pressed("1"))
    assert (leg.asked, leg.turn.does) == ([ReachCustomer()], (Connect("room-1", music=True),))
    leg.hears(TalkEnded("completed"))
    assert (leg.says, leg.does, leg.memory["ending"]) == (["感谢您的来电，再见。"], [HangUp()], "talk")


def test_the_customer_of_a_branch_in_english() -> None:
    assert Leg(picked_up("callback", line=BRANCH, language="en-US")).says == [
        "Hello, Xinghe Software, Wuxi.",
        "You asked us to call you back. To be connected, press 1.",
    ]


@pytest.mark.parametrize("nothing", [Silence(), Pressed("7"), Pressed("*")])
def test_a_voicemail_hears_who_called_and_that_we_call_again(nothing: Silence | Pressed) -> None:
    """A voicemail presses nothing: it is not a customer reached."""
    leg = Leg(picked_up("callback")).hears(nothing)
    assert leg.says == ["接通客服，请按 1。"]
    leg.hears(Silence())
    assert leg.says == ["您好，星河软件客服部。", "这是您约的回电，没有等到您按键。我们会再打给您，再见。"]
    assert (leg.does, leg.asked, leg.memory["ending"]) == ([HangUp()], [], "no_key")


def test_the_agent_was_lost() -> None:
    leg = Leg(picked_up("callback"), {ReachCustomer: AgentLost()}).hears(Pressed("1"))
    assert leg.says == ["客服的电话断了，非常抱歉。我们会再打给您，再见。"]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "agent_lost")


def test_the_agent_is_lost_later_or_the_room_fails() -> None:
    for heard in (Summoned(1, ""), TalkEnded("failed")):
        leg = Leg(picked_up("callback")).hears(Pressed("1"), heard)
        assert leg.memory["ending"] == "agent_lost"


def test_the_customer_is_summoned_into_another_room() -> None:
    leg = Leg(picked_up("callback")).hears(Pressed("1"), Summoned(2, "room-2"))
    assert leg.turn.does == (Connect("room-2", music=True),)


def test_the_customer_hangs_up() -> None:
    leg = Leg(picked_up("callback")).hears(HungUp())
    assert (leg.turn.does, leg.memory["left_at"]) == ((), "asking")
    assert leg.hears(Silence()).turn.does == (HangUp(),)


NEXT = {"next_try": SATURDAY_NOON.replace(hour=15, minute=0), "told_at": SATURDAY_NOON}


def test_a_machine_is_told_who_called_and_when_we_try_next() -> None:
    leg = Leg(picked_up("callback", machine=True, message=True, **NEXT))
    assert leg.says == [
        "您好，星河软件客服部。",
        "这是您约的回电。",
        "我们会在今天下午三点再打给您，再见。",
    ]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "machine")


def test_after_the_last_try_nothing_more_is_promised() -> None:
    leg = Leg(picked_up("callback", machine=True, message=True, language="en-US"))
    assert leg.says[-1] == "We could not reach you. You are welcome to call us. Goodbye."


def test_a_machine_is_left_alone_where_the_line_leaves_no_message() -> None:
    assert Leg(picked_up("callback", machine=True)).turn.does == (HangUp(),)


def test_who_presses_no_key_hears_the_message_too() -> None:
    """Without detection a machine is who presses no key."""
    leg = Leg(picked_up("callback", message=True, **NEXT)).hears(Silence(), Silence())
    assert leg.prompts[-1] == "customer.next_try"

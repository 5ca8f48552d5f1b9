"""The agent's leg: whisper, acceptance by key, room."""

import pytest

from ivr.asks import AcceptOffer, DeclineOffer, OfferGone, OfferWon
from ivr.hearing import HungUp, Pressed, Silence, Spoke, Summoned, TalkEnded
from ivr.turns import Connect, Gather, HangUp
from tests.ivr.legs import BRANCH, Leg, picked_up


def test_the_whisper_tells_line_matter_customer_and_wait() -> None:
    """words.md: 热线，技术问题，张女士，等了两分钟。接听请按 1; interruptible."""
    leg = Leg(picked_up(name="张女士", waited_seconds=130))
    assert leg.says == ["热线。", "技术问题。", "张女士。", "等了大约两分钟。", "接听请按 1，拒接请按 2。"]
    assert isinstance(leg.turn.does[0], Gather)
    assert leg.turn.does[0].timeout == 5


def test_the_whisper_of_a_branch_in_english() -> None:
    """What is not known is not said."""
    assert Leg(picked_up(line=BRANCH, language="en-US", matter="callback")).says == [
        "Wuxi hotline.",
        "Callback.",
        "To accept, press 1. To decline, press 2.",
    ]


@pytest.mark.parametrize(
    "matter", ["technical", "presales", "complaint", "general", "callback", "agent", "new"]
)
def test_the_whisper_is_short(matter: str) -> None:
    """words.md: under 6 s; a Mandarin voice says about 4.5 characters a second."""
    said = "".join(Leg(picked_up(matter=matter, name="张女士", waited_seconds=61)).says)
    assert sum(one.isalnum() for one in said) / 4.5 < 6.5


def test_accepted_by_key() -> None:
    leg = Leg(picked_up()).hears(Pressed("1"))
    assert leg.asked == [AcceptOffer()]
    assert leg.turn.does == (Connect("room-1"),)
    leg.hears(TalkEnded("answered"))
    assert (leg.turn.does, leg.memory["ending"]) == ((HangUp(),), "talk")


def test_a_customer_is_still_to_be_called() -> None:
    leg = Leg(picked_up(matter="callback"), {AcceptOffer: OfferWon("room-1", rings_customer=True)})
    leg.hears(Pressed("1"))
    assert leg.says == ["正在拨打客户电话，请稍等。"]
    assert leg.does == [Connect("room-1", music=True)]
    assert leg.hears(Summoned(0, "")).says == ["客户没有接通。"]


def test_too_late() -> None:
    leg = Leg(picked_up(), {AcceptOffer: OfferGone()}).hears(Pressed("1"))
    assert (leg.says, leg.does) == (["这个电话已经不用接了，谢谢。"], [HangUp()])


@pytest.mark.parametrize("answer", [OfferGone(), OfferWon("room-1")])
def test_declined(answer: OfferGone | OfferWon) -> None:
    leg = Leg(picked_up(), {DeclineOffer: answer}).hears(Pressed("2"))
    assert leg.asked == [DeclineOffer()]
    assert (leg.prompts, leg.does) == (["agent.declined"], [HangUp()])


def test_a_voicemail_is_not_an_answer() -> None:
    """HL-1, telephony.md 11.3: whoever presses nothing three times has not answered."""
    leg = Leg(picked_up()).hears(Silence(), Spoke("请在提示音后留言"))
    assert leg.says == ["技术问题。", "接听按 1，拒接按 2。"]
    leg.hears(Silence())
    assert (leg.turn.does, leg.asked, leg.memory["ending"]) == ((HangUp(),), [], "unanswered")


def test_a_browser_has_already_accepted() -> None:
    leg = Leg(picked_up(keypad_accepts=False))
    assert (leg.asked, leg.turn.does) == ([AcceptOffer()], (Connect("room-1"),))


def test_the_caller_has_gone() -> None:
    """architecture.md 6: if the caller's redirect answers 21220, the agent is told and freed."""
    leg = Leg(picked_up()).hears(Pressed("1"), Summoned(1, ""))
    assert (leg.says, leg.does, leg.memory["ending"]) == (["对方已经挂机。"], [HangUp()], "alone")


def test_an_agent_is_summoned_into_another_room() -> None:
    leg = Leg(picked_up()).hears(Pressed("1"), Summoned(2, "room-2"))
    assert leg.turn.does == (Connect("room-2"),)
    assert leg.hears(Silence()).turn.does == (Connect("room-2"),)


def test_an_agent_hangs_up() -> None:
    leg = Leg(picked_up()).hears(HungUp())
    assert (leg.turn.does, leg.memory["left_at"]) == ((), "whisper")
    assert leg.hears(Summoned(1, "room")).turn.does == (HangUp(),)
    assert leg.hears(HungUp()).turn.does == ()


def test_a_language_without_a_script_falls_back() -> None:
    assert Leg(picked_up(language="de-DE")).says[0] == "热线。"

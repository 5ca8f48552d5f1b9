"""Messages: recorded, kept once, never lost."""

from ivr.asks import KeepMessage
from ivr.flow import advance, apology
from ivr.hearing import HungUp, Pressed, Recorded, Silence
from ivr.turns import HangUp, Music, Record
from tests.ivr.legs import CLOSED, Leg, arrived, picked_up


def recording() -> Leg:
    """A caller who is speaking after the tone."""
    return Leg(arrived(hours=CLOSED)).hears(Pressed("2"))


def test_a_message_becomes_a_ticket_and_its_number_is_told() -> None:
    leg = recording()
    assert leg.says == ["请在提示音后留言，说完请按井号键。最长三分钟。"]
    assert leg.does == [Record(180)]
    leg.hears(Recorded(20))
    assert leg.asked == [KeepMessage(20)]
    assert leg.says == ["您的留言已经收到，服务单号是 2 6，1 1，2 1，0 0 2。", "感谢您的来电，再见。"]
    assert (leg.does, leg.memory["ending"]) == ([HangUp()], "message")


def test_an_empty_recording_is_tried_once_more_then_goodbye() -> None:
    """Twilio, Record: an empty recording calls no action and falls through."""
    leg = recording().hears(Silence())
    assert (leg.says, leg.does) == (["没有录到声音，请在提示音后再说一次。"], [Record(180)])
    leg.hears(Silence())
    assert (leg.prompts, leg.does, leg.memory["ending"]) == (
        ["message.none", "closed.goodbye"],
        [HangUp()],
        "goodbye",
    )


def test_a_recording_that_is_reported_after_the_hang_up_is_kept() -> None:
    """Most people end a message by hanging up; the two reports arrive in any order."""
    leg = recording().hears(HungUp(), Recorded(20))
    assert leg.asked == [KeepMessage(20)]
    assert leg.memory["ending"] == "message"


def test_a_recording_that_is_reported_twice_is_kept_once() -> None:
    leg = recording().hears(Recorded(20), Recorded(20), HungUp(), Recorded(20))
    assert leg.asked == [KeepMessage(20)]


def test_a_hang_up_after_all_keeps_how_the_call_ended() -> None:
    assert recording().hears(Recorded(20), HungUp()).memory["ending"] == "message"


def test_something_broke_for_a_caller() -> None:
    """words.md: say it is our fault, offer to leave a message, never read an error."""
    turn = apology(Leg(arrived()).turn.step)
    assert [getattr(verb, "prompt", verb) for verb in turn.does] == [
        "failure.ours",
        "apology.once",
        "message.ask",
        Record(180),
    ]
    assert advance(turn.step, Recorded(5)).ask == KeepMessage(5)


def test_something_broke_for_a_caller_to_whom_we_have_apologised() -> None:
    """words.md: one apology at most in a call."""
    complaining = Leg(arrived()).hears(Pressed("3"), Silence(), Pressed("1"))
    assert apology(Leg(arrived()).turn.step).does[1].prompt == "apology.once"
    step = complaining.turn.step
    assert apology(step).does == (Music(),)


def test_something_broke_for_the_others() -> None:
    assert apology(Leg(picked_up()).turn.step).does == (HangUp(),)
    assert [verb.prompt for verb in apology(Leg(picked_up("callback")).turn.step).does[:-1]] == [
        "customer.agent_lost"
    ]
    assert apology(Leg(arrived()).hears(HungUp()).turn.step).does == (HangUp(),)
    assert isinstance(apology(None).does[-1], Record)

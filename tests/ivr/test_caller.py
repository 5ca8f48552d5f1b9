"""Callers during the hours: greeting, menu, tickets, languages; what reaches a caller in any state."""

from dataclasses import replace

import pytest

from ivr.asks import (
    FindAgent,
    FindTicket,
    KeepMessage,
    NobodyThere,
    OpenTicket,
    Queued,
    TicketFound,
    TicketUnknown,
)
from ivr.flow import advance
from ivr.hearing import (
    HungUp,
    LineFacts,
    MenuItem,
    Pressed,
    QueueLeft,
    Recorded,
    Silence,
    Spoke,
    Summoned,
    TalkEnded,
)
from ivr.turns import Connect, Enqueue, Gather, HangUp, Record, Turn
from tests.ivr.legs import BRANCH, HEAD_OFFICE, Leg, arrived

TO_AN_AGENT = [FindAgent("agent"), OpenTicket("general")]


def test_the_standard_opening_of_the_head_office() -> None:
    """HL-3; words.md: opening, recording notice, language choice in the other language, menu; one breath."""
    leg = Leg(arrived())
    assert leg.says == [
        "您好，星河软件客服部。",
        "本次通话会录音。",
        "For English, press 8.",
        "技术问题请按 1。",
        "售前咨询请按 2。",
        "投诉请按 3。",
        "查询服务单进度请按 4。",
        "需要我们回电请按 5。",
        "人工服务请按 0。",
        "重听请按 星号键。",
    ]
    assert (leg.name, len(leg.turn.does)) == ("greeting", 1)


def test_the_standard_opening_of_a_branch_in_english() -> None:
    """One language and no recording: neither is mentioned."""
    assert Leg(arrived(BRANCH)).says == [
        "Hello, Xinghe Software, Wuxi.",
        "For a technical question, press 1.",
        "To be called back, press 2.",
    ]


@pytest.mark.parametrize(
    ("key", "kind", "choice"),
    [
        ("1", "technical", "technical"),
        ("2", "presales", "presales"),
        ("3", "complaint", "complaint"),
        ("0", "general", "agent"),
    ],
)
def test_a_choice_opens_its_ticket_and_enters_the_line(key: str, kind: str, choice: str) -> None:
    """TK-1, TK-9, CP-1: told apart from the first key on."""
    leg = Leg(arrived()).hears(Pressed(key))
    assert leg.asked == [FindAgent(choice), OpenTicket(kind)]
    assert leg.says[-1] == "您的服务单号是 2 6，1 1，2 1，0 0 1。"
    assert leg.does == [Enqueue()]
    assert leg.memory["ticket"] == "261121001"


def test_a_complaint_gets_an_apology() -> None:
    """CP-14: on the call, apologise, no blame shifted."""
    assert Leg(arrived()).hears(Pressed("3")).says[0] == "给您带来不便，非常抱歉。您的投诉由专人受理。"


def test_eight_changes_the_language_without_greeting_again() -> None:
    leg = Leg(arrived()).hears(Pressed("8"))
    assert leg.says[0] == "For a technical question, press 1."
    assert leg.hears(Pressed("8")).says[0] == "技术问题请按 1。"
    assert leg.hears(Pressed("8"), Pressed("1")).says == ["Your ticket number is 2 6, 1 1, 2 1, 0 0 1."]


def test_eight_is_a_wrong_key_where_there_is_one_language() -> None:
    assert Leg(arrived(BRANCH)).hears(Pressed("8")).prompts[0] == "key.wrong"


def test_star_repeats_and_zero_is_an_agent_even_if_the_menu_does_not_say_so() -> None:
    """words.md: the same keys on every line."""
    assert Leg(arrived(BRANCH)).hears(Pressed("*")).says[0] == "For a technical question, press 1."
    assert Leg(arrived(BRANCH)).hears(Pressed("0")).asked[0] == FindAgent("agent")


def test_repeating_for_ever_leads_to_a_person() -> None:
    """Every call ends: after some repeats, each further one counts like a wrong key."""
    leg = Leg(arrived()).hears(*[Pressed("*")] * 6)
    assert leg.name == "menu"
    assert leg.hears(Pressed("*")).asked[-2:] == TO_AN_AGENT


def test_a_wrong_key_hears_the_menu_again_and_silence_a_shorter_one() -> None:
    leg = Leg(arrived()).hears(Pressed("9"))
    assert leg.says[:2] == ["这个键没有对应的服务。", "技术问题请按 1。"]
    assert leg.hears(Silence()).says[:2] == ["还没有收到您的按键。", "技术，按 1。"]


@pytest.mark.parametrize(
    "three",
    [[Silence()] * 3, [Pressed("9")] * 3, [Silence(), Pressed("99"), Spoke("喂")], [Pressed("")] * 3],
)
def test_the_third_failure_leads_to_a_person(three: list[Silence | Pressed | Spoke]) -> None:
    """words.md: after the third failure go to a person."""
    leg = Leg(arrived()).hears(*three)
    assert leg.asked == [FindAgent("agent"), OpenTicket("general")]
    assert leg.says[0] == "这就为您转人工。"


def test_the_third_failure_with_nobody_there_leads_to_a_booked_callback() -> None:
    """words.md: or book a callback when nobody is there."""
    leg = Leg(arrived(), {FindAgent: NobodyThere()}).hears(*[Silence()] * 3)
    assert leg.says == ["现在没有客服在岗。", "约一个回电请按 1。", "留言请按 2。"]
    assert leg.hears(*[Silence()] * 3).memory["ending"] == "callback"


def test_an_unknown_choice_of_the_menu_is_neither_said_nor_taken() -> None:
    line = replace(HEAD_OFFICE, menu=(MenuItem("1", "technical"), MenuItem("7", "fax")))
    leg = Leg(arrived(line))
    assert leg.prompts[-1] == "menu.technical"
    assert leg.hears(Pressed("7")).prompts[0] == "key.wrong"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("new", "已经登记，正在安排。"),
        ("open", "正在处理。"),
        ("solved", "已经解决，等您确认。"),
        ("closed", "已经办结。"),
        ("on-hold", "正在处理。"),
    ],
)
def test_the_state_of_my_ticket(state: str, said: str) -> None:
    """The newest ticket of the caller's number is told at once, then the menu again."""
    leg = Leg(arrived(), {FindTicket: TicketFound("261121001", state)}).hears(Pressed("4"))
    assert leg.asked == [FindTicket(None)]
    assert leg.says[:2] == [f"服务单 2 6，1 1，2 1，0 0 1 {said}", "技术，按 1。"]
    assert leg.memory["served"] is True


def test_the_state_of_a_ticket_by_its_number() -> None:
    found = [TicketUnknown(), TicketFound("261120007", "closed")]
    leg = Leg(arrived(), {FindTicket: found}).hears(Pressed("4"))
    assert leg.says == ["您来电的号码下没有服务单。", "请输入服务单号，按井号键结束。"]
    assert leg.does == [Gather(leg.turn.does[0].says, digits=None, timeout=5)]
    leg.hears(Pressed("261120007"))
    assert leg.asked == [FindTicket(None), FindTicket("261120007")]
    assert leg.says[0] == "服务单 2 6，1 1，2 0，0 0 7 已经办结。"


def test_a_ticket_that_nobody_knows() -> None:
    leg = Leg(arrived(number=None), {FindTicket: TicketUnknown()}).hears(Pressed("4"))
    assert leg.prompts == ["ticket.ask"]
    assert leg.hears(Pressed("123")).says[0] == "没有找到单号是 1 2，3 的服务单。"
    assert leg.name == "menu"


def test_while_keying_a_ticket_zero_is_an_agent_star_repeats_and_silence_leads_on() -> None:
    unknown = {FindTicket: TicketUnknown()}
    assert Leg(arrived(), unknown).hears(Pressed("4"), Pressed("0")).asked[-2:] == TO_AN_AGENT
    assert Leg(arrived(), unknown).hears(Pressed("4"), Pressed("*")).prompts == ["ticket.ask_again"]
    assert Leg(arrived(), unknown).hears(Pressed("4"), *[Silence()] * 3).asked[-2:] == TO_AN_AGENT


def test_over_long_keys_are_cut() -> None:
    leg = Leg(arrived(), {FindTicket: TicketUnknown()}).hears(Pressed("4"), Pressed("1" * 500))
    assert leg.asked[-1] == FindTicket("1" * 16)


def test_a_caller_who_is_summoned_goes_straight_into_the_room() -> None:
    """architecture.md 6: the accepted agent enters first, then the caller is redirected into the room."""
    leg = Leg(arrived()).hears(Pressed("1"), Silence(), QueueLeft("redirected"), Summoned(4, "room-4"))
    assert (leg.says, leg.does) == ([], [Connect("room-4", music=True)])
    assert (leg.memory["connection"], leg.memory["room"]) == (4, "room-4")
    leg.hears(TalkEnded("answered"))
    assert leg.says == ["感谢您的来电，再见。"]
    assert leg.does == [HangUp()]
    assert leg.memory["ending"] == "talk"


def test_a_talk_that_never_began_is_our_fault_and_leads_on() -> None:
    leg = Leg(arrived()).hears(Pressed("1"), Summoned(1, "room"), TalkEnded("failed"))
    assert leg.says[:2] == ["电话没有接通，是我们的问题。", "非常抱歉。"]
    assert leg.hears(Pressed("0")).does == [Enqueue()]


def test_a_caller_whose_agent_was_lost_before_they_met_goes_back_into_line() -> None:
    leg = Leg(arrived()).hears(Pressed("1"), Summoned(1, "room"), TalkEnded("not_joined"))
    assert leg.asked.count(FindAgent("technical")) == 2
    assert (leg.says, leg.does) == (["刚才没有接上，正在重新为您找客服。"], [Enqueue()])


def test_a_new_summons_moves_a_talking_caller() -> None:
    leg = Leg(arrived()).hears(Pressed("1"), Summoned(1, "room-1"), Summoned(2, "room-2"))
    assert leg.does == [Connect("room-2", music=True)]


@pytest.mark.parametrize("result", ["hangup", "redirected", "redirected-from-bridged", "bridged", "new-one"])
def test_the_carriers_bookkeeping_changes_nothing(result: str) -> None:
    """Twilio, Enqueue: the action is requested whatever the QueueResult."""
    leg = Leg(arrived()).hears(Pressed("1"), Silence())
    before = leg.turn.step
    assert leg.hears(QueueLeft(result)).turn == Turn(before)


def test_a_caller_hangs_up_and_the_story_keeps_where() -> None:
    for keys, where in (((), "greeting"), ((Pressed("*"),), "menu"), ((Pressed("1"), Silence()), "waiting")):
        leg = Leg(arrived()).hears(*keys, HungUp())
        assert (leg.memory["ending"], leg.memory["left_at"]) == ("hung_up", where)
        assert leg.turn.does == ()
        assert leg.hears(Silence()).does == [HangUp()]
        assert leg.hears(Summoned(1, "room")).does == [HangUp()]


def test_a_call_to_no_line_of_ours_can_leave_a_message() -> None:
    """Both languages, since nothing is known of the caller's."""
    leg = Leg(arrived(None, hours=None))
    assert leg.says == [
        "您拨的号码还没有开通服务。",
        "The number you have dialled is not in service yet.",
        "请在提示音后留言，说完请按井号键。最长三分钟。",
        "Please speak after the tone, up to three minutes, then press the pound key.",
    ]
    assert leg.does == [Record(180)]
    assert leg.hears(Recorded(9)).asked == [KeepMessage(9)]


def test_a_leg_whose_memory_was_lost_hears_whose_fault_it_is() -> None:
    """words.md: say it is our fault, offer to leave a message, never read an error."""
    turn = advance(None, Silence())
    assert [one.prompt for one in turn.does[:-1]][::2] == ["failure.ours", "apology.once", "message.ask"]
    assert turn.does[-1] == Record(180)


def test_a_line_without_a_script_for_its_language_still_speaks() -> None:
    odd = LineFacts("odd", True, {"de-DE": "Stern"}, {}, {}, ("de-DE",), (), False)
    assert Leg(arrived(odd)).says == ["您好，Stern客服部。"]


def test_everything_works_without_a_menu() -> None:
    line = replace(HEAD_OFFICE, menu=())
    assert Leg(arrived(line)).hears(*[Silence()] * 3).asked[-2:] == TO_AN_AGENT


def test_the_number_of_the_ticket_is_told_once() -> None:
    answers = {FindAgent: [Queued(1, None, None, False)]}
    leg = Leg(arrived(), answers).hears(Pressed("1"), Summoned(1, "room"), TalkEnded("failed"), Pressed("0"))
    assert (leg.does, leg.prompts) == ([Enqueue()], [])

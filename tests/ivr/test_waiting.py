"""Waiting: announcements, the ways out, and what is offered when waiting is in vain."""

from itertools import pairwise

import pytest

from ivr.asks import FindAgent, HowLong, LeaveQueue, Left, NobodyThere, Queued, ReadNumber
from ivr.hearing import Pressed, QueueLeft, Silence, Spoke, Summoned
from ivr.turns import Connect, Enqueue, Gather, Leave, Music
from tests.ivr.legs import Leg, arrived

ENGLISH = (Pressed("8"), Pressed("1"))


def waiting(*places: Queued | NobodyThere) -> Leg:
    """A caller in line, told these places one after the other."""
    return Leg(arrived(), {HowLong: list(places) or [Queued(1, None, None, False)]}).hears(Pressed("1"))


def test_the_first_waiting_document_tells_place_wait_and_plays_music() -> None:
    """HL-6: the reason is told, the wait is announced. words.md: a range, rounded up."""
    leg = waiting(Queued(3, 3, 5, False)).hears(Silence())
    assert leg.says == ["客服都在通话中，您排在第三位，等候时间大约三到五分钟。"]
    assert isinstance(leg.does[0], Gather)
    assert leg.does[0].says[-1] == Music()
    assert (leg.does[0].digits, leg.does[0].timeout) == (1, 1)


def test_the_next_in_line_is_not_told_that_all_are_busy() -> None:
    """At position 1 an agent may be ringing already."""
    assert waiting(Queued(1, None, None, False)).hears(Silence()).says == ["您是下一位，请稍等。"]
    assert waiting(Queued(1, 0, 1, False)).hears(Silence()).says == ["您是下一位，等候时间不到一分钟。"]


def test_a_line_that_moves_and_one_that_stands() -> None:
    """words.md: nothing said twice in the same words."""
    stands, moved = Queued(3, 3, 5, False), Queued(1, 1, 2, False)
    leg = waiting(stands, stands, stands, stands, moved)
    heard = [leg.hears(Silence()).prompts[0] for _ in range(6)]
    assert heard == [
        "waiting.first_wait",
        "waiting.still_wait",
        "waiting.patience_wait",
        "waiting.still_wait",
        "waiting.next_wait",
        "waiting.still_wait",
    ]


def test_the_same_words_never_follow_each_other() -> None:
    leg = waiting(Queued(2, None, None, True))
    heard = [tuple(leg.hears(Silence()).says) for _ in range(12)]
    assert all(one != following for one, following in pairwise(heard))


def test_a_wait_never_gets_shorter_unless_the_line_moves() -> None:
    """words.md: never shorter than the last one unless the queue really moved."""
    leg = waiting(Queued(3, 3, 5, False), Queued(3, 2, 4, False), Queued(2, 2, 4, False))
    waits = [leg.hears(Silence()).turn.does[0].says[0].values["wait"] for _ in range(3)]
    assert [(wait.low, wait.high) for wait in waits] == [(3, 5), (3, 5), (2, 4)]


def test_a_wait_that_is_not_known_any_more_is_not_made_up() -> None:
    leg = waiting(Queued(3, 3, 5, False), Queued(3, None, None, False), Queued(3, 2, 2, False))
    assert [leg.hears(Silence()).prompts[0] for _ in range(3)] == [
        "waiting.first_wait",
        "waiting.still",
        "waiting.patience_wait",
    ]


def test_the_callback_offer_comes_when_the_line_says_so_then_now_and_again() -> None:
    """words.md: with the first announcement over the line's limit."""
    leg = waiting(Queued(3, None, None, False), Queued(3, None, None, True))
    offers = [leg.hears(Silence()).prompts[1:] for _ in range(8)]
    assert offers == [
        [],
        ["waiting.callback"],
        [],
        [],
        ["waiting.callback_again"],
        [],
        [],
        ["waiting.callback_again"],
    ]


def test_the_wait_in_english() -> None:
    leg = Leg(arrived(), {HowLong: Queued(2, 3, 5, True)}).hears(*ENGLISH, Silence())
    assert leg.says == [
        "All agents are on calls. You are number 2 in line. The wait is about three to five minutes.",
        "To be called back instead of waiting, press 1.",
    ]
    assert leg.hears(Silence()).says == ["You are still number 2. Please allow about three to five minutes."]


def test_key_one_leads_to_a_callback_at_any_time() -> None:
    """words.md: the callback stays available on key 1 at any time of the wait."""
    leg = waiting().hears(Silence(), Pressed("1"))
    assert leg.turn.does == (Leave(),)
    assert LeaveQueue() not in leg.asked
    leg.hears(QueueLeft("leave"))
    assert leg.asked[-2:] == [LeaveQueue(), ReadNumber("+8613800138000")]
    assert leg.name == "confirm_number"


def test_an_agent_who_accepted_in_that_moment_wins() -> None:
    """architecture.md 6: acceptance and the callback key compete; the loser gives way."""
    leg = Leg(arrived(), {LeaveQueue: Left(won=True)}).hears(
        Pressed("1"), Silence(), Pressed("1"), QueueLeft("leave")
    )
    assert (leg.name, leg.says, leg.music) == ("connecting", ["客服已经应答，正在为您接通。"], True)
    assert leg.hears(Silence()).turn.does == (Music(),)
    assert leg.hears(Summoned(1, "room")).does == [Connect("room", music=True)]


def test_an_agent_who_accepted_and_never_comes_is_looked_for_again() -> None:
    leg = Leg(arrived(), {LeaveQueue: Left(won=True)}).hears(
        Pressed("1"), Silence(), Pressed("1"), QueueLeft("leave"), Silence(), Silence()
    )
    assert leg.asked.count(FindAgent("technical")) == 1
    assert leg.hears(Silence()).asked.count(FindAgent("technical")) == 2
    assert leg.name == "waiting"


@pytest.mark.parametrize("key", ["0", "7", "12"])
def test_another_key_only_goes_on_with_music(key: str) -> None:
    leg = waiting().hears(Silence(), Pressed(key))
    assert (leg.says, leg.music, leg.name) == ([], True, "waiting")


def test_star_tells_the_place_again() -> None:
    assert waiting(Queued(2, None, None, False)).hears(Silence(), Pressed("*")).says
    assert waiting(Queued(2, None, None, False)).hears(Silence(), Spoke("喂")).says


def test_the_last_agent_goes_home_while_somebody_waits() -> None:
    """No waiting in vain: said, out of the queue, and something else is offered."""
    leg = waiting(Queued(1, None, None, False), NobodyThere()).hears(Silence(), Silence())
    assert leg.says == ["在岗的客服都下班了，再等也接不到人。"]
    assert leg.does == [Leave()]
    assert leg.hears(QueueLeft("leave")).says == ["约一个回电请按 1。", "留言请按 2。"]
    assert leg.asked[-1] == LeaveQueue()


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error"])
def test_a_queue_that_fails_is_our_fault_and_leads_on(result: str) -> None:
    leg = waiting().hears(QueueLeft(result))
    assert leg.asked[-1] == LeaveQueue()
    assert leg.says == [
        "排队出了故障，是我们的问题。",
        "非常抱歉。",
        "约一个回电请按 1。",
        "留言请按 2。",
        "重新找客服请按 0。",
    ]


def test_a_summons_without_a_room_leads_back_into_the_line() -> None:
    """The agent was lost between the redirect and its document; the caller is out of the carrier's queue."""
    leg = waiting().hears(Silence(), Summoned(1, ""))
    assert leg.asked[-1] == FindAgent("technical")
    assert (leg.says, leg.does) == (["刚才没有接上，正在重新为您找客服。"], [Enqueue()])


def test_a_summons_without_a_room_when_nobody_is_left() -> None:
    leg = Leg(arrived(), {FindAgent: [Queued(1, None, None, False), NobodyThere()]})
    leg.hears(Pressed("1"), Silence(), Summoned(1, ""))
    assert leg.prompts == ["nobody.on_duty", "offer.callback", "offer.message"]


def test_the_offer_can_be_heard_again_and_tried_again() -> None:
    leg = Leg(arrived(), {FindAgent: [NobodyThere(), NobodyThere(), Queued(1, None, None, False)]})
    leg.hears(Pressed("1"), Pressed("*"))
    assert leg.prompts == ["offer.callback", "offer.message"]
    assert leg.hears(Pressed("7")).prompts[0] == "key.wrong"
    assert leg.hears(Silence()).prompts[0] == "key.silence"
    assert leg.hears(Pressed("0")).prompts[0] == "nobody.on_duty"
    assert leg.hears(Pressed("0")).name == "waiting"


def test_a_caller_who_chooses_nothing_gets_a_promise_where_we_know_the_number() -> None:
    leg = Leg(arrived(), {FindAgent: NobodyThere()}).hears(Pressed("1"), *[Pressed("9")] * 3)
    assert leg.prompts[:2] == ["callback.unconfirmed", "promise.engineer"]


def test_a_caller_without_a_number_who_chooses_nothing_can_leave_a_message() -> None:
    leg = Leg(arrived(number=None), {FindAgent: NobodyThere()}).hears(Pressed("1"), *[Silence()] * 3)
    assert leg.name == "message"

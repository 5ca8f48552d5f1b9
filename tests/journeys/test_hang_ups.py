"""Callers who say nothing, and callers who hang up: greeting, queue, ringing, talk."""

import pytest

from callcenter.calls.models import Call, Recording
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.simulator import answers
from callcenter.standards.models import RingMeasure
from callcenter.tickets.models import Ticket
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE


# telephony.md, section 11.1: "Inbound caller gives up at once: the final callback says `no-answer`".
def test_hang_up_in_the_greeting(hotline: Hotline) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("您好")
    caller.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["abandoned_in_greeting"]
    hotline.assert_clean()


def test_hang_up_in_the_menu(hotline: Hotline) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("您好")
    caller.press("9")
    caller.hears("这个键没有对应的服务")
    caller.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["abandoned_in_menu"]


@pytest.mark.parametrize(("seconds", "outcome"), [(2, "abandoned_short"), (20, "abandoned_in_queue")])
def test_hang_up_in_the_queue(hotline: Hotline, seconds: int, outcome: str) -> None:
    busy = hotline.agent("zhang-wei")
    busy.answers(rings=1, presses="1")
    other = hotline.phone("+8613800138001").dials(HOTLINE, presses=("1",))
    other.talks_with(busy)
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("1")
    assert hotline.net.run_until(lambda: len(hotline.rows(Wait)) == 2, 10)
    caller.waits(seconds)
    caller.hangs_up()
    other.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["answered", outcome]
    assert [wait.state for wait in hotline.rows(Wait)] == ["joined", "left"]
    hotline.assert_clean()


# Issue: "a caller who hangs up stops the ringing".
def test_hang_up_while_an_agent_is_rung(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.rings_out()
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: wei.is_ringing, 30)
    caller.waits(6)
    caller.hangs_up()
    hotline.settle(3)
    (ring,) = hotline.net.ledger.rings_of(wei.address)
    assert ring.seconds is not None and ring.seconds < 9, "the ringing stops within a moment"
    (offer,) = hotline.rows(Offer)
    assert (offer.state, offer.reason) == ("withdrawn", "hung_up")
    hotline.settle(3)
    (measure,) = hotline.rows(RingMeasure)
    assert (measure.verdict, measure.judged) == ("withdrawn_early", False)
    assert [state.state for state in hotline.rows(AgentState, AgentState.agent_id == offer.agent_id)] == [
        "available"
    ]
    hotline.assert_clean()


def test_hang_up_in_the_talk(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei)
    caller.waits(5)
    caller.hangs_up()
    hotline.settle()
    (offer,) = hotline.rows(Offer)
    assert (offer.state, offer.reason) == ("ended", "talk_ended")
    assert [s.state for s in hotline.rows(AgentState, AgentState.agent_id == offer.agent_id)] == ["wrap_up"]
    hotline.assert_clean()


# Architecture 6: "if that answers 21220 (caller gone), the agent is told and freed".
def test_hang_up_between_acceptance_and_meeting(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.will(answers(rings=1, presses="1"))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: any(o.state == "accepted" for o in hotline.rows(Offer)), 60)
    caller.hangs_up()
    hotline.settle(20)
    assert wei.handset is not None and wei.handset.heard("对方已经挂机")
    assert wei.handset.ended
    (call,) = hotline.rows(Call)
    assert call.outcome.startswith("abandoned")
    hotline.assert_clean()


# "Wrong keys and silence lead on, never to a dropped call."
def test_silence_leads_to_a_person(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE)
    caller.talks_with(wei, within=120)
    caller.hangs_up()
    hotline.settle()
    assert [ticket.kind for ticket in hotline.rows(Ticket)] == ["general"]
    assert caller.silences() == []
    hotline.assert_clean()


def test_silence_when_nobody_is_there_leads_to_a_promise(hotline: Hotline) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("没有客服在岗", within=120)
    caller.hears("最晚在", within=120)
    caller.ends()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["callback"]
    hotline.assert_clean()


def test_a_message_is_left(hotline: Hotline) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("1")
    caller.hears("没有客服在岗")
    caller.hears("留言请按 2")
    caller.press("2")
    caller.hears("提示音后留言")
    caller.waits(6)
    caller.speaks("我的读卡器灯不亮，请回电。")
    caller.waits(5)
    caller.press("#")
    caller.hears("您的留言已经收到", within=40)
    caller.ends()
    hotline.settle(30)
    assert [call.outcome for call in hotline.rows(Call)] == ["voicemail"]
    assert [recording.kind for recording in hotline.rows(Recording)] == ["message"]
    hotline.assert_clean()


# telephony.md, section 11.9: the recording's callback arrives after `completed`, perhaps minutes later.
def test_a_caller_who_hangs_up_while_leaving_a_message_has_left_it(hotline: Hotline) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("1")
    caller.hears("留言请按 2", within=20)
    caller.press("2")
    caller.hears("提示音后留言")
    caller.waits(7)
    caller.speaks("读卡器灯不亮。")
    caller.waits(2)
    caller.hangs_up()
    hotline.settle(60)
    (call,) = hotline.rows(Call)
    assert (call.outcome, call.message_left) == ("voicemail", True)
    assert [recording.call_id for recording in hotline.rows(Recording)] == [call.id]
    assert len(hotline.rows(Ticket, Ticket.call_id == call.id)) == 1
    hotline.assert_clean()


def test_my_tickets_state_is_told(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").rings_out()
    first = hotline.phone().dials(HOTLINE, presses=("1",))
    first.hears("服务单号")
    first.hangs_up()
    hotline.settle()
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("查询服务单进度请按 4")
    caller.press("4")
    caller.hears("已经登记")
    caller.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)][1] == "self_served"


def test_a_number_that_is_no_line_takes_a_message(hotline: Hotline) -> None:
    unknown = "+862155559999"
    hotline.open_at(unknown)
    caller = hotline.phone().dials(unknown)
    caller.hears("还没有开通服务")
    caller.hangs_up()
    hotline.settle()
    (call,) = hotline.rows(Call)
    assert (call.line_id, call.to_number) == (None, unknown)
    hotline.assert_clean()

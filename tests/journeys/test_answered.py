"""Calls that an agent answers: at once, after a colleague missed it, by the right person, in English."""

from typing import Literal

import pytest

from callcenter.calls.models import Call
from callcenter.routing.models import AgentState, Offer
from callcenter.simulator import answers, declines, rings_out, voicemail
from callcenter.standards.models import RingMeasure
from callcenter.tickets.models import Ticket
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE, agent_id


# HL-1: "An agent picks up within three rings"; HL-3: the standard opening; words.md: two keys at most.
def test_answered_on_the_second_ring(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=2, presses="1")

    caller = hotline.phone().dials(HOTLINE)
    caller.hears("您好，星河软件客服部。")
    caller.hears("本次通话会录音。")
    caller.hears("技术问题请按 1")
    caller.press("1")
    caller.hears("服务单号")
    caller.talks_with(wei)
    caller.waits(40)
    caller.hangs_up()
    hotline.settle()

    (call,) = hotline.rows(Call)
    assert (call.outcome, call.agent_id) == ("answered", agent_id(hotline.work, "zhang-wei"))
    (ring,) = hotline.rows(RingMeasure)
    (judge,) = hotline.net.ledger.rings_of(wei.address)
    assert (ring.source, ring.verdict, ring.within) == ("measured", "accepted", True)
    assert ring.rings == judge.rings == 2
    (ticket,) = hotline.rows(Ticket)
    assert (ticket.number, ticket.kind) == ("261123001", "technical")
    assert caller.silences() == []
    hotline.assert_clean()


def test_wrap_up_ends_and_the_next_caller_is_served(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    for number in ("+8613800138000", "+8613800138001"):
        caller = hotline.phone(number).dials(HOTLINE, presses=("1",))
        caller.talks_with(wei, within=60)
        caller.hangs_up()
        hotline.settle(20)
    hotline.settle(40)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered", "answered"]
    hotline.assert_clean()


def test_missed_by_one_agent_and_answered_by_the_next(hotline: Hotline) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.rings_out()
    na.answers(rings=3, presses="1")

    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=90)
    caller.hangs_up()
    hotline.settle()

    missed, answered = hotline.rows(Offer)
    assert (missed.state, missed.reason) == ("missed", "rung_out")
    assert answered.state == "ended"
    assert [ring.rings for ring in hotline.net.ledger.rings_of(wei.address)] == [5], (
        "five rings, then the next"
    )
    first, second = hotline.rows(RingMeasure)
    assert (first.verdict, first.within, second.verdict, second.within) == (
        "rung_out",
        False,
        "accepted",
        True,
    )
    hotline.settle(30)
    assert [row.state for row in hotline.rows(AgentState, AgentState.agent_id == missed.agent_id)] == [
        "available"
    ], "an agent who missed comes back by himself"
    assert caller.silences() == []
    hotline.assert_clean()


# numbers.md: "An agent leg answered by a voicemail is not an answer".
def test_an_agents_voicemail_is_not_an_answer(hotline: Hotline) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.will(voicemail(after=10, tape=60))
    na.answers(rings=1, presses="1")

    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=120)
    caller.hangs_up()
    hotline.settle()

    first, second = hotline.rows(Offer)
    assert first.state == "missed"
    assert second.state == "ended"
    measured = hotline.rows(RingMeasure)
    assert [row.verdict for row in measured] == ["not_accepted", "accepted"]
    assert measured[0].judged and not measured[0].within
    hotline.assert_clean()


# CP-1: "An agent does not settle a complaint alone: it goes to the complaint owner".
def test_a_complaint_is_routed_apart(hotline: Hotline) -> None:
    wei, fang = hotline.agent("zhang-wei"), hotline.agent("wang-fang")
    wei.answers(rings=1, presses="1")
    fang.answers(rings=1, presses="1")

    caller = hotline.phone().dials(HOTLINE)
    caller.hears("投诉请按 3")
    caller.press("3")
    caller.hears("抱歉")
    caller.talks_with(fang)
    caller.hangs_up()
    hotline.settle()

    assert hotline.net.ledger.rings_of(wei.address) == []
    assert [ticket.kind for ticket in hotline.rows(Ticket)] == ["complaint"]
    hotline.assert_clean()


def test_an_english_caller(hotline: Hotline) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.answers(rings=1, presses="1")
    na.answers(rings=1, presses="1")

    caller = hotline.phone("+12025550123").dials(HOTLINE)
    caller.hears("For English, press 8")
    caller.press("8")
    caller.hears("For a technical question, press 1")
    caller.press("1")
    caller.hears("ticket number")
    caller.talks_with(na)
    caller.hangs_up()
    hotline.settle()

    (call,) = hotline.rows(Call)
    assert (call.language, call.outcome) == ("en-US", "answered")
    assert hotline.net.ledger.rings_of(wei.address) == [], "who does not speak English is not asked"
    hotline.assert_clean()


@pytest.mark.parametrize("how", ["busy", "canceled", "no-answer"])
def test_declined_goes_to_the_next_agent(
    hotline: Hotline, how: Literal["busy", "canceled", "no-answer"]
) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.will(declines(3, how))
    na.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=60)
    caller.hangs_up()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    hotline.assert_clean()


def test_declined_by_key(hotline: Hotline) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.answers(rings=1, presses="2")
    na.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=60)
    caller.hangs_up()
    hotline.settle()
    assert [offer.state for offer in hotline.rows(Offer)] == ["declined", "ended"]
    hotline.assert_clean()


def test_an_agent_who_hangs_up_ends_the_talk_with_a_goodbye(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.will(answers(rings=1, presses="1", talks_for=20))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei)
    caller.hears("再见", within=40)
    caller.ends()
    hotline.settle()
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    hotline.assert_clean()


def test_unreachable_phones_are_passed_over(hotline: Hotline) -> None:
    wei, na = hotline.agent("zhang-wei"), hotline.agent("li-na")
    wei.is_unreachable()
    na.will(rings_out(), answers(rings=1, presses="1"))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=180)
    caller.hangs_up()
    hotline.settle()
    assert hotline.rows(Offer)[0].reason == "unreachable"
    hotline.assert_clean()

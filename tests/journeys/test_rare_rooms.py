"""Rooms in rare moments: one of the two is not there yet, or has just gone, or nobody told us so."""

import pytest

from callcenter.access.actions import issue_token
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.dialing.models import CarrierOrder
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.simulator import Fault, answers
from callcenter.simulator.handset import Handset
from callcenter.simulator.network import Telephone
from tests import xinghe
from tests.journeys.conftest import Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.journeys.test_rare_moments import (
    long_silences,
    redirects_into_a_room,
    sets_state,
    worker_dies_before_it_notes_an_order,
)
from tests.xinghe import HOTLINE


def accepts_on_a_page(hotline: Hotline, key: str) -> None:
    """Let an agent accept his one offer by a click."""
    with hotline.work.transaction() as session:
        agent_id = xinghe.agent_id(hotline.work, key)
        at = hotline.work.at()
        token = issue_token(session, role="agent", name="page", at=at, actor="test", agent_id=agent_id)
    (offer,) = hotline.rows(Offer)
    bearer = {"Authorization": f"Bearer {token}"}
    answer = hotline.web.post(f"/api/v1/offers/{offer.id}/accept", headers=bearer)
    assert answer.status_code == 200, answer.text
    hotline.run_jobs()


def states_of(hotline: Hotline, key: str) -> list[str]:
    """What an agent does now."""
    agent_id = xinghe.agent_id(hotline.work, key)
    return [row.state for row in hotline.rows(AgentState, AgentState.agent_id == agent_id)]


def who_rings(hotline: Hotline) -> Handset:
    """A caller waits, and zhang-wei's phone has been ringing for two seconds."""
    wei = hotline.phone(xinghe.address(hotline.work, "zhang-wei"))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: wei.is_ringing, 30)
    hotline.settle(2)
    return caller


# Twilio: conference events are webhooks like any other, and may be lost. Both were given the room's
# document and stayed: they have met.
def test_a_talk_whose_notices_were_all_lost_is_answered(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "conference"))
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei.phone, within=60)
    caller.waits(30)
    wei.rings_out()
    wei.handset.hangs_up()
    caller.ends()
    hotline.settle(30)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    assert [(offer.state, offer.reason) for offer in hotline.rows(Offer)] == [("ended", "talk_ended")]


# HL-8: "The callback is promised for a definite time": kept by the meeting, though no notice tells of it.
def test_a_callback_whose_notices_were_all_lost_is_kept(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.net.faults.add(Fault("drop", "conference"))
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(rings=1, presses="1"))
    other.hangs_up()
    customer.rings(within=120).talks_with(within=30)
    customer.handset.waits(30)
    customer.handset.hangs_up()
    hotline.settle(20)
    assert [call.outcome for call in hotline.rows(Call, Call.direction == "outbound")] == ["answered"]
    assert [callback.state for callback in hotline.rows(Callback)] == ["kept"]
    assert [promise.state for promise in hotline.rows(Promise, Promise.rule == "HL-8")] == ["kept"]
    assert states_of(hotline, "zhang-wei") == ["wrap_up"]


# interface.md, accepting an offer on a page: who has not picked up yet goes into the room when he does.
def test_accepted_on_a_page_and_then_picked_up(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.will(answers(after=8, presses="1"))
    caller = who_rings(hotline)
    accepts_on_a_page(hotline, "zhang-wei")
    caller.talks_with(wei.phone, within=12)
    assert long_silences(caller) == []


# The agent listens to the whisper and clicks instead of pressing: his leg is led into the room, and the
# caller comes after him.
def test_accepted_on_a_page_while_the_whisper_is_heard(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.will(answers(after=3))
    caller = who_rings(hotline)
    wei.handset.hears("按 1", within=20)
    assert not caller.talking
    accepts_on_a_page(hotline, "zhang-wei")
    caller.talks_with(wei.phone, within=5)
    caller.waits(10)
    assert caller.talking, "the whisper's own time is over and cuts nobody off"
    caller.hangs_up()
    hotline.settle(10)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    assert {order.key.partition(":")[0]: order.state for order in hotline.rows(CarrierOrder)} == {
        "enter": "done",
        "summon": "done",
    }
    hotline.assert_clean()


# 0019: "The agent enters first". One who accepted and never picked up has met nobody.
def test_an_agent_who_accepted_and_never_came_has_answered_nobody(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").rings_out()
    caller = who_rings(hotline)
    accepts_on_a_page(hotline, "zhang-wei")
    hotline.settle(60)
    (call,) = hotline.rows(Call)
    assert call.joined_at is None
    assert long_silences(caller) == []


# HL-8, and words.md: whoever picks up hears a sentence, even when the agent has gone meanwhile.
def test_a_customer_who_picks_up_too_late_hears_so(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(after=15, presses="1"))
    other.hangs_up()
    wei.will(answers(rings=1, presses="1", hangs_up_after=12))
    assert hotline.net.run_until(lambda: customer.is_ringing, 120)
    customer.handset.hears("星河软件", within=30)
    customer.handset.ends()


# The agent's final status is still on its way; that he left the room is known when the customer presses 1.
def test_a_customer_whose_agent_left_before_the_key_is_told(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(after=3, presses_at=((9.0, "1"),)))
    other.hangs_up()
    wei.answers(rings=1, presses="1")
    assert hotline.net.run_until(lambda: customer.is_ringing, 120)
    hotline.settle(8)
    wei.rings_out()
    hotline.net.faults.delay_next("status", 6.0, event="completed")
    wei.handset.hangs_up()
    handset = customer.handset
    handset.ends(within=90)
    assert long_silences(handset) == []
    assert hotline.rows(Callback)[0].state != "kept"


# Both notices of it are late: his leg's end, and that he left the room. Nothing tells, when the customer
# presses 1, that nobody is there; what he hears must not be silence, and nobody has met him.
def test_a_customer_whose_agent_left_unnoticed_is_told(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(after=3, presses_at=((9.0, "1"),)))
    other.hangs_up()
    wei.answers(rings=1, presses="1")
    assert hotline.net.run_until(lambda: customer.is_ringing, 120)
    hotline.settle(8)
    leaves_unnoticed(hotline, wei)
    handset = customer.handset
    handset.hears("客服的电话断了", within=8)
    handset.ends(within=30)
    assert handset.silences(3) == []
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "agent_lost")
    hotline.settle(20)
    assert [call.outcome for call in hotline.rows(Call, Call.direction == "outbound")] == ["not_reached"]
    assert hotline.rows(Promise, Promise.rule == "HL-8")[0].state == "open"


def leaves_unnoticed(hotline: Hotline, agent: Telephone) -> None:
    """The agent hangs up; that his leg has ended, and that he left the room, is told six seconds late."""
    agent.rings_out()
    hotline.net.faults.delay_next("status", 6.0, event="completed")
    hotline.net.faults.delay_next("conference", 6.0, event="participant-leave")
    assert agent.handset is not None
    agent.handset.hangs_up()


# The same on the inbound side: the caller is on his way into the room when the agent leaves it.
def test_a_caller_whose_agent_left_unnoticed_goes_back_into_line(hotline: Hotline) -> None:
    hotline.net.faults.delay_next("voice", 2.0, path="/summon/")
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: bool(hotline.rows(CarrierOrder)), 60)
    leaves_unnoticed(hotline, wei)
    assert hotline.net.run_until(lambda: redirects_into_a_room(hotline) == 1, 8)
    caller.hears("刚才没有接上", within=5)
    hotline.settle(20)
    assert hotline.rows(Offer)[0].reason == "agent_lost"
    assert hotline.rows(Wait)[0].entered_at == hotline.rows(Call)[0].queued_at, "he keeps his place"
    assert caller.silences(3) == []


# Not even the agent's entry was told, nor his leaving: music, until the carrier is asked what became of him.
def test_a_caller_alone_in_a_room_hears_music_and_is_led_out(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "conference"))
    hotline.net.faults.drop_next("status", event="completed", path="/progress/")
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: bool(hotline.rows(CarrierOrder)), 60)
    wei.rings_out()
    assert wei.handset is not None
    wei.handset.hangs_up()
    assert hotline.net.run_until(lambda: redirects_into_a_room(hotline) == 1, 8), "he is in an empty room"
    caller.hears("刚才没有接上", within=90)
    assert caller.silences(3) == []


# They were in one room for an instant: nobody has talked, so nothing is kept, and the customer hears so.
@pytest.mark.parametrize("late", [0.0, 6.0])
def test_a_customer_whose_agent_left_as_he_came_is_told(hotline: Hotline, late: float) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(after=3, presses="1"))
    other.hangs_up()
    wei.answers(rings=1, presses="1")
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].state == "kept", 120)
    wei.rings_out()
    if late:
        hotline.net.faults.delay_next("status", late, event="completed")
        hotline.net.faults.delay_next("conference", late, event="participant-leave")
    assert wei.handset is not None and customer.handset is not None
    wei.handset.hangs_up()
    customer.handset.hears("客服的电话断了", within=8)
    hotline.settle(20)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "agent_lost")
    assert hotline.rows(Promise, Promise.rule == "HL-8")[0].state == "open"
    assert [call.outcome for call in hotline.rows(Call, Call.direction == "outbound")] == ["not_reached"]


def test_a_caller_whose_agent_left_as_he_came_goes_back_into_line(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei.phone, within=60)
    wei.rings_out()
    assert wei.handset is not None
    wei.handset.hangs_up()
    caller.hears("刚才没有接上", within=8)
    hotline.settle(20)
    assert [wait.state for wait in hotline.rows(Wait)] == ["offered"], "the same agent is asked again"
    assert (hotline.rows(Call)[0].joined_at, hotline.rows(Call)[0].left_queue_at) == (None, None)


# 0019: "If the agent is lost before they met, the caller keeps his place", also when the worker that called
# him in died before it could note that.
def test_a_caller_called_in_to_nobody_goes_back_into_line(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_dies_before_it_notes_an_order(monkeypatch)
    hotline.net.faults.add(Fault("delay", "conference", delay=(8, 8)))
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: bool(hotline.rows(CarrierOrder)), 60)
    hotline.net.faults.delay_next("status", 6.0, event="completed")
    wei.rings_out()
    wei.handset.hangs_up()
    assert hotline.net.run_until(lambda: redirects_into_a_room(hotline) == 1, 4), "he is in an empty room"
    assert hotline.net.run_until(lambda: hotline.rows(Offer)[0].state == "ended", 8)
    sets_state(hotline, "zhang-wei", "break", "lunch")
    caller.hears("刚才没有接上", within=10)
    hotline.settle(40)
    assert hotline.rows(Offer)[0].reason == "agent_lost"
    assert [wait.state for wait in hotline.rows(Wait)] == ["waiting"]
    assert long_silences(caller) == []
    assert redirects_into_a_room(hotline) == 1

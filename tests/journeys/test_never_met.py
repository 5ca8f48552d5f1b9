"""The notices of a room are lost, and the end that is told last shows that the two were never in it together.

telephony.md, section 3: "Fired in order, sent as separate requests, arrival order not guaranteed"; each end
has the carrier's stamp. What is known in the end must not depend on which end was told first.
"""

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.dialing.models import CarrierOrder
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentState, AgentStateChange, Offer, Wait
from callcenter.simulator import Fault, answers
from callcenter.simulator.network import Telephone
from tests.journeys.conftest import Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.journeys.test_rare_moments import redirects_into_a_room, sets_state
from tests.journeys.test_rare_rooms import states_of
from tests.xinghe import HOTLINE

LATE = 20.0


def hangs_up_and_is_told_late(hotline: Hotline, agent: Telephone) -> None:
    """The agent hangs up; his leg's end is told twenty seconds later."""
    agent.rings_out()
    hotline.net.faults.delay_next("status", LATE, event="completed", path="/progress/")
    assert agent.handset is not None
    agent.handset.hangs_up()


def comes_into_an_empty_room(hotline: Hotline) -> None:
    """The agent has left when the caller is led into the room; the caller hangs up, which is told at once."""
    hotline.net.faults.add(Fault("drop", "conference"))
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: bool(hotline.rows(CarrierOrder)), 60)
    hangs_up_and_is_told_late(hotline, wei)
    assert hotline.net.run_until(lambda: redirects_into_a_room(hotline) == 1, 8)
    caller.waits(6)
    caller.hangs_up()
    hotline.settle(3)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"], "the documents say no more"
    assert states_of(hotline, "zhang-wei") == ["wrap_up"]


# understand.md, outcomes: `abandoned_in_queue` is who "hung up in the queue"; he met nobody.
def test_a_caller_who_came_after_his_agent_had_gone_was_not_answered(hotline: Hotline) -> None:
    comes_into_an_empty_room(hotline)
    hotline.settle(LATE)
    (call,) = hotline.rows(Call)
    assert (call.outcome, call.joined_at, call.agent_id) == ("abandoned_in_queue", None, None)
    assert call.left_queue_at == call.ended_at
    (offer,), (wait,) = hotline.rows(Offer), hotline.rows(Wait)
    assert (offer.state, offer.reason, offer.joined_at) == ("ended", "agent_lost", None)
    assert (wait.state, wait.exit, wait.ended_at) == ("left", "hung_up", call.ended_at)
    hotline.assert_clean()


# HL-12: the wrap-up follows a conversation; there was none, so he is free when that is known.
def test_an_agent_who_met_nobody_has_nothing_to_wrap_up(hotline: Hotline) -> None:
    comes_into_an_empty_room(hotline)
    hotline.settle(LATE)
    assert states_of(hotline, "zhang-wei") == ["available"]
    assert [change.state for change in hotline.rows(AgentStateChange)][-2:] == ["wrap_up", "available"]


# HL-13: what an agent has chosen since is his.
def test_an_agent_who_has_moved_on_is_left_alone(hotline: Hotline) -> None:
    comes_into_an_empty_room(hotline)
    sets_state(hotline, "zhang-wei", "break", "lunch")
    hotline.settle(LATE)
    assert [call.outcome for call in hotline.rows(Call)] == ["abandoned_in_queue"]
    assert [(state.state, state.reason) for state in hotline.rows(AgentState) if state.reason] == [
        ("break", "lunch")
    ]


# HL-8: "The callback is promised for a definite time"; who was rung and heard music was not reached.
def test_a_customer_who_came_after_his_agent_had_gone_is_owed_his_call(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.net.faults.add(Fault("drop", "conference"))
    customer = hotline.phone(CUSTOMER)
    customer.will(answers(after=3, presses_at=((9.0, "1"),)))
    other.hangs_up()
    wei.answers(rings=1, presses="1")
    assert hotline.net.run_until(lambda: customer.is_ringing, 120)
    hotline.settle(8)
    hangs_up_and_is_told_late(hotline, wei)
    hotline.settle(12)
    assert customer.handset is not None
    customer.handset.hangs_up()
    hotline.settle(2)
    assert [callback.state for callback in hotline.rows(Callback)] == ["kept"], "the documents say no more"
    hotline.settle(LATE)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "agent_lost")
    assert [promise.state for promise in hotline.rows(Promise, Promise.rule == "HL-8")] == ["open"]
    assert [call.outcome for call in hotline.rows(Call, Call.direction == "outbound")] == ["not_reached"]
    assert states_of(hotline, "zhang-wei") == ["available"]


# The other way round: the caller was gone as he came, and the agent, who waited for him, is told of first.
def test_a_caller_who_left_as_he_came_was_not_answered(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "conference"))
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: redirects_into_a_room(hotline) == 1, 60)
    hotline.net.faults.delay_next("status", LATE, event="completed")
    caller.hangs_up()
    hotline.settle(5)
    wei.rings_out()
    assert wei.handset is not None
    wei.handset.hangs_up()
    hotline.settle(3)
    assert [offer.reason for offer in hotline.rows(Offer)] == ["talk_ended"], "the documents say no more"
    hotline.settle(LATE)
    assert [call.outcome for call in hotline.rows(Call)] == ["abandoned_in_queue"]
    assert [(wait.state, wait.exit) for wait in hotline.rows(Wait)] == [("left", "hung_up")]
    assert states_of(hotline, "zhang-wei") == ["available"]
    hotline.assert_clean()

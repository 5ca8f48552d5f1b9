"""Lines that ring the customer first: he presses the key and holds the line in his old place."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from callcenter.callbacks.actions import book_callback
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from callcenter.promises.models import Promise
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import Offer, Wait
from callcenter.simulator import answers, rings_out, voicemail
from callcenter.simulator.network import Telephone
from callcenter.staff.models import Agent
from tests.journeys.conftest import Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.xinghe import HOTLINE

SECOND, THIRD = "+8613800138010", "+8613800138011"


@pytest.fixture(autouse=True)
def _customers_first(hotline: Hotline) -> None:
    with hotline.work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == HOTLINE)).one()
        line.callback_first = "customer"


def owes(hotline: Hotline, *numbers: str) -> None:
    """Customers are promised a call as soon as possible."""
    with hotline.work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == HOTLINE)).one()
        skill = session.scalars(sa.select(Skill.id).where(Skill.key == "technical")).one()
        for number in numbers:
            book_callback(
                session, number=number, line_id=line.id, skill_id=skill, language="zh-CN",
                at=hotline.work.at(), actor="test",
            )  # fmt: skip


def is_offline(hotline: Hotline, key: str) -> None:
    """An agent goes home."""
    with hotline.work.transaction() as session:
        agent = session.scalars(sa.select(Agent.id).where(Agent.key == key)).one()
        set_agent_state(session, agent, "offline", None, hotline.work.at(), "test")


def is_called(hotline: Hotline, number: str, within: float = 120) -> Telephone:
    """A customer picks up and is asked for the key."""
    phone = hotline.phone(number)
    assert hotline.net.run_until(lambda: bool(phone.phone.calls) and not phone.handset.ended, within)
    return phone


def states(hotline: Hotline) -> list[str]:
    """What has become of all that is owed."""
    return [row.state for row in hotline.rows(Callback)]


# HL-8: the customer is rung, and asked whether he wants to talk, before anybody's phone rings for him.
def test_the_customer_is_rung_and_then_the_agent(hotline: Hotline) -> None:
    wei, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(answers(rings=2, presses="1"))
    rung_before = len(hotline.net.ledger.rings_of(wei.address))
    other.hangs_up()
    customer = is_called(hotline, CUSTOMER)
    assert len(hotline.net.ledger.rings_of(wei.address)) == rung_before, "nobody is rung for him yet"
    customer.handset.hears("您是下一位", within=30)
    customer.handset.talks_with(wei)
    customer.handset.waits(20)
    customer.handset.hangs_up()
    hotline.settle()

    (callback,) = hotline.rows(Callback)
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (callback.state, callback.tries, promise.state) == ("kept", 1, "kept")
    *_, outbound = hotline.rows(Call)
    assert (outbound.direction, outbound.outcome) == ("outbound", "answered")
    waits = hotline.rows(Wait, Wait.subject_kind == "callback")
    assert [(wait.exit, wait.on_line) for wait in waits] == [("customer_rung", False), ("answered", True)]
    assert waits[1].entered_at == callback.arrived_at, "he holds the line in the place of his first call"
    hotline.assert_clean()


def test_nobodys_phone_rings_for_a_customer_who_is_not_there(hotline: Hotline) -> None:
    hotline.policy(callback_retry_minutes=3)
    wei = hotline.agent("zhang-wei")
    owes(hotline, CUSTOMER)
    hotline.phone(CUSTOMER).will(rings_out(), voicemail(after=5, tape=60), answers(rings=1, presses="1"))
    wei.answers(rings=1, presses="1")
    assert hotline.net.run_until(lambda: states(hotline) == ["kept"], 7200)
    hotline.phone(CUSTOMER).handset.hangs_up()
    hotline.settle()
    assert len(hotline.net.ledger.rings_of(wei.address)) == 1
    assert [row.tries for row in hotline.rows(Callback)] == [3]
    hotline.assert_clean()


# Issue: "at most as many callbacks in flight as free agents".
def test_no_more_customers_are_rung_than_agents_are_free(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1", talks_for=20)
    owes(hotline, CUSTOMER, SECOND, THIRD)
    for number in (CUSTOMER, SECOND, THIRD):
        hotline.phone(number).will(answers(rings=2, presses="1"))
    most = 0
    for _ in range(900):
        hotline.net.run_for(1)
        rung = [n for n in (CUSTOMER, SECOND, THIRD) if hotline.net.ledger.rings_of(n)]
        most = max(most, len(rung) - states(hotline).count("kept"))
        if states(hotline) == ["kept"] * 3:
            break
    hotline.settle(60)
    assert states(hotline) == ["kept"] * 3
    assert most == 1, "one agent, one customer at a time"
    hotline.assert_clean()


# HL-6: whoever waits keeps his place, also when the agent who had accepted is lost.
def test_the_agent_is_lost_and_the_customer_holds_on(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    owes(hotline, CUSTOMER)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    wei.answers(rings=1, presses="1")
    customer = is_called(hotline, CUSTOMER)
    assert hotline.net.run_until(lambda: bool(hotline.rows(Offer, Offer.state == "accepted")), 120)
    wei.handset.hangs_up()
    customer.handset.hears("您是下一位", within=60)
    assert hotline.net.run_until(lambda: states(hotline) == ["kept"], 300)
    customer.handset.talks_with(wei)
    customer.handset.hangs_up()
    hotline.settle(60)
    assert [offer.reason for offer in hotline.rows(Offer)] == ["agent_lost", "talk_ended"]
    assert [row.tries for row in hotline.rows(Callback)] == [1]
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


def test_the_agent_declines_and_the_next_one_comes(hotline: Hotline) -> None:
    wei, other = hotline.agent("zhang-wei"), hotline.agent("li-na")
    owes(hotline, CUSTOMER)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"))
    wei.answers(rings=1, presses="2")
    other.answers(rings=1, presses="1")
    customer = is_called(hotline, CUSTOMER)
    assert hotline.net.run_until(lambda: states(hotline) == ["kept"], 300)
    customer.handset.hangs_up()
    hotline.settle()
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    hotline.assert_clean()


def test_the_customer_hangs_up_while_he_holds(hotline: Hotline) -> None:
    hotline.policy(callback_retry_minutes=3)
    wei = hotline.agent("zhang-wei")
    wei.will(rings_out())
    owes(hotline, CUSTOMER)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1"), answers(rings=1, presses="1"))
    customer = is_called(hotline, CUSTOMER)
    customer.handset.hears("您是下一位", within=30)
    customer.handset.hangs_up()
    hotline.settle(30)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason) == ("booked", "hung_up")
    assert hotline.rows(Wait, Wait.state.in_(("waiting", "offered", "won"))) == []
    assert [offer.state for offer in hotline.rows(Offer, Offer.state.in_(("ringing", "accepted")))] == []
    hotline.assert_clean()


# words.md: no dead end; whose fault it is when it is ours.
def test_everybody_has_left_while_he_was_rung(hotline: Hotline) -> None:
    hotline.agent("zhang-wei")
    owes(hotline, CUSTOMER)
    hotline.phone(CUSTOMER).will(answers(rings=4, presses="1"), answers(rings=1, presses="1"))
    assert hotline.net.run_until(lambda: bool(hotline.net.ledger.rings_of(CUSTOMER)), 120)
    is_offline(hotline, "zhang-wei")
    customer = is_called(hotline, CUSTOMER)
    customer.handset.hears("客服刚刚都离开了，非常抱歉。我们会再打给您", within=60)
    hotline.settle(30)
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.reason, callback.tries) == ("booked", "nobody_free", 0)
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1", talks_for=10)
    assert hotline.net.run_until(lambda: states(hotline) == ["kept"], 600)
    hotline.settle(30)
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (promise.state, promise.settled_at - promise.made_at < timedelta(hours=1)) == ("kept", True)
    hotline.assert_clean()


# "ordered fairly among waiting callers": by original arrival, callers and called customers alike.
def test_he_comes_before_a_caller_who_came_later(hotline: Hotline) -> None:
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(answers(rings=1, presses="1", talks_for=20))
    late = hotline.phone(SECOND).dials(HOTLINE, presses=("1",))
    late.hears("等候时间", within=60)
    other.hangs_up()
    assert hotline.net.run_until(lambda: states(hotline) == ["kept"], 300)
    (callback,) = hotline.rows(Callback)
    reached = callback.settled_at
    assert hotline.net.run_until(lambda: late.talking, 300)
    late.hangs_up()
    hotline.settle(30)
    inbound = hotline.rows(Call, Call.from_number == SECOND)[-1]
    assert inbound.outcome == "answered"
    assert callback.arrived_at < inbound.queued_at
    assert reached is not None and inbound.joined_at is not None
    hotline.assert_clean()

"""Moments that hardly ever come: workers die in mid-order, callers stand in line twice, phones are late."""

import contextlib

import pytest

from callcenter.calls.models import Call
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.jobs import Work, perform
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import Offer
from callcenter.simulator import Fault, answers, rings_out
from callcenter.simulator.handset import Handset
from callcenter.switchboard import sweeps
from tests import xinghe
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE

# Nobody is left in silence for longer than this while a redirect or a sweep sets things right.
LONGEST_SILENCE = 15


class Killed(Exception):
    """What a worker's sudden death looks like from inside one process."""


def sets_state(hotline: Hotline, key: str, state: str, reason: str | None = None) -> None:
    """Let an agent choose a state on his page."""
    agent_id = xinghe.agent_id(hotline.work, key)
    with hotline.work.transaction() as session:
        set_agent_state(session, agent_id, state, reason, hotline.work.at(), "test")
    hotline.run_jobs()


def worker_dies_before_it_notes_an_order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the first order be given and its worker die before it writes that down; return the victims."""
    real, victims = dialing.finish_order, []

    def dies_once(*told: object) -> None:
        if not victims:
            victims.append(str(told[1]))
            raise Killed
        real(*told)  # type: ignore[arg-type]

    def survives(work: Work, name: str, subject: str) -> None:
        with contextlib.suppress(Killed):
            perform(work, name, subject)

    monkeypatch.setattr(dialing, "finish_order", dies_once)
    monkeypatch.setattr("tests.journeys.conftest.perform", survives)
    return victims


def redirects_into_a_room(hotline: Hotline) -> int:
    """Count how often the carrier fetched a summons: once for every redirect it obeyed."""
    return sum("/voice/summon/" in sent.path for sent in hotline.net.ledger.webhooks)


def long_silences(handset: Handset) -> list[tuple[float, float]]:
    """The stretches in which somebody heard nothing for too long."""
    return handset.silences(LONGEST_SILENCE)


def one_missed_then_answered(hotline: Hotline) -> Handset:
    """A caller whose first agent misses him is told that nobody is there, and stays in line all the same."""
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: any(o.state == "missed" for o in hotline.rows(Offer)), 60)
    sets_state(hotline, "zhang-wei", "offline")
    caller.hears("留言请按 2", within=90)
    sets_state(hotline, "zhang-wei", "available")
    caller.press("0")
    return caller


# Twilio, "Modify calls in progress": a call that is redirected leaves the document it is in. Given twice, a
# summons would take the caller out of the room where he talks: an order is pending -> given -> done.
def test_a_summons_whose_worker_died_is_not_given_again(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = worker_dies_before_it_notes_an_order(monkeypatch)
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei.phone, within=60)
    (order,) = hotline.rows(CarrierOrder)
    assert ([str(order.id)], order.state) == (victims, "given"), "nobody knows what became of it"

    caller.waits(60)
    assert caller.talking, "the talk goes on"
    (order,) = hotline.rows(CarrierOrder)
    assert (order.state, order.reason) == ("done", "found obeyed")
    assert redirects_into_a_room(hotline) == 1


def test_an_order_in_flight_is_not_given_by_a_second_worker(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    real = TwilioCarrier.redirect

    def takes_its_time(carrier: TwilioCarrier, sid: str, url: str) -> None:
        given.append(url)
        if len(given) == 1:
            sweeps.lost_bells(hotline.work)  # The clock's next tick comes while the request is out.
            perform(hotline.work, "carry_out", str(hotline.rows(CarrierOrder)[0].id))
        real(carrier, sid, url)

    monkeypatch.setattr(TwilioCarrier, "redirect", takes_its_time)
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei.phone, within=60)
    hotline.settle(3)
    assert len(given) == 1
    assert caller.talking


# 0016: "A turn's key is the leg's SID and the number of its document"; a summons is numbered by its
# connection, so connections are counted over the whole call and not anew with every stay in line.
def test_a_caller_who_left_the_line_and_came_back_is_connected(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").will(rings_out(), answers(rings=1, presses="1"))
    caller = one_missed_then_answered(hotline)
    caller.talks_with(within=90)
    hotline.settle()
    assert [(offer.connection, offer.state) for offer in hotline.rows(Offer)] == [
        (1, "missed"),
        (2, "joined"),
    ]


# HL-6: what a caller waits is all of it: the second stay in line ends when he hangs up, not with the first.
def test_the_wait_of_who_came_back_into_line_ends_with_the_last_stay(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").rings_out()
    caller = one_missed_then_answered(hotline)
    caller.waits(100)
    caller.hangs_up()
    hotline.settle(20)
    (call,) = hotline.rows(Call)
    assert call.left_queue_at == call.ended_at
    hotline.assert_clean()


# telephony.md, section 3: a status webhook may be lost. With every one of a leg's lost, the clock asks the
# carrier, and the agent can be rung again.
def test_an_agent_whose_phone_said_nothing_is_rung_again(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.rings_out()
    silent = hotline.net.faults.add(Fault("drop", "status", path="/progress/"))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: any(o.state == "missed" for o in hotline.rows(Offer)), 90)
    hotline.settle(20)
    hotline.net.faults.remove(silent)
    caller.hangs_up()
    hotline.settle(600)
    assert hotline.rows(Attempt)[0].state == "ended"

    wei.answers(rings=1, presses="1")
    hotline.phone("+8613800138007").dials(HOTLINE, presses=("1",)).talks_with(wei.phone, within=120)


# 0004: "An agent's `unknown` leg closes its offer at once and the caller goes to the next agent"; the phone
# that rings all the same is stopped as soon as its SID is known.
def test_a_phone_that_nobody_knew_of_soon_stops(hotline: Hotline) -> None:
    hotline.net.faults.rest_next("500-after-accept")
    wei = hotline.agent("zhang-wei")
    wei.rings_out()
    hotline.phone().dials(HOTLINE, presses=("1",))
    hotline.settle(60)
    first = hotline.rows(Offer)[0]
    assert (first.state, first.reason) == ("failed", "unknown")
    assert hotline.rows(Attempt)[0].sid is not None, "its webhook named it"
    rung = [ring.seconds for ring in hotline.net.ledger.rings_of(wei.address)[:1]]
    assert all(seconds is not None and seconds < 6 for seconds in rung)


# HL-1: the limit is for phones that nobody picks up. Statuses are separate requests: `ringing` may arrive
# long after the agent has picked up, and takes nothing from the time he has to listen and to press.
def test_a_late_ringing_cuts_off_no_agent_who_listens(hotline: Hotline) -> None:
    hotline.net.faults.delay_next("status", 22.0, event="ringing")
    wei = hotline.agent("zhang-wei")
    wei.will(answers(after=20, presses="1", reaction=9.0))
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei.phone, within=60)
    hotline.settle()
    assert [offer.state for offer in hotline.rows(Offer)] == ["joined"]

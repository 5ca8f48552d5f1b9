"""The carrier repeats, reorders, delays, forgets and answers late: the caller notices nothing."""

import pytest

from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.dialing.models import Attempt
from callcenter.routing.models import Offer
from callcenter.simulator import Fault, answers
from callcenter.standards.models import RingMeasure
from callcenter.tickets.models import Ticket
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE


def a_whole_call(hotline: Hotline, within: float = 60) -> None:
    """A caller asks a technical question, is answered on the second ring, and hangs up."""
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=2, presses="1")
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("技术问题")
    caller.press("1")
    caller.talks_with(wei, within=within)
    caller.waits(20)
    caller.hangs_up()
    hotline.settle(30)


def assert_as_if_nothing_had_happened(hotline: Hotline) -> None:
    """One call, one ticket, one offer, one attempt, one outcome, the true ring."""
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    assert [ticket.number for ticket in hotline.rows(Ticket)] == ["261123001"]
    assert [offer.state for offer in hotline.rows(Offer)] == ["ended"]
    assert [attempt.state for attempt in hotline.rows(Attempt)] == ["ended"]
    assert sorted((leg.role, leg.state) for leg in hotline.rows(Leg)) == [
        ("agent", "completed"),
        ("caller", "completed"),
    ]
    (measure,) = hotline.rows(RingMeasure)
    assert (measure.rings, measure.within, measure.source) == (2, True, "measured")


# Decision 5: "Events in any order, any number of times."
@pytest.mark.parametrize("concurrent", [False, True])
@pytest.mark.parametrize("kind", ["voice", "status", "conference"])
def test_every_webhook_twice(hotline: Hotline, kind: str, concurrent: bool) -> None:
    hotline.net.faults.add(Fault("duplicate", kind, copies=2, concurrent=concurrent))  # type: ignore[arg-type]
    a_whole_call(hotline)
    assert_as_if_nothing_had_happened(hotline)
    hotline.assert_clean()


# A2: "a duplicate gets the same answer", byte for byte.
def test_a_duplicate_gets_the_same_bytes(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("duplicate", "voice", copies=1))
    a_whole_call(hotline)
    given: dict[tuple[str, str], set[bytes]] = {}
    for sent in hotline.net.ledger.webhooks:
        if sent.kind == "voice":
            assert sent.response is not None
            given.setdefault((sent.call_sid, sent.path), set()).add(sent.response.body)
    assert len(given) >= 6
    assert all(len(answers) == 1 for answers in given.values())


# telephony.md, section 3: "Seen in the wild: ringing before initiated, ringing missing, a bare no-answer".
@pytest.mark.parametrize(
    "pair", [("initiated", "ringing"), ("ringing", "in-progress"), ("in-progress", "completed")]
)
def test_status_callbacks_in_another_order(hotline: Hotline, pair: tuple[str, str]) -> None:
    hotline.net.faults.swap_next(*pair)
    a_whole_call(hotline)
    assert_as_if_nothing_had_happened(hotline)
    hotline.assert_clean()


def test_every_status_late_and_shuffled(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("delay", "status", probability=0.7, delay=(0.2, 9.0)))
    a_whole_call(hotline)
    assert_as_if_nothing_had_happened(hotline)
    hotline.assert_clean()


# Architecture 6: the agent's entry calls the caller in; "should that notice be lost" there is a bound.
def test_the_agents_entry_is_not_reported(hotline: Hotline) -> None:
    hotline.net.faults.drop_next("conference", event="participant-join")
    a_whole_call(hotline)
    assert_as_if_nothing_had_happened(hotline)
    hotline.assert_clean()


def test_no_conference_event_arrives_at_all(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "conference"))
    a_whole_call(hotline)
    assert_as_if_nothing_had_happened(hotline)
    hotline.assert_clean()


# numbers.md: "Where only `initiated` is known, the leg is estimated: shown apart, in no rate".
def test_ringing_is_never_reported(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "status", event="ringing"))
    a_whole_call(hotline)
    (measure,) = hotline.rows(RingMeasure)
    assert (measure.source, measure.judged) == ("estimated", False)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    hotline.assert_clean()


# Decision 5: "a reconciler asks the carrier about calls that never ended".
def test_all_final_statuses_are_lost(hotline: Hotline) -> None:
    hotline.net.faults.add(Fault("drop", "status", event="completed"))
    a_whole_call(hotline)
    assert [call.outcome for call in hotline.rows(Call)] == ["open"]
    hotline.settle(120)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    sources = [event.detail.get("source") for event in hotline.rows(CallEvent, CallEvent.kind == "status")]
    assert sources.count("reconciled") == 2, "both legs were asked about"
    hotline.assert_clean()


# The dialing protocol, 3: "Read timeout, reset, 5xx: UNKNOWN"; 4: "any webhook with the token binds the SID".
@pytest.mark.parametrize("effect", ["500-after-accept", "timeout-after-accept", "reset"])
def test_the_carriers_answer_is_lost(hotline: Hotline, effect: str) -> None:
    hotline.net.faults.rest_next(effect)  # type: ignore[arg-type]
    hotline.agent("zhang-wei").answers(rings=1, presses="1")
    na = hotline.agent("li-na")
    na.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(na, within=60)
    caller.hangs_up()
    hotline.settle(240)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    assert all(attempt.state in ("ended", "not_placed") for attempt in hotline.rows(Attempt))
    hotline.assert_clean()


def test_too_many_requests_are_no_lost_caller(hotline: Hotline) -> None:
    hotline.net.faults.rest_next("429")
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=2, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei, within=60)
    caller.hangs_up()
    hotline.settle(5)
    assert [offer.state for offer in hotline.rows(Offer)] == ["failed", "ended"]
    hotline.assert_clean()


# A1: "A voice webhook after a terminal status gets hang-up TwiML and no effect".
def test_a_status_that_comes_before_its_call(hotline: Hotline) -> None:
    hotline.net.faults.delay_next("voice", 5.0)
    caller = hotline.phone().dials(HOTLINE)
    caller.waits(1)
    caller.hangs_up()
    hotline.settle(20)
    (call,) = hotline.rows(Call)
    assert call.outcome == "abandoned_in_greeting"
    assert hotline.rows(Ticket) == []
    assert len(hotline.rows(CallEvent, CallEvent.kind == "arrived")) == 1


def test_any_misfortune_by_seed(hotline: Hotline) -> None:
    for effect, kind, probability in (
        ("duplicate", "voice", 0.3), ("delay", "voice", 0.2), ("duplicate", "status", 0.3),
        ("reorder", "status", 0.3), ("delay", "conference", 0.5), ("duplicate", "conference", 0.3),
    ):  # fmt: skip
        hotline.net.faults.add(Fault(effect, kind, probability=probability))  # type: ignore[arg-type]
    for key in ("zhang-wei", "li-na"):
        hotline.agent(key).will(answers(rings=1, presses="1", talks_for=15))
    callers = [hotline.phone(f"+86138001381{n:02}").dials(HOTLINE, presses=("1",)) for n in range(5)]
    assert hotline.net.run_until(lambda: all(caller.ended for caller in callers), 600)
    hotline.settle(60)
    calls = hotline.rows(Call)
    assert [call.outcome for call in calls] == ["answered"] * 5
    assert sorted(ticket.number for ticket in hotline.rows(Ticket)) == [f"26112300{n}" for n in range(1, 6)]
    hotline.assert_clean()


# The dialing protocol, 4: "a second SID for one attempt is hung up, cancelled and alarmed".
def test_a_request_that_took_effect_twice_rings_once_in_the_end(hotline: Hotline) -> None:
    hotline.net.faults.rest_next("twice")
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=2, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei, within=60)
    caller.waits(10)
    caller.hangs_up()
    hotline.settle(30)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    assert [event.kind for event in hotline.rows(CallEvent, CallEvent.kind == "second_sid")] == ["second_sid"]
    placed = [life for life in hotline.net.ledger.lives.values() if life.direction == "outbound-api"]
    assert sorted(life.moves[-1][1] for life in placed) == ["canceled", "completed"]
    hotline.assert_clean()


# The breaker: after five failures in a row attempts wait and probes go out; nobody is hung up on meanwhile.
def test_a_carrier_that_refuses_everything_for_minutes(hotline: Hotline) -> None:
    fault = hotline.net.faults.add(Fault("401", "rest", path=r"/Calls\.json$", event="POST"))
    agents = [hotline.agent(key) for key in ("zhang-wei", "li-na")]
    for agent in agents:
        agent.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    hotline.settle(100)
    tried = [request for request in hotline.net.ledger.requests if request.fault == "401"]
    assert 5 <= len(tried) <= 12, "five, then one every fifteen seconds"
    assert "carrier" in hotline.web.get("/health/ready").json()["degraded"]
    assert not caller.ended and caller.words
    hotline.net.faults.remove(fault)
    assert hotline.net.run_until(lambda: caller.talking, 60)
    assert "carrier" not in hotline.web.get("/health/ready").json()["degraded"]
    caller.hangs_up()
    hotline.settle(30)
    assert [call.outcome for call in hotline.rows(Call)] == ["answered"]
    hotline.assert_clean()

"""Misfortunes: by seed, or once as a test orders them."""

import threading

import pytest

from callcenter.simulator import Fault, Network, Settings, WebhookRequest, WebhookResponse
from callcenter.simulator.rest.api import RestFault
from tests.simulator.app import HOST, App, twiml
from tests.simulator.asking import order, rest
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

ORDER = (("To", AGENT), ("From", HOTLINE), ("Url", f"{HOST}/agent"))


def statuses(app: App) -> list[str]:
    """Return the call statuses in order of arrival."""
    return [told["CallStatus"] for told in app.told("/status")]


def agent_call(net: Network, app: App) -> str:
    """Place a call that is answered and ends, and let it run."""
    app.pages["/agent"] = "<Say>Hello</Say>"
    net.phone(AGENT).answers(3)
    sid = order(net, AGENT)
    net.run_for(60)
    return sid


def test_the_next_voice_webhook_is_duplicated(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Hello</Say>"
    net.faults.duplicate_next("voice", path="/voice", copies=2)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.ends()
    net.run_for(10)
    assert len(app.told("/voice")) == 3
    assert [(d.copy, d.call_sid) for d in net.ledger.webhooks if d.kind == "voice"] == [
        (n, caller.sid) for n in range(3)
    ]
    assert len({r.headers["I-Twilio-Idempotency-Token"] for r in app.received[:3]}) == 2
    assert caller.words == "Hello"


def test_concurrent_duplicates_are_under_way_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    def slow(request: WebhookRequest) -> WebhookResponse:
        if request.url.endswith("/voice"):
            together.wait()
        return twiml("<Say>Hello</Say>")

    net = Network(slow)
    net.number(HOTLINE, f"{HOST}/voice")
    net.faults.duplicate_next("voice", copies=2, concurrent=True)
    net.phone(CALLER).dials(HOTLINE).hears("Hello")
    assert [d.kind for d in net.ledger.webhooks] == ["voice"] * 3


# A refusal, unlike a lost answer, leaves no call behind.
@pytest.mark.parametrize("effect", ["401", "404", "429", "500"])
def test_a_refused_request_has_no_effect(net: Network, effect: str) -> None:
    net.faults.rest_next(effect)  # type: ignore[arg-type]
    status, told = rest(net, "POST", "Calls.json", *ORDER)
    assert (status, told["status"]) == (int(effect), int(effect))
    assert list(net.ledger.placed()) == []


def test_no_answer_at_all_has_no_effect_either(net: Network) -> None:
    net.faults.rest_next("timeout")
    with pytest.raises(RestFault):
        rest(net, "POST", "Calls.json", *ORDER)
    assert list(net.ledger.placed()) == []


def test_ringing_and_answered_are_swapped(net: Network, app: App) -> None:
    net.faults.swap_next("ringing", "in-progress")
    agent_call(net, app)
    assert statuses(app) == ["initiated", "in-progress", "ringing", "completed"]
    assert [t["SequenceNumber"] for t in app.told("/status")] == ["0", "2", "1", "3"]


def test_a_swap_whose_partner_never_comes_is_delivered_late(net: Network, app: App) -> None:
    net.faults.swap_next("completed", "in-progress")
    agent_call(net, app)
    assert statuses(app)[-1] == "completed"


def test_news_is_dropped_or_late(net: Network, app: App) -> None:
    net.faults.drop_next("status", event="ringing")
    net.faults.delay_next("status", 30, event="in-progress")
    agent_call(net, app)
    assert statuses(app) == ["initiated", "completed", "in-progress"]
    assert [(lost.event, lost.kind) for lost in net.ledger.lost] == [("ringing", "status")]


def test_a_participant_join_is_dropped(net: Network, app: App) -> None:
    room = '<Conference statusCallback="/conference" statusCallbackEvent="join leave">r</Conference>'
    app.pages["/voice"] = f"<Dial>{room}</Dial>"
    net.faults.drop_next("conference", event="participant-join")
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(5)
    caller.hangs_up()
    assert [t["StatusCallbackEvent"] for t in app.told("/conference")] == ["participant-leave"]


@pytest.mark.parametrize(
    "fault",
    [Fault("drop", "voice"), Fault("reorder", "voice"), Fault("429", "voice"), Fault("drop", "rest")],
)
def test_faults_that_make_no_sense_are_refused(net: Network, fault: Fault) -> None:
    with pytest.raises(ValueError, match=r"Voice|strike"):
        net.faults.add(fault)


def unlucky(seed: int) -> list[tuple[str, str]]:
    """Return what arrived, in order, in a world with this seed in which much goes wrong."""
    app = App({"/status": twiml("")})
    net = Network(app, settings=Settings(seed=seed, calls_per_second=10))
    net.number(HOTLINE, f"{HOST}/voice")
    for effect in ("duplicate", "delay", "drop", "reorder"):
        net.faults.add(Fault(effect, "status", probability=0.3, delay=(1, 9)))
    net.faults.add(Fault("duplicate", "voice", probability=0.3))
    app.pages["/agent"] = "<Say>Hello</Say>"
    for number in range(8):
        address = f"+861390013900{number}"
        net.phone(address).answers(number)
        order(net, address)
    net.run_for(90)
    return [(delivery.params["To"], delivery.params["CallStatus"]) for delivery in net.ledger.webhooks]


# tests read as conversations: the same seed and the same script give the same misfortunes.
def test_misfortunes_are_the_same_for_the_same_seed() -> None:
    assert unlucky(1) == unlucky(1)
    assert unlucky(1) != unlucky(2)


# Error 20429: too many concurrent requests; never processed.
def test_429_is_refused_without_effect(net: Network) -> None:
    net.faults.rest_next("429")
    status, problem = rest(net, "POST", "Calls.json", ("To", AGENT), ("From", HOTLINE), ("Url", HOST))
    assert (status, problem["code"]) == (429, 20429)
    assert net.world.calls == {}


def test_500_after_accept_has_placed_the_call(net: Network) -> None:
    net.faults.rest_next("500-after-accept")
    assert rest(net, "POST", "Calls.json", ("To", AGENT), ("From", HOTLINE), ("Url", HOST))[0] == 500
    assert [life.to for life in net.ledger.placed()] == [AGENT]
    assert [(r.status, r.fault) for r in net.ledger.requests] == [(201, "500-after-accept")]


@pytest.mark.parametrize("effect", ["timeout-after-accept", "reset"])
def test_a_lost_answer_has_placed_the_call(net: Network, effect: str) -> None:
    net.faults.rest_next("timeout-after-accept" if effect == "timeout-after-accept" else "reset")
    with pytest.raises(RestFault, match=effect):
        rest(net, "POST", "Calls.json", ("To", AGENT), ("From", HOTLINE), ("Url", HOST))
    assert [life.to for life in net.ledger.placed(to=AGENT)] == [AGENT]


# reliability.md, B2: a listing may lag behind.
def test_a_listing_may_lag_behind(net: Network) -> None:
    net.faults.list_lag = 90
    sids = {order(net, f"+861390013900{n}") for n in range(9)}
    shown = []
    for _ in range(4):
        shown.append({call["sid"] for call in rest(net, "GET", "Calls.json")[1]["calls"]})
        net.run_for(30)
    assert shown[0] < shown[1] < shown[2] < shown[3] == sids
    assert all(rest(net, "GET", f"Calls/{sid}.json")[0] == 200 for sid in sids)


def test_a_fault_is_over_when_it_is_removed(net: Network, app: App) -> None:
    fault = net.faults.add(Fault("drop", "status"))
    agent_call(net, app)
    net.faults.remove(fault)
    agent_call(net, app)
    assert statuses(app) == ["initiated", "ringing", "in-progress", "completed"]


def test_faults_are_cleared(net: Network, app: App) -> None:
    net.faults.add(Fault("drop", "status"))
    net.faults.swap_next("ringing", "in-progress")
    net.faults.clear()
    agent_call(net, app)
    assert statuses(app) == ["initiated", "ringing", "in-progress", "completed"]


# A proxy that repeats a request: two calls, of which the application knows one SID; both send their webhooks.
def test_a_request_may_have_its_effect_twice(net: Network, app: App) -> None:
    net.faults.rest_next("twice")
    sid = order(net, AGENT)
    net.run_for(10)
    sids = {life.sid for life in net.ledger.lives.values()}
    assert len(sids) == 2 and sid in sids
    assert {told["CallSid"] for told in app.told("/status")} == sids

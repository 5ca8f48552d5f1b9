"""Telephones and their owners; the ledger that judges."""

import re

import pytest

from callcenter.simulator import Network, NotHeard, answers, rings_out
from callcenter.simulator.addresses import CADENCES, cadence_of, country_of, is_callable, rings_within
from tests.simulator.app import App
from tests.simulator.asking import order
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

PROMPT = '<Gather numDigits="1" action="/accept" timeout="10"><Say>Accept with 1.</Say></Gather>'


def test_one_behaviour_for_each_call_the_last_is_kept_up(net: Network, app: App) -> None:
    app.pages["/agent"] = ""
    net.phone(AGENT).will(rings_out(), answers(rings=2))
    for _ in range(3):
        order(net, AGENT, "/agent", ("Timeout", "10"))
        net.run_for(30)
    assert [ring.result for ring in net.ledger.rings_of(AGENT)] == ["no-answer", "answered", "answered"]
    assert [ring.rings for ring in net.ledger.rings_of(AGENT)][1:] == [2, 2]


def test_a_person_presses_after_the_prompt_began(net: Network, app: App) -> None:
    app.pages |= {"/agent": PROMPT, "/accept": PROMPT}
    net.phone(AGENT).answers(2, presses=("1", "2"))
    order(net, AGENT)
    net.run_for(20)
    assert [told["Digits"] for told in app.told("/accept")] == ["1", "2"]


def test_a_person_presses_at_a_time_and_hangs_up_after_a_while(net: Network, app: App) -> None:
    app.pages |= {"/agent": PROMPT, "/accept": "<Pause length='60'/>"}
    net.phone(AGENT).will(answers(2, presses_at=((4.0, "1"),), hangs_up_after=20))
    order(net, AGENT)
    net.run_for(60)
    assert len(app.told("/accept")) == 1
    assert (net.phone(AGENT).handset.call.seconds, net.phone(AGENT).handset.ended_by) == (20, "person")


# telephony.md 11, 3: a voicemail answers, hears everything and presses nothing.
def test_a_voicemail_answers_and_presses_nothing(net: Network, app: App) -> None:
    app.pages |= {"/agent": PROMPT + PROMPT + PROMPT + PROMPT, "/accept": ""}
    net.phone(AGENT).has_voicemail(after=20, tape=30)
    order(net, AGENT)
    net.run_for(90)
    voicemail = net.phone(AGENT).handset
    assert voicemail.heard("Accept with 1.")
    assert (voicemail.call.seconds, voicemail.ended_by) == (30, "person")
    assert app.told("/accept") == []


def test_a_telephone_is_taken_up_or_refused_by_hand(net: Network, app: App) -> None:
    app.pages |= {"/agent": PROMPT, "/accept": ""}
    order(net, AGENT)
    agent = net.phone(AGENT).rings()
    agent.waits(7)
    agent.picks_up()
    agent.hears("Accept")
    agent.press("1")
    agent.ends()
    order(net, AGENT)
    net.phone(AGENT).rings().declines()
    first, second = net.ledger.rings_of(AGENT)
    assert (first.result, first.seconds, second.result) == ("answered", 7.0, "declined")


def test_a_telephone_that_does_not_ring_is_a_failure(net: Network) -> None:
    with pytest.raises(NotHeard, match=r"王 \(\+8613900139001\) did not ring"):
        net.phone(AGENT, "王").rings(within=5)


def test_an_engaged_telephone_is_busy_and_a_switchboard_has_more_lines(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Pause length='60'/>"
    net.phone(AGENT).answers(2)
    order(net, AGENT)
    net.run_for(10)
    order(net, AGENT)
    net.run_for(5)
    assert [ring.result for ring in net.ledger.rings_of(AGENT)] == ["answered"]
    assert app.told("/status")[-1]["CallStatus"] == "busy"
    net.phone(AGENT).phone.lines = 2
    order(net, AGENT)
    net.run_for(10)
    assert [ring.result for ring in net.ledger.rings_of(AGENT)] == ["answered", "answered"]


def test_of_two_calls_at_the_same_moment_one_rings(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Pause length='60'/>"
    net.phone(AGENT).answers(2)
    order(net, AGENT)
    order(net, AGENT)
    net.run_for(10)
    assert len(net.ledger.rings_of(AGENT)) == 1
    assert sorted(told["CallStatus"] for told in app.told("/status"))[:1] == ["busy"]


# A caller's own telephone is engaged while he is on the line: calling him back then finds it busy.
def test_a_caller_is_busy_while_he_calls(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Pause length='1'/><Say>Hello</Say><Pause length='60'/>"
    net.phone(CALLER).answers(2)
    net.phone(CALLER).dials(HOTLINE).hears("Hello")
    order(net, CALLER)
    net.run_for(5)
    assert app.told("/status")[-1]["CallStatus"] == "busy"


def test_scripted_keys_follow_the_prompts_and_may_wait(net: Network, app: App) -> None:
    app.pages["/voice"] = '<Gather numDigits="1" action="/two"><Say>One of these please.</Say></Gather>'
    app.pages["/two"] = '<Gather numDigits="1" action="/three" timeout="30"><Say>And another.</Say></Gather>'
    app.pages["/three"] = ""
    caller = net.phone(CALLER).dials(HOTLINE, presses=("3", "~10", "4"))
    caller.ends()
    assert (app.told("/two")[0]["Digits"], app.told("/three")[0]["Digits"]) == ("3", "4")
    [first, second] = [m.began for m in caller.call.ear.moments if m.kind == "pressed"]
    assert second - first > 10


def test_hearing_goes_forward_and_takes_patterns(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Your ticket is 261123001.</Say><Say>Goodbye.</Say>"
    caller = net.phone(CALLER).dials(HOTLINE)
    assert caller.hears(re.compile(r"\d{9}")) == "Your ticket is 261123001."
    caller.hears("Goodbye")
    assert caller.words == "Your ticket is 261123001.\nGoodbye."
    with pytest.raises(NotHeard):
        caller.hears("ticket", within=1)


# "Within three rings": floor(seconds / cycle) + 1, by the country's cadence (E.180, Asterisk's table).
@pytest.mark.parametrize(
    ("number", "seconds", "rings"),
    [
        ("+8613900139001", 0.0, 1),
        ("+8613900139001", 4.99, 1),
        ("+8613900139001", 5.0, 2),
        ("+8613900139001", 14.9, 3),
        ("+8613900139001", 15.0, 4),
        ("+12125550100", 17.9, 3),
        ("+12125550100", 18.0, 4),
        ("+442075550100", 9.0, 4),
        ("+85225550100", 11.9, 3),
        ("+34915550100", 13.4, 3),
        ("client:abc", 14.9, 3),
    ],
)
def test_rings_are_counted_by_the_countrys_cadence(number: str, seconds: float, rings: int) -> None:
    assert rings_within(seconds, cadence_of(number)) == rings


def test_a_softphone_rings_as_the_line_does(net: Network, app: App) -> None:
    net.number("+12125550100", "https://hotline.example.com/voice")
    net.phone("client:abc").answers(5.5)
    app.pages["/agent"] = ""
    for number in (HOTLINE, "+12125550100"):
        order(net, "client:abc", "/agent", ("From", number))
        net.run_for(30)
    assert [(ring.from_, ring.rings) for ring in net.ledger.rings] == [(HOTLINE, 2), ("+12125550100", 1)]


def test_addresses() -> None:
    assert {cadence.cycle for cadence in CADENCES.values()} == {3.0, 4.0, 4.5, 5.0, 6.0}
    assert [country_of(a) for a in (AGENT, "+12125550100", "+85225550100", "anonymous")] == [
        "CN",
        "US",
        "HK",
        "",
    ]
    assert [is_callable(a) for a in (AGENT, "client:a_b1", "sip:a@b.c", "client:a-b", "12", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]

"""Calls by REST: placing, the account's queue, ending, redirecting, listing, refusals."""

from datetime import UTC, datetime

import pytest

from callcenter.simulator import Network, Settings, VirtualClock, answers
from tests.simulator.app import HOST, App
from tests.simulator.asking import order, redirect, rest, status_of, update
from tests.simulator.conftest import AGENT, CALLER, HOTLINE


# Twilio, "Call resource": the reply is 201 with strings or null; no `initiated`; queue_time in milliseconds.
def test_a_placed_call_is_described(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Say>Hello</Say><Pause length='30'/>"
    net.phone(AGENT).answers(4)
    sid = order(net, AGENT)
    call = rest(net, "GET", f"Calls/{sid}.json")[1]
    assert (call["status"], call["start_time"], call["direction"]) == ("queued", None, "outbound-api")
    net.run_for(3)
    assert status_of(net, sid) == "ringing"
    net.run_for(3)
    call = rest(net, "GET", f"Calls/{sid}.json")[1]
    assert (call["status"], call["duration"]) == ("in-progress", None)
    net.run_for(60)
    call = rest(net, "GET", f"Calls/{sid}.json")[1]
    assert (call["status"], call["duration"]) == ("completed", "30")
    assert call["start_time"] == "Mon, 23 Nov 2026 01:30:05 +0000"
    assert call["to"] == AGENT


# Twilio, "High-volume voice": one call a second leaves the account's queue; the excess waits.
def test_calls_leave_the_queue_at_the_accounts_pace(app: App) -> None:
    net = Network(app, settings=Settings(calls_per_second=1.0))
    net.number(HOTLINE, f"{HOST}/voice")
    sids = [order(net, f"+861390013900{n}") for n in range(4)]
    net.run_for(0.5)
    assert [status_of(net, sid) for sid in sids] == ["ringing", "queued", "queued", "queued"]
    net.run_for(2)
    assert [status_of(net, sid) for sid in sids] == ["ringing", "ringing", "ringing", "queued"]
    assert rest(net, "GET", f"Calls/{sids[2]}.json")[1]["queue_time"] == "2000"


# Twilio, "TwiML: CallStatus": canceled while queued → no callback at all.
def test_a_call_cancelled_in_the_queue_is_told_to_nobody(net: Network, app: App) -> None:
    sid = order(net, AGENT)
    assert update(net, sid, ("Status", "canceled"))[1]["status"] == "canceled"
    net.run_for(30)
    assert app.told("/status") == []
    assert net.ledger.rings_of(AGENT) == []


# A terminal status is never left again (Twilio, "Call resource: status values").
def test_a_call_cancelled_as_it_leaves_the_queue_is_over(net: Network, app: App) -> None:
    sid = order(net, AGENT)
    call = net.world.calls[sid]

    def cancels() -> None:
        if call.process is not None and call.live:
            update(net, sid, ("Status", "canceled"))

    net.after_each(cancels)
    net.run_for(30)
    assert [status for _, status in call.history] == ["queued", "canceled"]
    assert status_of(net, sid) == "canceled"
    assert net.live_calls() == []
    assert net.ledger.rings_of(AGENT) == []


# Twilio, "Call resource: update": canceled reaches queued and ringing calls, and not those in progress.
def test_canceled_stops_ringing_and_spares_a_talk(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Say>Hello</Say><Pause length='30'/>"
    sid = order(net, AGENT)
    net.run_for(5)
    assert update(net, sid, ("Status", "canceled"))[1]["status"] == "canceled"
    net.run_for(1)
    final = app.told("/status")[-1]
    assert (final["CallStatus"], final["SipResponseCode"], final["CallDuration"]) == ("canceled", "487", "0")
    assert net.ledger.rings_of(AGENT)[0].result == "canceled"
    net.phone(AGENT).answers(2)
    sid = order(net, AGENT)
    net.run_for(5)
    assert update(net, sid, ("Status", "canceled")) == (200, rest(net, "GET", f"Calls/{sid}.json")[1])
    assert status_of(net, sid) == "in-progress"
    assert update(net, sid, ("Status", "completed"))[1]["status"] == "completed"
    assert net.phone(AGENT).handset.ended_by == "rest"


# Twilio, "Call resource: SendDigits": "keys to dial after connecting to the number", then the document.
def test_keys_reach_an_extension_behind_a_switchboard(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Gather action='/pressed' numDigits='1' timeout='30'><Say>Press 1</Say></Gather>"
    app.pages["/pressed"] = "<Say>Thank you</Say>"
    net.phone(AGENT).will(answers(1, presses_at=((1.0, "1"),), extension="801"))
    order(net, AGENT, "/agent", ("SendDigits", "wwww801"))
    person = net.phone(AGENT).rings()
    person.hears("Thank you")
    tones = [moment.began for moment in person.call.ear.moments if moment.kind == "tone"]
    assert person.call.answered is not None
    assert (len(tones), tones[0] - person.call.answered) == (3, pytest.approx(2.0))


def test_a_switchboard_that_is_told_no_extension_puts_nobody_through(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Pause length='60'/>"
    net.phone(AGENT).will(answers(1, presses="1", extension="801"))
    sid = order(net, AGENT, "/agent", ("SendDigits", "ww802"))
    net.run_for(30)
    assert status_of(net, sid) == "completed"


# Twilio, error 21206: "Ensure the SendDigits parameter only contains the characters: 0123456789ABCD*#wW."
@pytest.mark.parametrize("keys", ["801,1", "p801", "1" * 33, "w٠"])
def test_keys_that_do_not_exist_are_refused(net: Network, keys: str) -> None:
    form = (("To", AGENT), ("From", HOTLINE), ("Url", f"{HOST}/agent"), ("SendDigits", keys))
    status, answer = rest(net, "POST", "Calls.json", *form)
    assert (status, answer["code"]) == (400, 21206)


# The race of telephony.md 11, 10: a person picks up in the moment of the cancel; whoever came first has won.
@pytest.mark.parametrize(("cancel_after", "answered"), [(3.999, False), (4.001, True)])
def test_cancel_and_pick_up_race(net: Network, app: App, cancel_after: float, answered: bool) -> None:
    app.pages["/agent"] = "<Say>Hello</Say><Pause length='30'/>"
    net.phone(AGENT).answers(3)
    sid = order(net, AGENT)
    net.run_for(cancel_after)
    update(net, sid, ("Status", "canceled"))
    net.run_for(5)
    told = [t["CallStatus"] for t in app.told("/status")]
    assert ("in-progress" in told, "canceled" in told) == (answered, not answered)


# Error 21220: the call is not in progress: it has ended, or does not talk yet.
def test_redirecting_what_is_not_in_progress_is_21220(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Say>Hello</Say>"
    net.phone(AGENT).answers(2)
    sid = order(net, AGENT)
    assert redirect(net, sid, "/agent")[1]["code"] == 21220
    net.run_for(30)
    assert status_of(net, sid) == "completed"
    status, problem = redirect(net, sid, "/agent")
    assert (status, problem["code"], problem["status"]) == (400, 21220, 400)
    assert problem["more_info"] == "https://www.twilio.com/docs/errors/21220"
    assert update(net, sid, ("Status", "completed"))[1]["code"] == 21220


# Twilio, "Call resource": Timeout, and up to 5 s more.
def test_the_timeout_may_last_five_seconds_longer(net: Network, app: App) -> None:
    for number in range(6):
        order(net, f"+861390013901{number}", "/agent", ("Timeout", "20"))
    net.run_for(40)
    rang = [ring.seconds or 0 for ring in net.ledger.rings]
    assert len(rang) == 6
    assert all(19 <= seconds <= 24 for seconds in rang)
    assert len(set(rang)) > 1


# Twilio, "Call resource": TimeLimit ends a talk; Twiml may be given inline, then actions must be absolute.
def test_a_call_with_inline_twiml_and_a_time_limit(net: Network, app: App) -> None:
    net.phone(AGENT).answers(1)
    twiml = ("Twiml", "<Response><Say>Inline</Say><Pause length='100'/></Response>")
    form = (("To", AGENT), ("From", HOTLINE), twiml, ("TimeLimit", "20"))
    sid = rest(net, "POST", "Calls.json", *form)[1]["sid"]
    net.run_for(10)
    assert net.phone(AGENT).handset.heard("Inline")
    net.run_for(20)
    assert rest(net, "GET", f"Calls/{sid}.json")[1]["duration"] == "20"


# Twilio, "REST API errors": 20404, 20003, 21211, 21201, 21205, 21212, 21210, 32018, 20429.
@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": "12", "From": HOTLINE, "Url": HOST}, 21211),
        ({"From": HOTLINE, "Url": HOST}, 21201),
        ({"To": AGENT, "Url": HOST}, 21213),
        ({"To": AGENT, "From": "12", "Url": HOST}, 21212),
        ({"To": AGENT, "From": CALLER, "Url": HOST}, 21210),
        ({"To": AGENT, "From": HOTLINE}, 21205),
        ({"To": AGENT, "From": HOTLINE, "Url": "/voice"}, 21205),
        ({"To": AGENT, "From": HOTLINE, "Twiml": "x" * 4001}, 32018),
        ({"To": AGENT, "From": HOTLINE, "Url": HOST, "StatusCallback": "https://a_b.example.com/"}, 21609),
    ],
)
def test_a_wrong_order_is_refused(net: Network, form: dict[str, str], code: int) -> None:
    status, problem = rest(net, "POST", "Calls.json", *form.items())
    assert (status, problem["code"]) == (400, code)
    assert net.world.calls == {}


def test_strangers_and_unknown_things_are_refused(net: Network) -> None:
    path = f"/2010-04-01/Accounts/{net.world.settings.account_sid}/Calls.json"
    for auth in (None, (net.world.settings.account_sid, "wrong"), ("AC0", net.world.settings.auth_token)):
        status, problem = net.rest.handle("GET", path, (), auth)
        assert (status, problem and problem["code"]) == (401, 20003)
    assert rest(net, "GET", "Calls/CA0.json")[1]["code"] == 20404
    assert rest(net, "GET", "Nothing.json")[0] == 404


# Twilio, "Call resource: list": newest first; To, Status, StartTime by UTC day; a queued call has no start.
def test_calls_are_listed_by_page_and_filter(app: App) -> None:
    clock = VirtualClock(datetime(2026, 11, 23, 23, 59, 58, tzinfo=UTC))
    net = Network(app, clock=clock, settings=Settings(calls_per_second=1.0))
    net.number(HOTLINE, f"{HOST}/voice")
    sids = [order(net, f"+861390013900{n}") for n in range(5)]
    net.run_for(3.5)
    page = rest(net, "GET", "Calls.json?PageSize=2")[1]
    assert [c["sid"] for c in page["calls"]] == [sids[4], sids[3]]
    assert (page["page"], page["page_size"], page["start"], page["end"]) == (0, 2, 0, 1)
    assert page["previous_page_uri"] is None
    second = rest(net, "GET", page["next_page_uri"].split("/", 4)[-1])[1]
    assert [c["sid"] for c in second["calls"]] == [sids[2], sids[1]]
    days = {
        day: rest(net, "GET", f"Calls.json?StartTime={day}")[1]["calls"]
        for day in ("2026-11-23", "2026-11-24")
    }
    assert [[c["sid"] for c in rows] for rows in days.values()] == [[sids[1], sids[0]], [sids[3], sids[2]]]
    assert [c["sid"] for c in rest(net, "GET", "Calls.json?Status=queued")[1]["calls"]] == [sids[4]]
    to = rest(net, "GET", "Calls.json?To=%2B8613900139001")[1]["calls"]
    assert [c["sid"] for c in to] == [sids[1]]
    after = rest(net, "GET", "Calls.json?StartTime%3E=2026-11-24")[1]["calls"]
    assert [c["sid"] for c in after] == [sids[3], sids[2]]


# Twilio, "Answering machine detection": synchronous detection delays the first document by about 4 s.
def test_a_machine_is_detected_before_the_document(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Say>Hello</Say>"
    net.phone(AGENT).has_voicemail(after=5)
    net.phone(CALLER).answers(5)
    for number in (AGENT, CALLER):
        order(net, number, "/agent", ("MachineDetection", "Enable"))
    net.run_for(30)
    assert [told["AnsweredBy"] for told in app.told("/agent")] == ["machine_start", "human"]
    assert net.phone(AGENT).handset.silences() != []


# Twilio, "IncomingPhoneNumber resource": VoiceUrl, VoiceFallbackUrl, StatusCallback.
def test_a_number_is_pointed_elsewhere(net: Network, app: App) -> None:
    [number] = rest(net, "GET", "IncomingPhoneNumbers.json?PhoneNumber=%2B861055550100")[1][
        "incoming_phone_numbers"
    ]
    changed = rest(
        net,
        "POST",
        f"IncomingPhoneNumbers/{number['sid']}.json",
        ("VoiceUrl", f"{HOST}/new"),
        ("StatusCallback", ""),
    )[1]
    assert (changed["voice_url"], changed["status_callback"]) == (f"{HOST}/new", "")
    assert changed["voice_fallback_url"] == f"{HOST}/fallback"
    app.pages["/new"] = "<Say>New</Say>"
    net.phone(CALLER).dials(HOTLINE).hears("New")

"""What the application is told of the calls that it places."""

from email.utils import parsedate_to_datetime

import pytest

from callcenter.simulator import (
    Network,
    VirtualClock,
    WebhookResponse,
    answers,
    busy,
    declines,
    rings_out,
    unreachable,
)
from callcenter.simulator.behaviours import Behaviour
from tests.simulator.app import App
from tests.simulator.asking import order
from tests.simulator.conftest import AGENT


# Twilio, "Call resource: status callbacks": initiated, ringing, answered (CallStatus in-progress), completed.
def test_the_four_events_come_in_order(net: Network, app: App) -> None:
    app.pages["/agent"] = "<Say>Hello</Say><Pause length='61'/>"
    net.phone(AGENT).answers(6)
    order(net, AGENT)
    net.run_for(90)
    told = app.told("/status")
    assert [t["CallStatus"] for t in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [t["SequenceNumber"] for t in told] == ["0", "1", "2", "3"]
    assert {t["CallbackSource"] for t in told} == {"call-progress-events"}
    assert {t["Direction"] for t in told} == {"outbound-api"}
    final = told[-1]
    assert (final["CallDuration"], final["Duration"], final["SipResponseCode"]) == ("61", "2", "200")
    assert "CallDuration" not in told[0]


# telephony.md 8: RFC 2822 has whole seconds; ring time is the difference of two stamps, within a second.
def test_time_stamps_are_rfc_2822_in_whole_seconds(net: Network, app: App) -> None:
    app.pages["/agent"] = ""
    net.phone(AGENT).answers(6.4)
    order(net, AGENT)
    net.run_for(30)
    stamps = {t["CallStatus"]: parsedate_to_datetime(t["Timestamp"]) for t in app.told("/status")}
    assert app.told("/status")[0]["Timestamp"] == "Mon, 23 Nov 2026 01:30:00 +0000"
    measured = (stamps["in-progress"] - stamps["ringing"]).total_seconds()
    [ring] = net.ledger.rings_of(AGENT)
    assert ring.seconds == pytest.approx(6.4)
    assert abs(measured - 6.4) < 1


# Captured no-answer: only `completed` subscribed → SequenceNumber=0, CallDuration=0, SipResponseCode=487.
@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        (rings_out(), "no-answer", "487"),
        (busy(), "busy", "486"),
        (unreachable(), "failed", "404"),
        (declines(3), "busy", "486"),
        (declines(3, how="canceled"), "canceled", "487"),
    ],
)
def test_a_call_that_fails_says_why(
    net: Network, app: App, behaviour: Behaviour, status: str, code: str
) -> None:
    net.phone(AGENT).will(behaviour)
    order(net, AGENT, "/agent", ("Timeout", "10"), events=())
    net.run_for(30)
    [final] = app.told("/status")
    assert (final["CallStatus"], final["SipResponseCode"], final["SequenceNumber"]) == (status, code, "0")
    assert (final["CallDuration"], final["Duration"]) == ("0", "0")


# Seen in the wild: with ringing, answered and completed subscribed, completed carried SequenceNumber=3.
def test_numbers_skip_events_that_nobody_asked_for(net: Network, app: App) -> None:
    app.pages["/agent"] = ""
    net.phone(AGENT).answers(2)
    order(net, AGENT, events=("ringing", "answered", "completed"))
    net.run_for(30)
    assert [t["SequenceNumber"] for t in app.told("/status")] == ["1", "2", "3"]


# telephony.md 8: `ringing` may be missing; the telephone rang all the same.
def test_a_carrier_that_does_not_report_ringing(net: Network, app: App) -> None:
    app.pages["/agent"] = ""
    net.phone(AGENT).will(answers(4, reports_ringing=False))
    order(net, AGENT)
    net.run_for(30)
    assert [t["CallStatus"] for t in app.told("/status")] == ["initiated", "in-progress", "completed"]
    [ring] = net.ledger.rings_of(AGENT)
    assert (ring.reported, ring.seconds) == (False, 4.0)


# telephony.md 8: for clients `ringing` comes even when the device is unreachable.
def test_a_softphone_that_is_not_there_is_reported_ringing(net: Network, app: App) -> None:
    net.phone("client:abc").is_unreachable()
    order(net, "client:abc", "/agent", ("Timeout", "10"))
    net.run_for(30)
    assert [t["CallStatus"] for t in app.told("/status")] == ["initiated", "ringing", "no-answer"]
    assert net.ledger.rings == []


# Twilio, "Call resource": StatusCallbackEvent is a repeated parameter, not a list in one.
def test_events_in_one_parameter_are_found(doubted: Network, app: App) -> None:
    order(doubted, AGENT, events=("initiated ringing answered completed",))
    assert [f.code for f in doubted.warnings] == [21626]


# Error 15003: the answer to a status callback is 204, or 200 with XML; 11200 and 11205 as everywhere.
@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (WebhookResponse(204, None), []),
        (WebhookResponse(200, "text/xml", b"<Response/>"), []),
        (WebhookResponse(200, "text/plain", b"ok"), [15003]),
        (WebhookResponse(200, "application/json", b"{}"), [15003]),
        (WebhookResponse(500, "text/html"), [11200]),
    ],
)
def test_a_bad_answer_to_news_is_found_and_changes_nothing(
    doubted: Network, app: App, answer: WebhookResponse, codes: list[int]
) -> None:
    app.pages |= {"/agent": "<Say>Hello</Say>", "/status": answer}
    doubted.phone(AGENT).answers(2)
    order(doubted, AGENT, events=("completed",))
    doubted.run_for(30)
    assert [finding.code for finding in doubted.warnings] == codes
    assert doubted.phone(AGENT).handset.heard("Hello")


def test_the_clock_must_know_its_zone() -> None:
    from datetime import datetime

    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(datetime(2026, 11, 23))  # noqa: DTZ001

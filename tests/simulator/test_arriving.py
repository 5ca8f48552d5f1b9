"""Incoming calls: what the first webhook says, and how calls end that were hardly begun."""

from callcenter.simulator import Network
from tests.simulator.app import App, twiml
from tests.simulator.conftest import CALLER, HOTLINE

EXPECTED = {
    "AccountSid",
    "ApiVersion",
    "CallSid",
    "CallStatus",
    "CallToken",
    "Called",
    "Caller",
    "Direction",
    "From",
    "FromCountry",
    "To",
    "ToCountry",
}


# Twilio, "TwiML: request parameters": CA and AC + 32 hex; first inbound request: ringing, inbound.
def test_the_first_webhook_carries_what_twilio_sends(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Hello</Say>"
    caller = net.phone(CALLER).dials(HOTLINE, ForwardedFrom="+861055550111")
    caller.hears("Hello")
    [sent] = app.told("/voice")
    assert set(sent) >= EXPECTED
    assert sent["CallSid"] == caller.sid
    assert len(caller.sid) == 34
    assert (sent["From"], sent["To"]) == (CALLER, HOTLINE)
    assert (sent["CallStatus"], sent["Direction"], sent["ApiVersion"]) == ("ringing", "inbound", "2010-04-01")
    assert (sent["FromCountry"], sent["ForwardedFrom"]) == ("CN", "+861055550111")
    assert "ParentCallSid" not in sent
    caller.ends()


# Twilio, "TwiML": a withheld number is text such as `anonymous`; browser calls come from `client:…`.
def test_withheld_numbers_and_browsers_call_too(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Hello</Say>"
    for address in ("anonymous", "client:0123abcd", "sip:desk@example.com"):
        net.phone(address).dials(HOTLINE).ends()
    assert [sent["From"] for sent in app.told("/voice")] == [
        "anonymous",
        "client:0123abcd",
        "sip:desk@example.com",
    ]


# telephony.md, section 11, 1: an inbound caller who gives up at once ends `no-answer`, not `completed`.
def test_a_caller_who_gives_up_before_the_first_verb_was_not_answered(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Hello</Say>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(0.33)
    caller.hangs_up()
    assert len(app.told("/voice")) == 1
    [final] = app.told("/status")
    assert (final["CallStatus"], final["CallDuration"], final["Duration"]) == ("no-answer", "0", "0")
    assert caller.ended_by == "person"


# Twilio, "TwiML": the number's own StatusCallback for inbound calls fires once, at the end.
def test_the_numbers_status_callback_fires_once_at_the_end(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Pause length='1'/><Say>Hello</Say><Pause length='62'/>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Hello")
    caller.waits(70)
    [final] = app.told("/status")
    assert (final["CallStatus"], final["CallDuration"], final["Duration"]) == ("completed", "62", "2")
    assert final["CallbackSource"] == "call-progress-events"
    assert final["SequenceNumber"] == "0"


# Twilio, "<Pause>": as the first verb it lets the call ring on; "<Reject>" refuses without picking up.
def test_a_pause_first_lets_it_ring_and_a_rejection_is_never_answered(net: Network, app: App) -> None:
    app.pages["/voice"] = '<Reject reason="busy"/>'
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.ends()
    assert (caller.status, caller.call.answered) == ("busy", None)
    app.pages["/voice"] = '<Pause length="5"/><Say>Hello</Say>'
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(3)
    assert caller.status == "ringing"
    caller.hears("Hello")
    assert caller.status == "in-progress"
    caller.ends()


def test_a_number_that_nobody_has_is_not_in_use(net: Network, app: App) -> None:
    caller = net.phone(CALLER).dials("+861055559999")
    caller.ends()
    assert (caller.status, app.received) == ("failed", [])


# Twilio, "Fallback URLs": the fallback is told ErrorCode and ErrorUrl, and may return TwiML.
def test_a_failing_application_is_replaced_by_the_fallback(doubted: Network, app: App) -> None:
    app.pages["/voice"] = twiml("").__class__(500, "text/html", b"oops")
    app.pages["/fallback"] = "<Say>Please leave a message.</Say>"
    caller = doubted.phone(CALLER).dials(HOTLINE)
    caller.hears("Please leave a message.")
    [told] = app.told("/fallback")
    assert (told["ErrorCode"], told["ErrorUrl"]) == ("11200", "https://hotline.example.com/voice")
    assert [f.code for f in doubted.warnings] == [11200]

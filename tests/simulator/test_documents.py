"""What the network makes of an answer: types, failures, redirects, the way on."""

import pytest

from callcenter.simulator import Network, WebhookRequest, WebhookResponse
from tests.simulator.app import HOST, App, twiml
from tests.simulator.conftest import CALLER, HOTLINE

SORRY = "We are sorry, an application error has occurred. Goodbye."


def codes(net: Network) -> list[int]:
    """Return the findings' codes."""
    return [finding.code for finding in net.warnings]


# Twilio, "TwiML": text/xml, application/xml, text/html are TwiML; text/plain is read aloud unless it is;
# audio is played, then hang-up. Error 12300: any other type. No Content-Type shows as an HTTP failure.
@pytest.mark.parametrize(
    ("content_type", "body", "heard", "found"),
    [
        ("text/xml", b"<Response><Say>Hello</Say></Response>", "Hello", []),
        ("application/xml; charset=utf-8", b"<Response><Say>Hello</Say></Response>", "Hello", []),
        ("text/html", b"<Response><Say>Hello</Say></Response>", "Hello", []),
        ("text/plain", b"<Response><Say>Hello</Say></Response>", "Hello", []),
        ("text/plain", b"Good morning", "Good morning", []),
        ("audio/wav", b"RIFF", "voice", []),
        ("application/json", b"{}", SORRY, [12300, 11200]),
        (None, b"<Response/>", SORRY, [11200, 11200]),
    ],
)
def test_an_answer_is_read_by_its_type(
    doubted: Network, app: App, content_type: str | None, body: bytes, heard: str, found: list[int]
) -> None:
    app.pages |= {"/voice": WebhookResponse(200, content_type, body), "/fallback": WebhookResponse(500)}
    caller = doubted.phone(CALLER).dials(HOTLINE)
    caller.hears(heard)
    caller.ends()
    assert codes(doubted) == found


# Errors 12100 (document parse failure), 11750 (body over 64 kB), 11200 (HTTP), 11205 (no connection).
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (WebhookResponse(200, "text/xml", b'\n<?xml version="1.0"?><Response/>'), 12100),
        (WebhookResponse(200, "text/xml", b"<Response><Say>"), 12100),
        (WebhookResponse(200, "text/xml", b"<response/>"), 12100),
        (WebhookResponse(200, "text/xml", b"<Response>" + b" " * 65536 + b"</Response>"), 11750),
        (WebhookResponse(503, "text/xml", b"<Response/>"), 11200),
        (WebhookResponse(200, "text/xml", b"<Response/>", seconds=15.0), 11205),
        (WebhookResponse(304, "text/xml", b""), 11216),
    ],
)
def test_an_answer_that_twilio_cannot_use_ends_the_call(
    doubted: Network, app: App, answer: WebhookResponse, code: int
) -> None:
    doubted.number(HOTLINE, f"{HOST}/voice")
    app.pages["/voice"] = answer
    caller = doubted.phone(CALLER).dials(HOTLINE)
    caller.hears(SORRY, within=20)
    caller.ends()
    assert codes(doubted) == [code]
    assert caller.status == "completed"


def test_an_application_that_is_not_there_ends_the_call_too(doubted: Network) -> None:
    def refuse(request: WebhookRequest) -> WebhookResponse:
        raise ConnectionRefusedError(request.url)

    doubted.post = refuse
    caller = doubted.phone(CALLER).dials(HOTLINE)
    caller.hears(SORRY)
    assert codes(doubted) == [11205, 11205]


# Twilio, "TwiML": an answer within 15 s is in time, connect time included.
def test_a_slow_answer_below_the_limit_is_silence_but_no_failure(net: Network, app: App) -> None:
    page = twiml("<Say>At last</Say>")
    app.pages["/voice"] = WebhookResponse(200, "text/xml", page.body, seconds=14.0)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("At last")
    assert net.clock.seconds == pytest.approx(14.35)


# Twilio, "TwiML": 301, 302, 303 and 307 are followed, at most ten times (11215).
def test_redirects_are_followed_and_signed_anew(net: Network, app: App) -> None:
    app.pages["/voice"] = WebhookResponse(307, location="/elsewhere")
    app.pages["/elsewhere"] = "<Say>Hello</Say>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Hello")
    assert [r.method for r in app.received] == ["POST", "POST"]
    assert app.told("/elsewhere")[0]["CallSid"] == caller.sid


def test_an_endless_redirect_is_given_up(doubted: Network, app: App) -> None:
    app.pages |= {"/voice": WebhookResponse(302, location="/voice"), "/fallback": "<Say>Fallback</Say>"}
    doubted.phone(CALLER).dials(HOTLINE).hears("Fallback")
    assert codes(doubted) == [11215]


# Twilio, "TwiML": relative URLs resolve against the current document; a redirect's rest is unreachable.
def test_relative_addresses_resolve_against_the_current_document(net: Network, app: App) -> None:
    app.pages |= {
        "/voice": "<Redirect>ivr/menu?lang=zh</Redirect><Say>Never</Say>",
        "/ivr/menu": '<Gather numDigits="1" action="choice"><Say>Press</Say></Gather>',
        "/ivr/choice": "<Say>Chosen</Say>",
    }
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Press")
    caller.press("1")
    caller.hears("Chosen")
    assert not caller.heard("Never")
    assert app.told("/ivr/menu")[0]["lang"] == "zh"


def test_a_document_without_verbs_ends_the_call(net: Network, app: App) -> None:
    app.pages["/voice"] = ""
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.ends()
    assert (caller.status, caller.ended_by) == ("completed", "network")


# telephony.md, section 4: Say about 4.5 Han or 14 Latin characters a second; a Play lasts as its sound does.
def test_prompts_take_their_time(net: Network, app: App) -> None:
    app.pages["/voice"] = (
        '<Say voice="Polly.Zhiyu" language="cmn-CN">您好您好您好您好您</Say><Play>/hold.wav</Play>'
    )
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("hold.wav")
    speech, sound = (m for m in caller.call.ear.moments if m.kind in ("speech", "sound"))
    assert (speech.ended or 0) - speech.began == pytest.approx(2.0)
    assert sound.planned == 20.0


def test_a_sound_is_fetched_once_and_lasts_as_long_as_it_is(app: App) -> None:
    from callcenter.simulator.recordings import Recording, sound

    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return sound(Recording("RE1", "CA1", "RecordVerb", 0.0, ended=7.0))

    net = Network(app, fetch=fetch)
    net.number(HOTLINE, f"{HOST}/voice")
    app.pages["/voice"] = '<Play loop="2">/hold.wav</Play>'
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.ends()
    assert asked == [f"{HOST}/hold.wav"]
    assert [m.planned for m in caller.call.ear.moments if m.kind == "sound"] == [7.0, 7.0]


def test_dead_air_is_told(net: Network, app: App) -> None:
    app.pages["/voice"] = '<Say>One moment</Say><Pause length="4"/><Say>Here we are</Say>'
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.ends()
    [(began, ended)] = caller.silences()
    assert ended - began == pytest.approx(4.0)
    assert "silence" in caller.transcript()

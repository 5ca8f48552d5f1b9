"""Twilio's debugger: what it warns of is found, what it refuses fails the call."""

import pytest

from callcenter.simulator import Network
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.twiml.checks import doubts
from callcenter.simulator.twiml.document import parse
from callcenter.simulator.twiml.voices import too_long
from tests.simulator.app import HOST, App
from tests.simulator.asking import rest
from tests.simulator.conftest import AGENT, CALLER, HOTLINE


def found(verbs: str, place: str = "call", url: str = f"{HOST}/voice") -> list[tuple[int, bool]]:
    """Return (code, fatal) of everything wrong with these verbs."""
    return [(d.code, d.fatal) for d in doubts(parse(f"<Response>{verbs}</Response>", url), place)]


GOOD = [
    '<Say voice="Polly.Zhiyu" language="cmn-CN">您好</Say>',
    '<Say voice="Polly.Zhiyu-Neural">您好</Say>',
    '<Say voice="Google.cmn-CN-Standard-A" language="cmn-CN">您好</Say>',
    '<Say voice="alice" language="zh-CN">您好</Say>',
    '<Say voice="Polly.Joanna-Neural" language="en-US"><prosody rate="90%">Hello</prosody></Say>',
    '<Gather input="dtmf speech" speechTimeout="auto" finishOnKey="" hints="a,b"><Pause/></Gather>',
    '<Dial timeout="600" record="record-from-answer-dual" ringTone="cn">+8613900139001</Dial>',
    '<Dial><Client statusCallback="/l" statusCallbackEvent="ringing"><Identity>a</Identity></Client></Dial>',
    '<Dial><Conference beep="onEnter" waitUrl="">room</Conference></Dial>',
    "<Hangup/><Say>Behind the end, never heard</Say>",
    '<Redirect method="GET">/next</Redirect>',
    '<Play digits="1w2"/>',
]


@pytest.mark.parametrize("verbs", GOOD)
def test_good_documents_raise_no_doubt(verbs: str) -> None:
    assert found(verbs) == []


# Error 12200 (schema): names are case-sensitive; unknown verbs, attributes, values, nestings.
@pytest.mark.parametrize(
    "verbs",
    [
        "<say>Hello</say>",
        "<Sing>Hello</Sing>",
        '<Say volume="3">Hello</Say>',
        '<Say loop="often">Hello</Say>',
        '<Gather num_digits="1"/>',
        '<Gather numDigits="0"/>',
        '<Gather timeout="-1"/>',
        '<Gather input="keys"/>',
        "<Gather><Redirect>/x</Redirect></Gather>",
        '<Gather method="PUT"/>',
        '<Gather actionOnEmptyResult="yes"/>',
        '<Pause length="x"/>',
        '<Dial timeout="4">+8613900139001</Dial>',
        '<Dial timeout="601">+8613900139001</Dial>',
        '<Dial timeLimit="14401">+8613900139001</Dial>',
        '<Dial record="always">+8613900139001</Dial>',
        '<Dial><Number statusCallbackEvent="initiated,ringing">+8613900139001</Number></Dial>',
        '<Dial><Number statusCallback="https://my_host.example.com/x">+8613900139001</Number></Dial>',
        '<Dial><Conference maxParticipants="251">r</Conference></Dial>',
        '<Dial><Conference statusCallbackEvent="started">r</Conference></Dial>',
        f'<Dial><Conference participantLabel="{"x" * 129}">r</Conference></Dial>',
        f"<Enqueue>{'q' * 65}</Enqueue>",
        '<Enqueue maxQueueSize="5001">q</Enqueue>',
        "<Say>Hello</Say><Reject/>",
        '<Reject reason="tired"/>',
        f'<Gather hints="{"x" * 101}"/>',
        "<Leave/>",
        "<Say>Hello</Say><Leave/>",
    ],
)
def test_what_twilio_would_warn_of_is_found(verbs: str) -> None:
    assert found(verbs) == [(12200, False)]


# Error 12100: a document that is not well-formed, or has another root.
@pytest.mark.parametrize("document", ["<Response><Say>", "<Response/><Response/>", "", "<response/>"])
def test_what_cannot_be_parsed_is_refused(document: str) -> None:
    with pytest.raises(TwimlFailure, match="12100"):
        parse(document, HOST)


# Errors 13512 (voice), 13520 and 13521 (text), 13311 (finishOnKey), 13215 and 13216 (Dial), 13220, 11100.
@pytest.mark.parametrize(
    ("verbs", "code", "fatal"),
    [
        ('<Say voice="Polly.Zhiyu" language="zh-CN">您好</Say>', 13512, False),
        ('<Say voice="Polly.Joanna" language="cmn-CN">您好</Say>', 13512, False),
        ('<Say voice="Polly.Nobody">Hello</Say>', 13512, False),
        ('<Say voice="Zhiyu">Hello</Say>', 13512, False),
        ('<Say language="cmn-CN">您好</Say>', 13512, False),
        ("<Say></Say>", 13520, False),
        (f"<Say>{'您' * 501}</Say>", 13521, True),
        ('<Gather finishOnKey="##"/>', 13311, False),
        ("<Dial><Say>Hello</Say></Dial>", 13215, True),
        ("<Dial/>", 13215, True),
        ("<Dial><Conference>r</Conference><Number>+8613900139001</Number></Dial>", 13215, True),
        ("<Dial>" + "<Client>a</Client>" * 11 + "</Dial>", 13216, True),
        ("<Dial><Conference></Conference></Dial>", 13220, True),
        ("<Play></Play>", 11100, True),
        ('<Gather action="ftp://example.com/x"/>', 11100, True),
    ],
)
def test_what_twilio_has_a_code_for_is_found_by_it(verbs: str, code: int, fatal: bool) -> None:
    assert found(verbs) == [(code, fatal)]


# telephony.md, section 4: basic 4096, Polly 3000, Google 5000 characters, and URL-encoded text ≤ 4500 bytes;
# a Han character encodes to 9.
@pytest.mark.parametrize(
    ("voice", "text", "refused"),
    [
        ("Polly.Joanna", "a" * 3000, False),
        ("Polly.Joanna", "a" * 3001, True),
        ("", "a" * 4096, False),
        ("", "a" * 4097, True),
        ("Google.en-US-Standard-A", "a" * 4500, False),
        ("Google.en-US-Standard-A", "a" * 4501, True),
        ("Polly.Zhiyu", "您" * 500, False),
        ("Polly.Zhiyu", "您" * 501, True),
    ],
)
def test_texts_have_limits(voice: str, text: str, refused: bool) -> None:
    assert too_long(voice, text) is refused


# Twilio, "<Gather>": calls with inline Twiml need absolute action URLs.
@pytest.mark.parametrize("verbs", ['<Gather action="/x"/>', "<Redirect>/x</Redirect>", "<Play>x.wav</Play>"])
def test_inline_twiml_needs_absolute_addresses(verbs: str) -> None:
    assert found(verbs, url="") == [(11100, True)]


@pytest.mark.parametrize(
    ("place", "verbs"),
    [
        ("queue", "<Enqueue>other</Enqueue>"),
        ("queue", "<Record/>"),
        ("conference", '<Gather numDigits="1"/>'),
        ("conference", "<Hangup/>"),
        ("screen", "<Dial>+8613900139001</Dial>"),
        ("dequeued", "<Leave/>"),
    ],
)
def test_some_places_allow_less(place: str, verbs: str) -> None:
    assert found(verbs, place) == [(12200, False)]
    assert (12200, False) not in found(verbs.replace("<Leave/>", "<Pause/>"))


def test_a_warning_names_call_and_document_and_the_call_goes_on(doubted: Network, app: App) -> None:
    app.pages["/voice"] = '<Sing/><Say volume="3">Hello</Say>'
    caller = doubted.phone(CALLER).dials(HOTLINE)
    caller.hears("Hello")
    assert [(f.code, f.call_sid, f.url, f.fatal) for f in doubted.warnings] == [
        (12200, caller.sid, f"{HOST}/voice", False)
    ] * 2


def test_a_refused_document_fails_the_call_as_twilio_does(doubted: Network, app: App) -> None:
    app.pages |= {"/voice": f"<Say>{'您' * 501}</Say>", "/fallback": "<Say>Fallback</Say>"}
    doubted.phone(CALLER).dials(HOTLINE).hears("Fallback")
    assert app.told("/fallback")[0]["ErrorCode"] == "13521"
    assert [(f.code, f.fatal) for f in doubted.warnings] == [(13521, True)]


def test_a_call_placed_with_bad_inline_twiml_hears_the_error(doubted: Network) -> None:
    doubted.phone(AGENT).answers(2)
    twiml = ("Twiml", '<Response><Gather action="/x"/></Response>')
    assert rest(doubted, "POST", "Calls.json", ("To", AGENT), ("From", HOTLINE), twiml)[0] == 201
    doubted.run_for(10)
    assert doubted.phone(AGENT).handset.heard("an application error has occurred")


# telephony.md 11, 8: a Gather without an action asks the same document again; a document that leads to itself
# without taking any time is found in a queue.
def test_a_waiting_circle_is_found(doubted: Network, app: App) -> None:
    app.pages |= {"/voice": '<Enqueue waitUrl="/wait">q</Enqueue>', "/wait": ""}
    doubted.phone(CALLER).dials(HOTLINE)
    doubted.run_for(5)
    assert {f.code for f in doubted.warnings} == {12200}
    assert 5 <= len(app.told("/wait")) < 12

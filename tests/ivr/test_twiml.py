"""The documents, as Twilio's pages describe the verbs."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ivr.turns import (
    Connect,
    Enqueue,
    Gather,
    HangUp,
    Leave,
    Music,
    Onward,
    Pause,
    Record,
    Say,
    Step,
    Turn,
    Verb,
)
from ivr.twiml import render
from tests.ivr.legs import URLS

STEP = Step("caller", 1, "menu")
REDIRECT = f'<Redirect method="POST">{URLS.next}</Redirect>'
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
CHINESE = '<Say language="cmn-CN" voice="Polly.Zhiyu-Neural">您是下一位，请稍等。</Say>'
ENGLISH = '<Say language="en-US" voice="Polly.Joanna-Neural">You are next. Please hold.</Say>'


def document(*does: Verb) -> str:
    """What is inside the Response."""
    text = render(Turn(STEP, does), URLS)
    assert text.startswith(f"{DECLARATION}<Response>")
    return text.removeprefix(f"{DECLARATION}<Response>").removesuffix("</Response>")


def test_nothing_to_do_is_an_empty_response() -> None:
    """Twilio: status callbacks and bookkeeping are answered by an empty Response."""
    assert render(Turn(STEP), URLS) == f"{DECLARATION}<Response />"


def test_each_language_has_its_voice() -> None:
    """Twilio, Say: a bad pair of voice and language fails; Mandarin is cmn-CN."""
    assert document(Say("waiting.next", "zh-CN")) == CHINESE + REDIRECT
    assert document(Say("waiting.next", "en-US")) == ENGLISH + REDIRECT


def test_one_key_is_gathered_and_silence_leads_on() -> None:
    """Twilio, Gather: without input there is no action; without a verb after it the call would end."""
    assert document(Gather((Say("waiting.next", "zh-CN"), Music()), digits=1, timeout=3)) == (
        f'<Gather action="{URLS.keys}" method="POST" numDigits="1" timeout="3">{CHINESE}'
        f"<Play>{URLS.music}</Play></Gather>{REDIRECT}"
    )


def test_a_number_is_gathered_until_the_pound_key() -> None:
    assert document(Gather((), digits=None)) == (
        f'<Gather action="{URLS.keys}" finishOnKey="#" method="POST" timeout="5" />{REDIRECT}'
    )


def test_the_queue_takes_over() -> None:
    """Twilio, Enqueue: waitUrl is requested whenever it runs out of verbs, action when the caller leaves."""
    assert document(Enqueue()) == (
        f'<Enqueue action="{URLS.queue}" method="POST" waitUrl="{URLS.wait}" waitUrlMethod="POST">'
        "callers</Enqueue>"
    )
    assert document(Say("nobody.any_more", "en-US"), Leave()).endswith("</Say><Leave />")


def test_a_room_ends_with_either_side_and_is_silent_until_then() -> None:
    """Twilio, Conference: an empty waitUrl is silence; its events are fixed by who enters first."""
    assert document(Connect("call-1")) == (
        f'<Dial action="{URLS.talk}" method="POST" timeLimit="14400">'
        '<Conference beep="false" endConferenceOnExit="true" startConferenceOnEnter="true" '
        f'statusCallback="{URLS.conference_status}" statusCallbackEvent="start end join leave" '
        'statusCallbackMethod="POST" waitMethod="GET" waitUrl="">call-1</Conference></Dial>'
    )


def test_a_room_with_music_while_the_customer_is_called() -> None:
    """A conference plays a sound once, then is silent; a document can play it over and over."""
    assert f'waitUrl="{URLS.room_music}"' in document(Connect("call-1", music=True))


def test_a_message_is_recorded_and_an_empty_one_leads_on() -> None:
    """Twilio, Record: an empty recording calls no action and falls through."""
    assert document(Record(180)) == (
        f'<Record action="{URLS.recorded}" finishOnKey="#" maxLength="180" method="POST" playBeep="true" '
        f'recordingStatusCallback="{URLS.recording_status}" recordingStatusCallbackMethod="POST" />{REDIRECT}'
    )


def test_the_smaller_verbs() -> None:
    assert document(Music()) == f"<Play>{URLS.music}</Play>{REDIRECT}"
    assert document(Pause(2)) == f'<Pause length="2" />{REDIRECT}'
    assert document(Onward()) == REDIRECT
    assert document(HangUp()) == "<Hangup />"


@pytest.mark.parametrize("name", ['<Dial>&"', "]]>", "\x00\x08\ud800", "😀"])
def test_a_name_cannot_break_the_document(name: Any) -> None:
    """Injection by voice: a caller's name is text, whatever it holds."""
    text = render(Turn(STEP, (Say("whisper.customer", "en-US", {"customer": name}),)), URLS)
    root = ET.fromstring(text.encode())
    assert [element.tag for element in root] == ["Say", "Redirect"]

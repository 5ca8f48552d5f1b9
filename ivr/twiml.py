"""A turn as TwiML: the only module here that knows the carrier's language.

Written by hand, because the library's trees cost more than all else that is done about a document; a test
holds every document to the library's own, byte for byte.
Twilio's pages on Say, Gather, Enqueue, Leave, Dial, Conference, Record and Redirect are its source.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
    Turn,
    Value,
)
from ivr.words import speak

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
QUEUE = "callers"
TALK_LIMIT = 4 * 60 * 60
"""Seconds; the carrier's maximum for a Dial, so that no call hangs for ever."""
VOICES = {"zh-CN": ("Polly.Zhiyu-Neural", "cmn-CN"), "en-US": ("Polly.Joanna-Neural", "en-US")}
"""Voice and language code; Mandarin is cmn-CN in Twilio's tables of voices."""
HEARD = {"zh-CN": "cmn-Hans-CN", "en-US": "en-US"}
"""Language codes of recognition, which are not those of voices: Mandarin is cmn-Hans-CN in Gather's table."""
MOST_HINTS, LONGEST_HINT = 500, 100
"""Twilio, Gather: hints are at most 500 entries of at most 100 characters each."""
_PLAIN = re.compile(r"[\w:/.#+ -]*", re.ASCII)
_REFERENCES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"}
)
FINAL = (HangUp, Enqueue, Connect, Leave, Onward)
"""Verbs after which the document needs no Redirect: they go on by themselves."""


@dataclass(frozen=True)
class Urls:
    """Where the carrier goes on from this turn; all absolute. `next` is the turn that hears Silence.

    `music` is a sound, `room_music` a document that plays it over and over: a conference plays a sound once.
    Talks are recorded where `room_recording` is given: the room's name is added to it.
    """

    next: str
    keys: str
    queue: str
    wait: str
    talk: str
    recorded: str
    recording_status: str
    conference_status: str
    music: str
    room_music: str = ""
    room_recording: str = ""


def render(turn: Turn, urls: Urls) -> str:
    """Return the document for a turn's verbs; a turn that does nothing gives an empty Response."""
    verbs = [VERBS[type(verb)](verb, urls) for verb in turn.does]
    if turn.does and not isinstance(turn.does[-1], FINAL):
        verbs.append(_element("Redirect", urls.next, method="POST"))
    return DECLARATION + _around("Response", "".join(verbs))


def _element(tag: str, text: str = "", **attributes: str) -> str:
    """Return an element around a text."""
    return _around(tag, text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), **attributes)


def _around(tag: str, inside: str, **attributes: str) -> str:
    """Return an element around others; attributes stand in the order of their names, as in the library."""
    told = "".join([f' {name}="{_quoted(attributes[name])}"' for name in sorted(attributes)])
    return f"<{tag}{told}>{inside}</{tag}>" if inside else f"<{tag}{told} />"


def _quoted(value: str) -> str:
    """Return an attribute's value; all but the odd one have nothing in them that means something to XML."""
    return value if _PLAIN.fullmatch(value) else value.translate(_REFERENCES)


def _say(verb: Say, _: Urls) -> str:
    return _said(verb.prompt, verb.language, tuple(verb.values.items()))


@lru_cache(maxsize=2048)
def _said(prompt: str, language: str, values: tuple[tuple[str, Value], ...]) -> str:
    """Return a sentence; most are said to every caller of a line in the very same words."""
    voice, code = VOICES[language]
    return _element("Say", speak(Say(prompt, language, dict(values))), voice=voice, language=code)


def _music(_: Music, urls: Urls) -> str:
    return _element("Play", urls.music)


def _pause(verb: Pause, _: Urls) -> str:
    return _element("Pause", length=str(verb.seconds))


def _gather(verb: Gather, urls: Urls) -> str:
    """One key, or keys until `#`; without a key the document falls through to its Redirect."""
    ends = {"numDigits": str(verb.digits)} if verb.digits else {"finishOnKey": "#"}
    inside = "".join([VERBS[type(item)](item, urls) for item in verb.says])
    ends |= _speech(verb)
    return _around("Gather", inside, action=urls.keys, method="POST", timeout=str(verb.timeout), **ends)


def _speech(verb: Gather) -> dict[str, str]:
    """Listen for words too; `auto` ends at the first pause, so that nobody waits for an answer."""
    if verb.speech is None:
        return {}
    return {
        "input": "dtmf speech",
        "language": HEARD[verb.speech],
        "hints": ",".join(hint[:LONGEST_HINT] for hint in verb.hints[:MOST_HINTS]),
        "speechTimeout": "auto",
    }


def _enqueue(_: Enqueue, urls: Urls) -> str:
    return _element(
        "Enqueue", QUEUE, action=urls.queue, method="POST", waitUrl=urls.wait, waitUrlMethod="POST"
    )


def _leave(_: Leave, _urls: Urls) -> str:
    return _element("Leave")


def _connect(verb: Connect, urls: Urls) -> str:
    """A conference: either side's leaving ends it; an empty waitUrl is silence, not Twilio's own music."""
    room = _element(
        "Conference",
        verb.room,
        beep="false",
        startConferenceOnEnter="true",
        endConferenceOnExit="true",
        waitUrl=urls.room_music if verb.music else "",
        waitMethod="GET",
        statusCallback=urls.conference_status,
        statusCallbackEvent="start end join leave",
        statusCallbackMethod="POST",
        **_recorded(verb, urls),
    )
    return _around("Dial", room, action=urls.talk, method="POST", timeLimit=str(TALK_LIMIT))


def _recorded(verb: Connect, urls: Urls) -> dict[str, str]:
    """Return what makes the carrier record a room; the first one to enter decides."""
    if not urls.room_recording:
        return {}
    return {
        "record": "record-from-start",
        "trim": "do-not-trim",
        "recordingStatusCallback": f"{urls.room_recording}/{verb.room}",
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": "completed",
    }


def _record(verb: Record, urls: Urls) -> str:
    """`#` ends it; an empty recording calls no action and falls through to the Redirect."""
    return _element(
        "Record",
        action=urls.recorded,
        method="POST",
        maxLength=str(verb.seconds),
        finishOnKey="#",
        playBeep="true",
        recordingStatusCallback=urls.recording_status,
        recordingStatusCallbackMethod="POST",
    )


def _onward(_: Onward, urls: Urls) -> str:
    return _element("Redirect", urls.next, method="POST")


def _hang_up(_: HangUp, _urls: Urls) -> str:
    return _element("Hangup")


VERBS: Mapping[type, Callable[[Any, Urls], str]] = {
    Say: _say,
    Music: _music,
    Pause: _pause,
    Gather: _gather,
    Enqueue: _enqueue,
    Leave: _leave,
    Connect: _connect,
    Record: _record,
    Onward: _onward,
    HangUp: _hang_up,
}

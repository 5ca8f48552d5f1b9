"""A turn as TwiML: the only module here that knows the carrier's language.

Twilio's pages on Say, Gather, Enqueue, Leave, Dial, Conference, Record and Redirect are its source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

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
)
from ivr.words import speak

Element: Any = VoiceResponse
"""The library's builder; it carries no types."""
QUEUE = "callers"
TALK_LIMIT = 4 * 60 * 60
"""Seconds; the carrier's maximum for a Dial, so that no call hangs for ever."""
VOICES = {"zh-CN": ("Polly.Zhiyu-Neural", "cmn-CN"), "en-US": ("Polly.Joanna-Neural", "en-US")}
"""Voice and language code; Mandarin is cmn-CN in Twilio's tables of voices."""
HEARD = {"zh-CN": "cmn-Hans-CN", "en-US": "en-US"}
"""Language codes of recognition, which are not those of voices: Mandarin is cmn-Hans-CN in Gather's table."""
MOST_HINTS, LONGEST_HINT = 500, 100
"""Twilio, Gather: hints are at most 500 entries of at most 100 characters each."""
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
    response = Element()
    for verb in turn.does:
        VERBS[type(verb)](response, verb, urls)
    if turn.does and not isinstance(turn.does[-1], FINAL):
        response.redirect(urls.next, method="POST")
    return str(response)


def _say(element: Any, verb: Say, _: Urls) -> None:
    voice, language = VOICES[verb.language]
    element.say(speak(verb), voice=voice, language=language)


def _music(element: Any, _: Music, urls: Urls) -> None:
    element.play(urls.music)


def _pause(response: Any, verb: Pause, _: Urls) -> None:
    response.pause(length=verb.seconds)


def _gather(response: Any, verb: Gather, urls: Urls) -> None:
    """One key, or keys until `#`; without a key the document falls through to its Redirect."""
    ends = {"num_digits": verb.digits} if verb.digits else {"finish_on_key": "#"}
    gather = response.gather(action=urls.keys, method="POST", timeout=verb.timeout, **ends, **_speech(verb))
    for item in verb.says:
        VERBS[type(item)](gather, item, urls)


def _speech(verb: Gather) -> dict[str, str]:
    """Listen for words too; `auto` ends at the first pause, so that nobody waits for an answer."""
    if verb.speech is None:
        return {}
    return {
        "input": "dtmf speech",
        "language": HEARD[verb.speech],
        "hints": ",".join(hint[:LONGEST_HINT] for hint in verb.hints[:MOST_HINTS]),
        "speech_timeout": "auto",
    }


def _enqueue(response: Any, _: Enqueue, urls: Urls) -> None:
    response.enqueue(QUEUE, action=urls.queue, method="POST", wait_url=urls.wait, wait_url_method="POST")


def _leave(response: Any, _: Leave, urls: Urls) -> None:
    response.leave()


def _connect(response: Any, verb: Connect, urls: Urls) -> None:
    """A conference: either side's leaving ends it; an empty waitUrl is silence, not Twilio's own music."""
    dial = response.dial(action=urls.talk, method="POST", time_limit=TALK_LIMIT)
    dial.conference(
        verb.room,
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=True,
        wait_url=urls.room_music if verb.music else "",
        wait_method="GET",
        status_callback=urls.conference_status,
        status_callback_event="start end join leave",
        status_callback_method="POST",
        **_recorded(verb, urls),
    )


def _recorded(verb: Connect, urls: Urls) -> dict[str, str]:
    """Return what makes the carrier record a room; the first one to enter decides."""
    if not urls.room_recording:
        return {}
    return {
        "record": "record-from-start",
        "trim": "do-not-trim",
        "recording_status_callback": f"{urls.room_recording}/{verb.room}",
        "recording_status_callback_method": "POST",
        "recording_status_callback_event": "completed",
    }


def _record(response: Any, verb: Record, urls: Urls) -> None:
    """`#` ends it; an empty recording calls no action and falls through to the Redirect."""
    response.record(
        action=urls.recorded,
        method="POST",
        max_length=verb.seconds,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=urls.recording_status,
        recording_status_callback_method="POST",
    )


def _onward(response: Any, _: Onward, urls: Urls) -> None:
    response.redirect(urls.next, method="POST")


def _hang_up(response: Any, _: HangUp, urls: Urls) -> None:
    response.hangup()


VERBS: Mapping[type, Callable[[Any, Any, Urls], None]] = {
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

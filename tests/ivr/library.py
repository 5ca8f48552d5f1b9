"""The documents as Twilio's own library writes them: what our renderer is held to, byte for byte."""

from collections.abc import Callable, Mapping
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from ivr.turns import Connect, Enqueue, Gather, HangUp, Leave, Music, Onward, Pause, Record, Say, Turn
from ivr.twiml import FINAL, QUEUE, TALK_LIMIT, VOICES, Urls
from ivr.words import speak


def rendered(turn: Turn, urls: Urls) -> str:
    """Return the document for a turn's verbs, as the library writes it."""
    response = VoiceResponse()
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
    gather = response.gather(action=urls.keys, method="POST", timeout=verb.timeout, **ends)
    for item in verb.says:
        VERBS[type(item)](gather, item, urls)


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

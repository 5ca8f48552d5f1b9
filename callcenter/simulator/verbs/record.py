"""Record: a message after the beep.

Source: Twilio "<Record>". An empty recording has no action and falls through; Digits is the key that ended
it, or `hangup`; the file may not exist yet when the action is requested; silence at the end is trimmed.
"""

from callcenter.simulator import taping
from callcenter.simulator.calls import Gone, Source
from callcenter.simulator.kernel import Script
from callcenter.simulator.keypad import Keypad
from callcenter.simulator.progress import recording_url, subscribed
from callcenter.simulator.recordings import Recording
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.running import Goto, Run, hear, tell
from callcenter.simulator.webhooks import Callback, Pairs

BEEP = 0.5
SECONDS_A_CHARACTER = 0.25


def record(run: Run, verb: Element) -> Script[None]:
    """Take a message until silence, a key, the time limit or hang-up."""
    if verb.flag("playBeep", default=True):
        yield from hear(run, "sound", "beep", BEEP)
    recording = _start(run, verb)
    run.call.keypad = Keypad("dtmf speech", many_words=True)
    try:
        ended_by = yield from _listen(run, verb, run.call.keypad, recording)
    except Gone:
        taping.stop(run.world, recording)
        if recording.words and run.world.settings.action_after_hangup:
            tell(run, _action(run, verb), _pairs(run, recording, "hangup"), "bookkeeping", "record")
        raise
    finally:
        run.call.keypad = None
        run.call.ear.end(run.world.now)
        taping.stop(run.world, recording)
    if recording.words:
        raise Goto(Source(_action(run, verb), extra=_pairs(run, recording, ended_by)))


def _start(run: Run, verb: Element) -> Recording:
    callback = run.document.callback(verb, "recordingStatusCallback", "recordingStatusCallbackMethod")
    wanted = subscribed(callback, verb.get("recordingStatusCallbackEvent"))
    run.call.ear.begin("recording", "", run.world.now)
    return taping.start(run.world, run.call.sid, "RecordVerb", wanted, trimmed=True)


def _listen(run: Run, verb: Element, keypad: Keypad, recording: Recording) -> Script[str]:
    """Wait until the message is over; return the key that ended it, empty for silence or the limit."""
    limit = run.world.kernel.timer(float(verb.whole("maxLength", 3600)))
    finish = verb.get("finishOnKey", "1234567890*#")
    patience = float(verb.whole("timeout", 5))
    while not (keypad.keys and keypad.keys[-1] in finish):
        touched = keypad.touched
        if keypad.words is not None:
            spoken, keypad.words = keypad.words, None
            recording.words += spoken
            recording.spoken_until = run.world.now + max(1.0, len(spoken) * SECONDS_A_CHARACTER)
        rest = max(0.0, (recording.spoken_until or run.world.now) - run.world.now)
        first = yield (touched, limit, run.world.kernel.timer(rest + patience))
        if first is not touched:
            return ""
    return keypad.keys[-1]


def _action(run: Run, verb: Element) -> Callback:
    given = run.document.callback(verb)
    return given or Callback(run.document.url, verb.get("method").upper() or "POST")


def _pairs(run: Run, recording: Recording, ended_by: str) -> Pairs:
    return (
        ("RecordingSid", recording.sid),
        ("RecordingUrl", recording_url(run.world, recording.sid)),
        ("RecordingDuration", str(recording.duration)),
        ("Digits", ended_by),
    )

"""Say, Play, Pause.

Source: Twilio's pages of the three verbs. `stop` is the key that cuts a prompt short inside Gather.
"""

import io
import wave
from contextlib import suppress
from urllib.parse import urlsplit

from callcenter.simulator.ear import Kind
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.twiml.voices import speaking_time
from callcenter.simulator.verbs.running import Run, hear
from callcenter.simulator.webhooks import resolve

UNKNOWN_SOUND = 20.0
ENDLESS = 1000
KEY_TONE = 0.25


def say(run: Run, verb: Element, stop: Signal | None = None) -> Script[bool]:
    """Speak the text; `loop` times, 0 without end. Return True when cut short."""
    if not verb.text:
        return False
    for _ in range(verb.whole("loop", 1) or ENDLESS):
        language = verb.get("language")
        cut = yield from hear(run, "speech", verb.text, speaking_time(verb.text), stop, language)
        if cut:
            return True
    return False


def play(run: Run, verb: Element, stop: Signal | None = None) -> Script[bool]:
    """Play a sound, or keys as tones. Return True when cut short."""
    digits = verb.get("digits")
    if digits:
        return (yield from hear(run, "sound", f"keys {digits}", KEY_TONE * len(digits), stop))
    url = resolve(run.document.url, verb.text)
    seconds = yield from sound_length(run, url)
    kind: Kind = "music" if run.place in ("queue", "conference") else "sound"
    for _ in range(verb.whole("loop", 1) or ENDLESS):
        if (yield from hear(run, kind, urlsplit(url).path.rsplit("/", 1)[-1], seconds, stop)):
            return True
    return False


def pause(run: Run, verb: Element, stop: Signal | None = None) -> Script[bool]:
    """Be silent for `length` seconds. Return True when cut short."""
    return (yield from hear(run, "silence", "", verb.whole("length", 1), stop))


def sound_length(run: Run, url: str) -> Script[float]:
    """Return the seconds of a sound; it is fetched once per network, 20 s where that fails."""
    world = run.world
    if url not in world.sounds:
        done = Signal()

        def fetch() -> None:
            seconds = UNKNOWN_SOUND
            with suppress(OSError, EOFError, wave.Error):
                seconds = wave_length(world.fetch(url))
            with world.kernel.lock:
                world.sounds[url] = seconds
                done.fire()

        world.kernel.errands.append(fetch)
        yield (done,)
    return world.sounds[url]


def wave_length(sound: bytes) -> float:
    """Return the seconds of a WAV; raise wave.Error for anything else."""
    with wave.open(io.BytesIO(sound)) as file:
        return float(max(0.1, file.getnframes() / file.getframerate()))


PROMPTS = {"Say": say, "Play": play, "Pause": pause}

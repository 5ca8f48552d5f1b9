"""The hold music: made here, from sine waves, so that nobody has to ask anybody for a licence."""

import math
import struct
from functools import cache
from xml.sax.saxutils import escape

RATE = 8000
BEAT_SECONDS = 0.5
# A slow walk over four chords (C, A minor, F, G), each an arpeggio up and down; frequencies in hertz.
_CHORDS = (
    (261.63, 329.63, 392.00),
    (220.00, 261.63, 329.63),
    (174.61, 220.00, 261.63),
    (196.00, 246.94, 293.66),
)
_ORDER = (0, 1, 2, 1, 2, 1)
_ROUNDS = 2
_BIAS, _CLIP = 0x84, 32_635


@cache
def hold_music() -> bytes:
    """Return about 24 s of quiet music as a WAV file: 8 kHz mono mu-law, what a telephone can carry."""
    notes = [chord[index] for _ in range(_ROUNDS) for chord in _CHORDS for index in _ORDER]
    sound = b"".join(_note(frequency) for frequency in notes)
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 50 + len(sound), b"WAVE", b"fmt ", 18, 7, 1, RATE, RATE, 1, 8
    )
    fact = struct.pack("<H4sII", 0, b"fact", 4, len(sound))
    return head + fact + struct.pack("<4sI", b"data", len(sound)) + sound


def over_and_over(url: str) -> str:
    """Return the document for a conference's waitUrl: an hour of the music, since a sound plays only once."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Play loop="150">{escape(url)}</Play></Response>'


@cache
def _note(frequency: float) -> bytes:
    """Return one beat of a tone that swells and fades, with a soft octave above it."""
    count = int(RATE * BEAT_SECONDS)
    samples = (
        math.sin(math.pi * i / count)
        * (math.sin(2 * math.pi * frequency * i / RATE) + 0.3 * math.sin(4 * math.pi * frequency * i / RATE))
        for i in range(count)
    )
    return bytes(_mu_law(int(6000 * sample)) for sample in samples)


def _mu_law(sample: int) -> int:
    """Encode one 16-bit sample as G.711 mu-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = magnitude >> (exponent + 3) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF

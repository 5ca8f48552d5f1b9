"""Recordings: when they were made, of what, and a silent WAV of the right length as their sound."""

import io
import wave
from dataclasses import dataclass

from callcenter.simulator.webhooks import Subscription

RATE = 8000


@dataclass(eq=False)
class Recording:
    """One recording; times in seconds since the start. `source` as Twilio names it."""

    sid: str
    call_sid: str
    source: str
    started: float
    conference_sid: str = ""
    channels: int = 1
    status: str = "in-progress"
    ended: float | None = None
    available: bool = False
    deleted: bool = False
    subscription: Subscription | None = None
    words: str = ""
    trimmed: bool = False
    spoken_until: float | None = None

    @property
    def duration(self) -> int:
        """Return the whole seconds, 0 while it runs."""
        return 0 if self.ended is None else round(self.ended - self.started)


def sound(recording: Recording) -> bytes:
    """Return a WAV of the recording's length (8 kHz, 16 bit, silent, 60 s at most)."""
    frames = RATE * min(recording.duration, 60)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(recording.channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * recording.channels * frames))
    return buffer.getvalue()

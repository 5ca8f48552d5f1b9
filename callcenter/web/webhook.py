"""A webhook as the handlers see it."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.errors import CallCenterError

# Twilio, <Dial>: timeLimit is at most 24 hours, so nothing that was recorded lasts longer.
MOST_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Webhook:
    """A request that the carrier signed; `form` has the last value of every name."""

    form: dict[str, str]
    path: dict[str, str]
    query: dict[str, str]
    received_at: datetime

    @property
    def sid(self) -> str:
        """The call's SID, or the conference's where the carrier speaks of no call; its form was checked."""
        return self.form.get("CallSid") or self.form["ConferenceSid"]

    def is_clean(self) -> bool:
        """Say that nothing in the address has a NUL, which no database takes; the form was checked."""
        return not any("\x00" in value for value in (*self.path.values(), *self.query.values()))


class Refused(CallCenterError):
    """The request is signed but is not what this address takes."""


def recorded_seconds(told: str) -> int:
    """Read RecordingDuration, whole seconds, a day at most; refuse what is no number."""
    if not told.isdecimal():
        raise Refused("RecordingDuration is no number of seconds")
    return MOST_SECONDS if len(told) > len(str(MOST_SECONDS)) else min(int(told), MOST_SECONDS)


def turn_key(kind: str, number: int) -> str:
    """Name a turn by its address; a Gather and its fall-through share one, the first wins.

    The queue's end and what we order ourselves come when they come: those have keys of their own.
    """
    if kind in ("summon", "requeue"):
        return f"{kind}-{number}"
    return f"{number}-queue" if kind == "queue" else str(number)

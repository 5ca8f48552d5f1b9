"""What we do next on a leg: a step to remember, verbs for the carrier, at most one question to the centre."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.asks import Ask


@dataclass(frozen=True)
class Digits:
    """A number said digit by digit, in groups: `138 0013 8000`; groups are separated by blanks."""

    groups: str


@dataclass(frozen=True)
class Moment:
    """A time as people say it, seen from now; both local to the line."""

    at: datetime
    now: datetime


@dataclass(frozen=True)
class Minutes:
    """A wait: from low to high whole minutes."""

    low: int
    high: int


@dataclass(frozen=True)
class Key:
    """A key of the telephone, by its sign: 0 to 9, `*` or `#`."""

    sign: str


Value = str | int | Digits | Moment | Minutes | Key


@dataclass(frozen=True)
class Say:
    """A prompt by its id, in a language, with named values."""

    prompt: str
    language: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Music:
    """The hold music, once through (about 25 s)."""


@dataclass(frozen=True)
class Pause:
    """Silence, in whole seconds."""

    seconds: int


@dataclass(frozen=True)
class Gather:
    """Say this and listen for keys meanwhile and `timeout` seconds after; nothing pressed leads on.

    With a `speech` language it listens for words as well; `hints` are those it most likely hears.
    """

    says: tuple[Say | Music, ...]
    digits: int | None = 1
    timeout: int = 5
    speech: str | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Enqueue:
    """Put this leg into the carrier's waiting queue; its waiting documents are turns of their own."""


@dataclass(frozen=True)
class Leave:
    """Leave the carrier's queue; the flow goes on with QueueLeft('leave')."""


@dataclass(frozen=True)
class Connect:
    """Enter a room (a conference); `music` is heard until somebody else is there. Then TalkEnded."""

    room: str
    music: bool = False


@dataclass(frozen=True)
class Record:
    """Take a message, at most so many seconds. Then Recorded, or Silence when nothing was said."""

    seconds: int = 180


@dataclass(frozen=True)
class Onward:
    """Nothing to wait for: fetch the next document at once; the flow hears Silence."""


@dataclass(frozen=True)
class HangUp:
    """The end."""


Verb = Say | Music | Pause | Gather | Enqueue | Leave | Connect | Record | Onward | HangUp


@dataclass(frozen=True)
class Step:
    """Where a leg's flow stands: flow and version, the step's name, and what it must remember (JSON)."""

    flow: str
    version: int
    name: str
    memory: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"flow": self.flow, "version": self.version, "name": self.name, "memory": dict(self.memory)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Step":
        """Read what to_json wrote."""
        return cls(value["flow"], value["version"], value["name"], value["memory"])


@dataclass(frozen=True)
class Turn:
    """The step we are at now, and either verbs to carry out or one ask to answer first."""

    step: Step
    does: tuple[Verb, ...] = ()
    ask: Ask | None = None


def spoken(does: Iterable[Verb]) -> Iterator[Say]:
    """Yield every sentence of a turn in the order in which it is heard, those inside a Gather included."""
    for verb in does:
        for each in verb.says if isinstance(verb, Gather) else (verb,):
            if isinstance(each, Say):
                yield each

"""What a person at the end of a leg hears, moment by moment; transcripts and dead air are read from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "speech",
    "sound",
    "music",
    "tone",
    "talk",
    "said",
    "keys",
    "recording",
    "silence",
    "pressed",
    "spoke",
    "event",
]

# A person who waits for keys to work after a prompt, or who speaks a message, does not feel left alone.
ALIVE: frozenset[Kind] = frozenset({"speech", "sound", "music", "tone", "talk", "said", "keys", "recording"})


@dataclass
class Moment:
    """One thing heard or done; times in seconds since the network's start, `planned` its full length."""

    kind: Kind
    text: str
    began: float
    planned: float | None = None
    ended: float | None = None
    language: str = ""

    def reached(self, offset: int) -> float:
        """Return when the character at this offset was, or will be, begun to be heard."""
        share = offset / len(self.text) if self.text and self.planned else 0.0
        return self.began + share * (self.planned or 0.0)


class Ear:
    """The moments of one leg in order; at most one sound is going on."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.current: Moment | None = None

    def begin(
        self, kind: Kind, text: str, at: float, planned: float | None = None, language: str = ""
    ) -> None:
        """Hear something new; whatever was going on ends."""
        self.end(at)
        self.current = Moment(kind, text, at, planned, None, language)
        self.moments.append(self.current)

    def end(self, at: float) -> None:
        """Hear nothing any more."""
        if self.current is not None:
            self.current.ended = at
            self.current = None

    def note(self, kind: Kind, text: str, at: float) -> None:
        """Write down a deed or an event that does not change what is heard."""
        self.moments.append(Moment(kind, text, at, 0.0, at))

    def stretches(self, until: float) -> Iterator[tuple[float, float]]:
        """Yield (begin, end) of everything that shows the person that somebody is there."""
        for moment in self.moments:
            if moment.kind in ALIVE:
                yield moment.began, until if moment.ended is None else moment.ended

    def silences(self, since: float, until: float, longer_than: float) -> list[tuple[float, float]]:
        """Return the (begin, end) of every stretch in which nothing was heard for longer than this."""
        found, quiet_since = [], since
        for began, ended in sorted(self.stretches(until)):
            if began - quiet_since > longer_than:
                found.append((quiet_since, began))
            quiet_since = max(quiet_since, ended)
        if until - quiet_since > longer_than:
            found.append((quiet_since, until))
        return found

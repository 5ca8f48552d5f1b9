"""A telephone in a test's hand: what a person hears and does on one call, in virtual time."""

import re
from dataclasses import dataclass

from callcenter.simulator import people, transcript
from callcenter.simulator.calls import Call
from callcenter.simulator.ear import Moment
from callcenter.simulator.phones import Phone
from callcenter.simulator.world import World

DEAD_AIR = 3.0
AUDIBLE = ("speech", "said", "sound", "music", "tone")


class NotHeard(AssertionError):
    """What should have been heard, or have happened, did not; the message carries the transcript."""


@dataclass(eq=False)
class Handset:
    """One live call in somebody's hand; every waiting method moves the network's time."""

    world: World
    call: Call
    _place: int = 0
    _offset: int = 0

    def hears(self, what: str | re.Pattern[str], within: float = 30) -> str:
        """Run until this begins to be heard, after what was waited for last; return the whole sentence.

        A string is looked for as it is, a compiled pattern is searched; keys, tones and sounds count by name.
        """
        deadline = self.world.now + within
        while True:
            found = self._find(what)
            if found is not None and found[0] <= self.world.now:
                return self._take(*found[1:])
            until = min(deadline, found[0]) if found else deadline
            if not self._run_on(until, hearing=found is None):
                raise NotHeard(f"{what!r} was not heard within {within} s.\n{self.transcript()}")

    def _run_on(self, until: float, *, hearing: bool) -> bool:
        """Run until something new is heard, or until the time; return False when there is no time left."""
        if self.world.now >= until:
            return False
        known = len(self.call.ear.moments)
        self.world.kernel.run_until(
            lambda: (hearing and len(self.call.ear.moments) > known) or not self.call.live,
            until - self.world.now,
        )
        return self.call.live or len(self.call.ear.moments) > known

    def _find(self, what: str | re.Pattern[str]) -> tuple[float, int, int] | None:
        """Return (when it is reached, place, offset behind it) of the first match after the last one."""
        pattern = what if isinstance(what, re.Pattern) else re.compile(re.escape(what))
        for place in range(self._place, len(self.call.ear.moments)):
            moment = self.call.ear.moments[place]
            if moment.kind not in AUDIBLE:
                continue
            match = pattern.search(moment.text, self._offset if place == self._place else 0)
            if match and self._audible(moment, match.start()):
                return moment.reached(match.start()), place, match.end()
        return None

    @staticmethod
    def _audible(moment: Moment, offset: int) -> bool:
        return moment.ended is None or moment.reached(offset) <= moment.ended

    def _take(self, place: int, offset: int) -> str:
        self._place, self._offset = place, offset
        return self.call.ear.moments[place].text

    def heard(self, what: str) -> bool:
        """Return whether this was begun to be heard at any time of the call."""
        return any(
            what in m.text
            and self._audible(m, m.text.index(what))
            and m.reached(m.text.index(what)) <= self.world.now
            for m in self.call.ear.moments
            if m.kind in AUDIBLE
        )

    @property
    def words(self) -> str:
        """Return everything spoken to this person so far, one sentence a line."""
        return "\n".join(m.text for m in self.call.ear.moments if m.kind == "speech")

    def press(self, keys: str) -> None:
        """Press these keys one after the other, a quarter of a second apart."""
        for position, key in enumerate(keys):
            if position:
                self.waits(people.KEY_INTERVAL)
            with self.world.kernel.lock:
                people.press(self.world, self.call, key)

    def speaks(self, words: str) -> None:
        """Say something."""
        with self.world.kernel.lock:
            people.speak(self.world, self.call, words)

    def waits(self, seconds: float) -> None:
        """Let time pass."""
        self.world.kernel.run_until_time(self.world.now + seconds)

    def hangs_up(self) -> None:
        """Put the receiver down, and let the news of it arrive (one second)."""
        with self.world.kernel.lock:
            people.hang_up(self.world, self.call)
        self.waits(1.0)

    def picks_up(self) -> None:
        """Answer this ringing telephone by hand."""
        with self.world.kernel.lock:
            people.pick_up(self.call)
        self.waits(0)

    def declines(self) -> None:
        """Refuse this ringing call by hand."""
        with self.world.kernel.lock:
            self.call.declined.fire("busy")
        self.waits(0)

    def talks_with(self, other: "Phone | Handset | None" = None, within: float = 30) -> "Handset":
        """Run until this person and the other one (or anybody) can talk; return the other's handset."""
        if not self.world.kernel.run_until(lambda: self._partner(other) is not None, within):
            raise NotHeard(f"No talk with {_named(other)} within {within} s.\n{self.transcript()}")
        partner = self._partner(other)
        assert partner is not None  # noqa: S101  run_until has just seen it
        return Handset(self.world, partner)

    def _partner(self, other: "Phone | Handset | None") -> Call | None:
        return next((call for call in self.partners() if _is(call, other)), None)

    def partners(self) -> list[Call]:
        """Return the legs whom this person hears now, in a bridge or a conference."""
        if self.call.peer is not None:
            return [self.call.peer]
        for conference in self.world.conferences.values():
            if (member := conference.of(self.call)) is not None:
                return [p.call for p in conference.audible(member)]
        return []

    @property
    def talking(self) -> bool:
        """Return whether somebody can hear this person now."""
        return bool(self.partners())

    def ends(self, within: float = 60) -> None:
        """Run until the call is over."""
        if not self.world.kernel.run_until(lambda: not self.call.live, within):
            raise NotHeard(f"The call had not ended after {within} s.\n{self.transcript()}")
        self.waits(1.0)

    @property
    def sid(self) -> str:
        """Return the call's SID."""
        return self.call.sid

    @property
    def ended(self) -> bool:
        """Return whether the call is over."""
        return not self.call.live

    @property
    def ended_by(self) -> str:
        """Return who ended it: person, network, rest, carrier; empty while it lives."""
        return self.call.ended_by

    @property
    def status(self) -> str:
        """Return the call's status."""
        return str(self.call.status)

    def silences(self, longer_than: float = DEAD_AIR) -> list[tuple[float, float]]:
        """Return (begin, end), in seconds of the call, of every stretch in which the person heard nothing."""
        began = self.call.created if self.call.direction == "inbound" else self.call.answered
        if began is None:
            return []
        until = self.world.now if self.call.ended is None else self.call.ended
        found = self.call.ear.silences(began, until, longer_than)
        return [(a - self.call.created, b - self.call.created) for a, b in found]

    def transcript(self) -> str:
        """Return what was heard and done, one line each."""
        return "\n".join(transcript.lines(self.call, self.world.now))


def _named(other: "Phone | Handset | None") -> str:
    if other is None:
        return "anybody"
    return other.call.person if isinstance(other, Handset) else other.address


def _is(call: Call, other: "Phone | Handset | None") -> bool:
    if other is None:
        return True
    return call is other.call if isinstance(other, Handset) else call.person == other.address

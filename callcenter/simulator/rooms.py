"""Conferences and who is in them."""

from dataclasses import dataclass, field

from callcenter.simulator.calls import Call
from callcenter.simulator.kernel import Process, Signal
from callcenter.simulator.recordings import Recording
from callcenter.simulator.webhooks import Callback, Subscription


@dataclass(frozen=True)
class Entry:
    """How a participant enters, as the TwiML or the REST request says it."""

    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    label: str = ""
    coach: str = ""
    max_participants: int = 250
    record: bool = False
    beep: str = "true"
    wait: Callback | None = None
    wait_silent: bool = False
    subscription: Subscription | None = None
    recording_subscription: Subscription | None = None


@dataclass(eq=False)
class Participant:
    """A leg in a conference; `left` fires with the reason."""

    call: Call
    entry: Entry
    joined: float
    muted: bool = False
    hold: bool = False
    end_on_exit: bool = False
    coaching: str = ""
    left: Signal = field(default_factory=Signal)
    waiter: Process | None = None


@dataclass(eq=False)
class Conference:
    """One conference; its callback and events are the first participant's."""

    sid: str
    name: str
    created: float
    subscription: Subscription | None
    status: str = "init"
    updated: float = 0.0
    participants: list[Participant] = field(default_factory=list)
    sequence: int = 0
    recording: Recording | None = None
    reason: str = ""
    ended_by: str = ""

    @property
    def live(self) -> bool:
        """Return whether somebody can still enter it."""
        return self.status != "completed"

    def of(self, call: Call) -> Participant | None:
        """Return this leg's participation, None when it is not inside."""
        return next((p for p in self.participants if p.call is call), None)

    def audible(self, me: Participant) -> list[Participant]:
        """Return whom this participant hears: not the held and muted, a coach only where he is coached."""
        if self.status != "in-progress" or me.hold:
            return []
        others = (p for p in self.participants if p is not me and not p.hold and not p.muted)
        return [p for p in others if p.coaching in ("", me.call.sid)]

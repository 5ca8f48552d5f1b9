"""A leg: one call between the network and one person, with everything Twilio knows of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from callcenter.simulator.ear import Ear
from callcenter.simulator.kernel import Interrupt, Process, Signal
from callcenter.simulator.keypad import Keypad
from callcenter.simulator.webhooks import Callback, Pairs, Subscription

Direction = Literal["inbound", "outbound-api", "outbound-dial"]


class Status(StrEnum):
    """A call's status as webhooks say it; the REST resource knows no `initiated`."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


TERMINAL = frozenset({Status.COMPLETED, Status.BUSY, Status.FAILED, Status.NO_ANSWER, Status.CANCELED})
SIP_CODES = {
    Status.COMPLETED: 200,
    Status.BUSY: 486,
    Status.FAILED: 404,
    Status.NO_ANSWER: 487,
    Status.CANCELED: 487,
}


class Gone(Interrupt):
    """The call has ended; its script may only leave notes behind."""


@dataclass(frozen=True)
class Source:
    """Where a call's next document comes from: an address, or TwiML given inline."""

    callback: Callback | None = None
    twiml: str | None = None
    extra: Pairs = ()


class Redirected(Interrupt):
    """The call was given another document by REST."""

    def __init__(self, source: Source) -> None:
        super().__init__("redirected")
        self.source = source


@dataclass(eq=False)
class Call:
    """One leg; times are seconds since the network's start, None where it has not happened."""

    sid: str
    direction: Direction
    from_: str
    to: str
    created: float
    status: Status = Status.QUEUED
    parent: "Call | None" = None
    voice: Source | None = None
    fallback: Callback | None = None
    subscription: Subscription | None = None
    dialled: float | None = None
    rang: float | None = None
    answered: float | None = None
    ended: float | None = None
    ended_by: str = ""
    sip_code: int | None = None
    listed: float = 0.0
    sequence: int = 0
    answered_by: str | None = None
    answered_as: str = "human"
    extras: dict[str, str] = field(default_factory=dict)
    ear: Ear = field(default_factory=Ear)
    keypad: Keypad | None = None
    peer: "Call | None" = None
    process: Process | None = None
    picked_up: Signal = field(default_factory=Signal)
    declined: Signal = field(default_factory=Signal)
    keyed: str = ""
    keys_sent: Signal = field(default_factory=Signal)
    prompted: Signal = field(default_factory=Signal)
    joined: Signal = field(default_factory=Signal)
    over: Signal = field(default_factory=Signal)
    partners: list[str] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Return whether the call has not ended."""
        return self.status not in TERMINAL

    @property
    def in_progress(self) -> bool:
        """Return whether the two ends are connected."""
        return self.status == Status.IN_PROGRESS

    @property
    def person(self) -> str:
        """Return the address of the person at the far end."""
        return self.from_ if self.direction == "inbound" else self.to

    def meets(self, other: "Call") -> None:
        """Be joined with somebody, who can be heard from now on."""
        if other.sid not in self.partners:
            self.partners.append(other.sid)
        self.joined.fire()

    @property
    def seconds(self) -> int:
        """Return the whole seconds from pick-up to the end, 0 for a call that was not answered."""
        if self.answered is None or self.ended is None:
            return 0
        return max(0, int(self.ended - self.answered))

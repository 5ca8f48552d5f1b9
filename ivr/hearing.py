"""What reached us on a leg, in the conversation's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class MenuItem:
    """A key and what it chooses: technical, presales, complaint, ticket_state, callback, agent, repeat."""

    key: str
    choice: str


@dataclass(frozen=True)
class LineFacts:
    """What the conversation knows of its line; names by language, the first language greets.

    Where `speech` is true, callers may say their choice instead of pressing its key.
    """

    key: str
    head_office: bool
    organisation: Mapping[str, str]
    branch: Mapping[str, str]
    product: Mapping[str, str]
    languages: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    recording_notice: bool
    speech: bool = False


@dataclass(frozen=True)
class Hours:
    """Whether the line is open, the local time now, and when it opens next (None: not known)."""

    open: bool
    now: datetime
    next_opening: datetime | None = None


@dataclass(frozen=True)
class Arrived:
    """A call has come in on a line; `number` is the caller's canonical number, None when withheld.

    What is known for certain of whoever phones from it: the name, the newest ticket that is not closed with
    its kind, and the time by which we have promised to call (local). Whoever may change that promise by key
    is `asked`; it is told by his own clock, which shows `their_now`. A time that he has `chosen` is no latest
    one.
    """

    line: LineFacts | None
    hours: Hours | None
    number: str | None
    name: str | None = None
    ticket: str | None = None
    ticket_kind: str | None = None
    promised: datetime | None = None
    asked: bool = False
    their_now: datetime | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Pressed:
    """Keys, without the finishing one."""

    digits: str


@dataclass(frozen=True)
class Spoke:
    """Words, as recognised; confidence from 0 to 1, None when not given."""

    words: str
    confidence: float | None = None


@dataclass(frozen=True)
class Silence:
    """Nothing was pressed or said until the time was up; also a document that ran to its end."""


@dataclass(frozen=True)
class QueueLeft:
    """The Enqueue ended, for the carrier's reason (QueueResult)."""

    result: str


@dataclass(frozen=True)
class Summoned:
    """We redirected this leg into the room of this connection; without a room, the other side is gone: a
    caller goes back into the line, an agent and a customer are told and freed."""

    connection: int
    room: str


@dataclass(frozen=True)
class TalkEnded:
    """The conference is over for this leg: DialCallStatus, or `not_joined` when the agent was lost before
    they met, and the caller goes back into the line."""

    status: str


@dataclass(frozen=True)
class Recorded:
    """A message was recorded; the sound itself follows elsewhere."""

    seconds: int


@dataclass(frozen=True)
class PickedUp:
    """A leg that we placed was answered: an agent's, or a customer's whom we call back.

    `promised` tells the agent that this caller is owed a call, which their talk keeps. A customer's leg may
    have been picked up by a `machine`; where the line leaves a `message` on one, it tells when we try
    next (`next_try`, None: not again), seen from `told_at`; both by the customer's clock.
    """

    line: LineFacts
    language: str
    matter: str
    purpose: str
    waited_seconds: int = 0
    name: str | None = None
    keypad_accepts: bool = True
    promised: bool = False
    machine: bool = False
    message: bool = False
    next_try: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True)
class Answered:
    """The centre's answer to what the conversation asked."""

    answer: object


@dataclass(frozen=True)
class HungUp:
    """The other side has gone."""


Heard = (
    Arrived
    | Pressed
    | Spoke
    | Silence
    | QueueLeft
    | Summoned
    | TalkEnded
    | Recorded
    | PickedUp
    | Answered
    | HungUp
)

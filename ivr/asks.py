"""What the conversation needs from the centre, and the answers it understands.

A turn asks at most one thing; the driver answers with `hearing.Answered(answer)` and the flow goes on.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OpenTicket:
    """Open a ticket of this kind for this call, or give back the one the call has: technical, presales,
    complaint, general."""

    kind: str


@dataclass(frozen=True)
class TakeTicket:
    """This call is about a ticket that the caller has already: note that they phoned again."""

    number: str


@dataclass(frozen=True)
class TicketOpened:
    """Its readable number."""

    number: str


@dataclass(frozen=True)
class FindAgent:
    """Put the caller in line for this choice: technical, presales, complaint, agent."""

    choice: str


@dataclass(frozen=True)
class HowLong:
    """How far has the line moved?"""


@dataclass(frozen=True)
class Queued:
    """In line: position from 1, the expected wait in whole minutes (None: nothing is known yet), whether to
    offer a callback now.

    `worse` says why what is told is worse than before: `overtaken` (somebody who phoned earlier,
    or whose matter is more urgent, has come before), or `fewer_agents`. Without a reason it never is.
    """

    position: int
    low_minutes: int | None
    high_minutes: int | None
    offer_callback: bool
    worse: str | None = None


@dataclass(frozen=True)
class NobodyThere:
    """No agent with that skill is on duty: waiting would be in vain."""


@dataclass(frozen=True)
class LeaveQueue:
    """Take the caller out of the line: he chose a callback or a message instead."""


@dataclass(frozen=True)
class Left:
    """Done. `won` is True when an agent had accepted in that very moment: then the caller stays."""

    won: bool


@dataclass(frozen=True)
class ReadNumber:
    """Is this a number we may call back? Digits as keyed, or the caller's own."""

    digits: str


@dataclass(frozen=True)
class Times:
    """When we may call, told at `now`: as soon as possible, at the latest at `soonest`, or at one of the
    `others`. All are by the customer's clock; `abroad` says that it is not the line's."""

    now: datetime
    soonest: datetime
    others: tuple[datetime, ...] = ()
    abroad: bool = False


@dataclass(frozen=True)
class NumberRead:
    """Yes: its canonical form, its digits as people of the country say them, and when it may be called."""

    canonical: str
    spoken: str
    times: Times | None = None


@dataclass(frozen=True)
class NumberRefused:
    """No: `unreadable`, or `not_allowed` where the centre may not dial it."""

    reason: str


@dataclass(frozen=True)
class BookCallback:
    """Promise a call to this canonical number, at the time that was chosen, else as soon as possible."""

    number: str
    at: datetime | None = None


@dataclass(frozen=True)
class CallbackBooked:
    """The promise: who calls which number by when (local time), told at `now`.

    A time that was `chosen` is kept to, and nobody rings before it. `abroad`: by the customer's clock.
    """

    spoken: str
    due: datetime
    now: datetime
    chosen: bool = False
    abroad: bool = False


@dataclass(frozen=True)
class KeepCallback:
    """This caller is owed a call and wants it as it was promised."""


@dataclass(frozen=True)
class ProposeTimes:
    """To which times may the call be moved that this caller is owed?"""


@dataclass(frozen=True)
class MoveCallback:
    """Promise the call that this caller is owed for another time, None for as soon as possible."""

    at: datetime | None = None


@dataclass(frozen=True)
class CancelCallback:
    """This caller does not want the call any more that he is owed."""


@dataclass(frozen=True)
class CallbackCancelled:
    """Nobody will call."""


@dataclass(frozen=True)
class CallbackGone:
    """Too late: the call is being made in this moment, or is over."""


@dataclass(frozen=True)
class FindTicket:
    """The state of a ticket: by its keyed number, or (None) the newest of this caller's number."""

    number: str | None


@dataclass(frozen=True)
class TicketFound:
    """Its number and its state (new, open, solved, closed); while an answer is owed, by when (local), told at
    `now`: a time that has passed is overdue."""

    number: str
    state: str
    due: datetime | None = None
    now: datetime | None = None


@dataclass(frozen=True)
class TicketUnknown:
    """There is none; or, asked by the caller's number, several customers share it and it tells nothing."""

    shared: bool = False


@dataclass(frozen=True)
class KeepMessage:
    """The caller has left a message of so many seconds: make a ticket of it."""

    seconds: int


@dataclass(frozen=True)
class MessageKept:
    """Its ticket, and by when an answer is owed (local), told at `now`."""

    number: str
    due: datetime | None = None
    now: datetime | None = None


@dataclass(frozen=True)
class AcceptOffer:
    """The agent of this leg takes the call."""


@dataclass(frozen=True)
class DeclineOffer:
    """The agent of this leg does not."""


@dataclass(frozen=True)
class OfferWon:
    """The agent has it: the room to enter; `rings_customer` when a customer is still to be called."""

    room: str
    rings_customer: bool = False


@dataclass(frozen=True)
class OfferGone:
    """Too late: the caller has hung up, chosen otherwise, or the time was up."""


@dataclass(frozen=True)
class ReachCustomer:
    """The customer whom we call back is on the line and wants to talk."""


@dataclass(frozen=True)
class RoomReady:
    """The agent waits in this room."""

    room: str


@dataclass(frozen=True)
class AgentLost:
    """The agent is not there any more."""


Ask = (
    OpenTicket
    | TakeTicket
    | FindAgent
    | HowLong
    | LeaveQueue
    | ReadNumber
    | BookCallback
    | KeepCallback
    | ProposeTimes
    | MoveCallback
    | CancelCallback
    | FindTicket
    | KeepMessage
    | AcceptOffer
    | DeclineOffer
    | ReachCustomer
)
Answer = (
    TicketOpened
    | Queued
    | NobodyThere
    | Left
    | NumberRead
    | Times
    | NumberRefused
    | CallbackBooked
    | CallbackCancelled
    | CallbackGone
    | TicketFound
    | TicketUnknown
    | MessageKept
    | OfferWon
    | OfferGone
    | RoomReady
    | AgentLost
)

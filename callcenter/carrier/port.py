"""What the product asks of a carrier, in the product's words; Twilio and the in-memory twin both keep it.

CarrierError
├── NotPlaced       certainly no call was made: 4xx, 429, DNS, connection refused, connect timeout
├── Ambiguous       a call may have been made: read timeout, reset, 5xx
├── CallGone        the call is not in progress any more (Twilio 21220, 20404)
└── CarrierDown     a read or a repeatable order failed; try again
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from callcenter.errors import CallCenterError

TERMINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


class CarrierError(CallCenterError):
    """The carrier did not do what it was asked."""


class NotPlaced(CarrierError):
    """Certainly no call was made; a new attempt is allowed. `retry` is False where repeating cannot help."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        self.reason = reason
        self.retry = retry
        super().__init__(reason)


class Ambiguous(CarrierError):
    """A call may exist; nobody may dial this target again before witnesses have spoken."""


class CallGone(CarrierError):
    """The call has ended or never was; a race that is lost every day, not an incident."""


class CarrierDown(CarrierError):
    """The carrier did not answer a request that may be repeated."""


@dataclass(frozen=True)
class Placement:
    """One call to place. Times in seconds; addresses E.164, `client:…` or `sip:…`; URLs absolute.

    `send_digits` are pressed once somebody has picked up, before the first document is fetched: digits, `*`,
    `#`, and `w` for half a second of silence (Twilio, "Call resource: SendDigits"; 32 at most).
    `detection` asks who picked up before the first document is fetched (`Enable`, or `DetectMessageEnd`,
    which waits for a machine's tone; Twilio, "Answering machine detection"); empty asks nothing.
    """

    to: str
    from_number: str
    url: str
    status_url: str
    fallback_url: str
    timeout_seconds: int
    time_limit_seconds: int = 14_400
    send_digits: str = ""
    detection: str = ""


@dataclass(frozen=True)
class CarrierCall:
    """A call as the carrier has it now (eventually consistent); times in UTC, None where it has none.

    `queue_seconds` is how long it waits, or has waited, in the account's queue (Twilio's `queue_time`).
    """

    sid: str
    status: str
    direction: str
    to: str
    from_number: str
    started_at: datetime | None
    ended_at: datetime | None
    queue_seconds: float = 0.0


@dataclass(frozen=True)
class CarrierRecording:
    """A recording as the carrier has it now; `source` as Twilio names it (`RecordVerb` is a message).

    `seconds` is None while it lasts; `created_at`, in UTC, is when it began.
    """

    sid: str
    call_sid: str
    status: str
    source: str
    seconds: int | None
    created_at: datetime


class Carrier(Protocol):
    """Every method is synchronous, bounded in time, and never repeats a request by itself."""

    def place(self, placement: Placement) -> str:
        """Place one call and return its SID; raise NotPlaced or Ambiguous."""

    def redirect(self, sid: str, url: str) -> None:
        """Make a living call fetch its next document from url; raise CallGone or CarrierDown."""

    def cancel(self, sid: str) -> None:
        """End a call that is still queued or ringing; one that was picked up meanwhile lives on.

        Raise CallGone or CarrierDown.
        """

    def hang_up(self, sid: str) -> None:
        """End a call whatever its state; raise CallGone or CarrierDown."""

    def fetch(self, sid: str) -> CarrierCall:
        """Return one call; raise CallGone when the carrier does not know it, CarrierDown."""

    def list_calls(self, *, to: str | None = None, day: date | None = None) -> list[CarrierCall]:
        """Return every call of a UTC day, complete over all pages, newest first; raise CarrierDown."""

    def calls_since(self, since: datetime) -> list[CarrierCall]:
        """Return the calls that began at or after `since`, newest first; raise CarrierDown.

        Reading stops at the first one that began before: the carrier lists the newest first. Calls that
        still wait in the carrier's queue have no beginning and are left out.
        """

    def recordings_since(self, since: datetime) -> list[CarrierRecording]:
        """Return the recordings that began at or after `since`, newest first; raise CarrierDown."""

    def recording(self, sid: str) -> bytes:
        """Return a recording's audio (WAV); raise CallGone when it is not there (yet), CarrierDown."""

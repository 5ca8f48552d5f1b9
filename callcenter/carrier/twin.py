"""The carrier in memory: for tests and for centres that must dial nobody; it keeps the same contract."""

import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from callcenter.carrier.port import (
    TERMINAL,
    Ambiguous,
    CallGone,
    CarrierCall,
    CarrierError,
    CarrierRecording,
    NotPlaced,
    Placement,
)

KEYS = "0123456789ABCD*#wW"
RINGING = frozenset({"queued", "ringing"})


@dataclass(frozen=True)
class Placed:
    """A call that was placed, with the SID it was given."""

    sid: str
    placement: Placement


@dataclass(frozen=True)
class Order:
    """A redirect, cancel or hang_up that was obeyed."""

    verb: str
    sid: str
    url: str | None = None


class Twin:
    """A carrier whose calls ring until somebody says otherwise.

    `placed` and `orders` are what it was asked; `becomes` moves a call; `refuse` and `lose_answer` make the
    next requests fail. It sends no webhooks.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.placed: list[Placed] = []
        self.orders: list[Order] = []
        self.calls: dict[str, CarrierCall] = {}
        self.recordings: dict[str, bytes] = {}
        self.tapes: list[CarrierRecording] = []
        self._refusals: defaultdict[str, deque[CarrierError]] = defaultdict(deque)
        self._lost: deque[Ambiguous] = deque()

    def refuse(self, verb: str, *errors: CarrierError) -> None:
        """Let the next requests of this verb (a method of the port) fail so, one each."""
        self._refusals[verb].extend(errors)

    def lose_answer(self) -> None:
        """Let the next call be placed and its answer be lost: the asker gets Ambiguous."""
        self._lost.append(Ambiguous("The answer was lost; the call was placed."))

    def arrives(self, from_number: str, to: str, sid: str | None = None) -> str:
        """Begin an inbound call that is in progress; return its SID."""
        call = CarrierCall(sid or new_sid("CA"), "in-progress", "inbound", to, from_number, self.now(), None)
        self.calls[call.sid] = call
        return call.sid

    def tapes_message(self, call_sid: str, seconds: int, sid: str | None = None) -> str:
        """Keep a voice message of a call, begun now; return the recording's SID."""
        taped = CarrierRecording(
            sid or new_sid("RE"), call_sid, "completed", "RecordVerb", seconds, self.now()
        )
        self.tapes.append(taped)
        return taped.sid

    def becomes(self, sid: str, status: str) -> None:
        """Move a call to another status of Twilio's."""
        ended = self.now() if status in TERMINAL else None
        self.calls[sid] = replace(self.calls[sid], status=status, ended_at=ended)

    def waits(self, sid: str, queue_seconds: float) -> None:
        """Let a call be in the account's queue, so many seconds from its end."""
        self.calls[sid] = replace(self.calls[sid], status="queued", queue_seconds=queue_seconds)

    def place(self, placement: Placement) -> str:
        """Place one call, ringing at once, and return its SID."""
        self._maybe_refuse("place")
        if not all(key in KEYS for key in placement.send_digits):
            raise NotPlaced("400/21206", retry=False)
        sid, target, caller = new_sid("CA"), placement.to, placement.from_number
        self.calls[sid] = CarrierCall(sid, "ringing", "outbound-api", target, caller, self.now(), None)
        self.placed.append(Placed(sid, placement))
        if self._lost:
            raise self._lost.popleft()
        return sid

    def redirect(self, sid: str, url: str) -> None:
        """Note the redirect of a call that is in progress; raise CallGone for any other."""
        self._maybe_refuse("redirect")
        if self._living(sid).status != "in-progress":
            raise CallGone(f"{sid} is not in progress.")
        self.orders.append(Order("redirect", sid, url))

    def cancel(self, sid: str) -> None:
        """End a call that still rings; one that was picked up lives on."""
        self._maybe_refuse("cancel")
        ringing = self._living(sid).status in RINGING
        self.orders.append(Order("cancel", sid))
        if ringing:
            self.becomes(sid, "canceled")

    def hang_up(self, sid: str) -> None:
        """End a call whatever its state."""
        self._maybe_refuse("hang_up")
        ringing = self._living(sid).status in RINGING
        self.orders.append(Order("hang_up", sid))
        self.becomes(sid, "canceled" if ringing else "completed")

    def fetch(self, sid: str) -> CarrierCall:
        """Return one call."""
        self._maybe_refuse("fetch")
        return self._known(sid)

    def list_calls(self, *, to: str | None = None, day: date | None = None) -> list[CarrierCall]:
        """Return the calls to a number, or of a UTC day, or all; newest first."""
        self._maybe_refuse("list_calls")
        return [call for call in reversed(self.calls.values()) if _matches(call, to, day)]

    def calls_since(self, since: datetime) -> list[CarrierCall]:
        """Return the calls that began since then, newest first."""
        self._maybe_refuse("calls_since")
        return [
            call for call in reversed(self.calls.values()) if call.started_at and call.started_at >= since
        ]

    def recordings_since(self, since: datetime) -> list[CarrierRecording]:
        """Return the recordings that began since then, newest first."""
        self._maybe_refuse("recordings_since")
        return [taped for taped in reversed(self.tapes) if taped.created_at >= since]

    def recording(self, sid: str) -> bytes:
        """Return the audio that a test has put into `recordings`."""
        self._maybe_refuse("recording")
        if sid not in self.recordings:
            raise CallGone(f"The recording {sid} is not there.")
        return self.recordings[sid]

    def _maybe_refuse(self, verb: str) -> None:
        if self._refusals[verb]:
            raise self._refusals[verb].popleft()

    def _known(self, sid: str) -> CarrierCall:
        if sid not in self.calls:
            raise CallGone(f"There is no call {sid}.")
        return self.calls[sid]

    def _living(self, sid: str) -> CarrierCall:
        call = self._known(sid)
        if call.status in TERMINAL:
            raise CallGone(f"{sid} has ended.")
        return call


def new_sid(prefix: str) -> str:
    """Return a SID as Twilio makes them: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def _matches(call: CarrierCall, to: str | None, day: date | None) -> bool:
    dated = call.started_at is None or day is None or call.started_at.astimezone(UTC).date() == day
    return dated and (to is None or call.to == to)

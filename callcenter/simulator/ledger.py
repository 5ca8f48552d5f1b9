"""The judge: what really happened on the telephones and on the wire, written by the network itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from callcenter.simulator.addresses import Cadence, cadence_of, rings_within
from callcenter.simulator.webhooks import WebhookRequest, WebhookResponse


@dataclass
class Ring:
    """One ringing of one telephone; instants in UTC. `result` is empty while it rings, then `answered`,
    `no-answer`, `declined`, `canceled` or `completed` (ended by REST)."""

    sid: str
    to: str
    from_: str
    started: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    result: str = ""
    reported: bool = True

    @property
    def seconds(self) -> float | None:
        """Return how long it rang, None while it rings."""
        stopped = self.answered or self.ended
        return (stopped - self.started).total_seconds() if stopped else None

    @property
    def rings(self) -> int | None:
        """Return how many rings the person heard begin, by the cadence of the number's country."""
        seconds = self.seconds
        return None if seconds is None else rings_within(seconds, self.cadence)

    @property
    def cadence(self) -> Cadence:
        """Return how the telephone rings; a softphone has no country but the line's."""
        return cadence_of(self.to if self.to.startswith("+") else self.from_)


@dataclass(frozen=True)
class Delivery:
    """One webhook as it reached the application, or failed to; `error` is Twilio's code, 0 for none."""

    kind: str
    call_sid: str
    event: str
    at: datetime
    request: WebhookRequest
    response: WebhookResponse | None
    error: int = 0
    copy: int = 0

    @property
    def path(self) -> str:
        """Return the address without scheme and host."""
        parts = urlsplit(self.request.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def params(self) -> dict[str, str]:
        """Return what was sent, form and query together."""
        return self.request.params


@dataclass(frozen=True)
class Lost:
    """A webhook that was dropped on purpose."""

    kind: str
    call_sid: str
    event: str
    at: datetime


@dataclass(frozen=True)
class RestRequest:
    """One request of the application to the REST API; `done` is False where it was refused or lost."""

    method: str
    path: str
    params: dict[str, str]
    at: datetime
    status: int
    fault: str = ""

    @property
    def places(self) -> bool:
        """Return whether it asks for a new call."""
        return self.method == "POST" and urlsplit(self.path).path.endswith("/Calls.json")


@dataclass(frozen=True)
class Event:
    """Something that happened in a conference, whether or not anybody was told."""

    at: datetime
    subject: str
    name: str
    call_sid: str = ""


@dataclass
class Life:
    """One call from beginning to end: (instant, status) in order."""

    sid: str
    direction: str
    from_: str
    to: str
    parent_sid: str
    moves: list[tuple[datetime, str]] = field(default_factory=list)
    ended_by: str = ""

    @property
    def status(self) -> str:
        """Return the last status."""
        return self.moves[-1][1] if self.moves else ""


class Ledger:
    """Everything that was rung, sent, asked and lived through, in order of time."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.webhooks: list[Delivery] = []
        self.lost: list[Lost] = []
        self.requests: list[RestRequest] = []
        self.events: list[Event] = []
        self.lives: dict[str, Life] = {}
        self._ringing: dict[str, Ring] = {}

    def rings_of(self, number: str) -> list[Ring]:
        """Return every ringing of this telephone, the earliest first."""
        return [ring for ring in self.rings if ring.to == number]

    def webhooks_of(self, call_sid: str, kind: str = "") -> list[Delivery]:
        """Return what was sent about one call, as it arrived."""
        return [w for w in self.webhooks if w.call_sid == call_sid and kind in ("", w.kind)]

    def placed(self, *, to: str = "", direction: str = "outbound-api") -> Iterator[Life]:
        """Yield the calls of a direction, to one number where it is given."""
        for life in self.lives.values():
            if life.direction == direction and to in ("", life.to):
                yield life

    def begins_ringing(self, ring: Ring) -> None:
        """Write down that a telephone rings."""
        self.rings.append(ring)
        self._ringing[ring.sid] = ring

    def answered(self, sid: str, at: datetime) -> None:
        """Write down that it was picked up."""
        if ring := self._ringing.pop(sid, None):
            ring.answered, ring.result = at, "answered"

    def stopped(self, sid: str, at: datetime, result: str) -> None:
        """Write down that it stopped ringing without being picked up."""
        if ring := self._ringing.pop(sid, None):
            ring.ended, ring.result = at, result

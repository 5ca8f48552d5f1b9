"""Everything that exists on one simulated network: plain state, one lock, one seed."""

import random
from dataclasses import dataclass, field

from callcenter.simulator.addresses import normalised
from callcenter.simulator.behaviours import Behaviour, rings_out
from callcenter.simulator.calls import Call
from callcenter.simulator.clock import Clock
from callcenter.simulator.faults import Faults
from callcenter.simulator.findings import Finding
from callcenter.simulator.kernel import Kernel
from callcenter.simulator.ledger import Ledger
from callcenter.simulator.load import Load
from callcenter.simulator.phones import Phone
from callcenter.simulator.recordings import Recording
from callcenter.simulator.rooms import Conference
from callcenter.simulator.settings import Settings
from callcenter.simulator.sids import Sids
from callcenter.simulator.waiting import Queue
from callcenter.simulator.webhooks import Callback, Fetch, Post, WebhookRequest, WebhookResponse


@dataclass
class Number:
    """A number of the account: where its calls are announced."""

    sid: str
    address: str
    voice: Callback
    fallback: Callback | None = None
    status: Callback | None = None
    name: str = ""


def _nobody(request: WebhookRequest) -> WebhookResponse:
    raise ConnectionError(f"No application is connected to the network: {request.url}")


def _no_sound(url: str) -> bytes:
    raise ConnectionError(f"Sounds are not fetched: {url}")


@dataclass
class World:
    """The state of the network; whoever changes it holds `kernel.lock`."""

    clock: Clock
    settings: Settings
    post: Post = _nobody
    fetch: Fetch = _no_sound
    calls: dict[str, Call] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    warnings: list[Finding] = field(default_factory=list)
    sounds: dict[str, float] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    load: Load = field(default_factory=Load)
    next_release: float = 0.0
    strangers: Behaviour = field(default_factory=rings_out)

    def __post_init__(self) -> None:
        self.kernel = Kernel(self.clock)
        self.sids = Sids(self.settings.seed)
        self.faults = Faults(self.settings.seed)
        self.random = random.Random(f"world-{self.settings.seed}")

    @property
    def now(self) -> float:
        """Return the seconds since the start."""
        return self.kernel.now

    def phone(self, address: str) -> Phone:
        """Return the telephone at this address; it exists as soon as somebody speaks of it."""
        address = normalised(address)
        if address not in self.phones:
            self.phones[address] = Phone(address, usual=self.strangers)
        return self.phones[address]

    def warn(
        self, code: int, message: str, *, call_sid: str = "", url: str = "", fatal: bool = False
    ) -> None:
        """Write down what Twilio's debugger would have shown."""
        self.warnings.append(Finding(code, message, self.now, call_sid, url, fatal))

"""The simulated telephone network: what tests and the server hold in their hands."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callcenter.simulator import arriving, behaviours, people
from callcenter.simulator.addresses import normalised
from callcenter.simulator.behaviours import Behaviour
from callcenter.simulator.calls import Call
from callcenter.simulator.clock import Clock, VirtualClock
from callcenter.simulator.faults import Faults
from callcenter.simulator.findings import Finding
from callcenter.simulator.handset import Handset, NotHeard
from callcenter.simulator.ledger import Ledger
from callcenter.simulator.phones import Phone
from callcenter.simulator.rest.api import Rest
from callcenter.simulator.settings import Settings
from callcenter.simulator.webhooks import Callback, Fetch, Post
from callcenter.simulator.world import Number, World


@dataclass(eq=False)
class Telephone:
    """One person's telephone, for dialling and for saying how it takes calls."""

    world: World
    phone: Phone

    @property
    def address(self) -> str:
        """Return its number, `client:…` or `sip:…`."""
        return self.phone.address

    def will(self, *taking: Behaviour) -> None:
        """Take the coming calls so, one behaviour each; the last is kept up. See behaviours.py."""
        self.phone.will(*taking)

    def answers(
        self,
        after: float = 5.0,
        *,
        rings: int | None = None,
        presses: str | tuple[str, ...] = (),
        talks_for: float | None = None,
    ) -> None:
        """Pick up after so many seconds, or during ring number `rings`; press keys, one entry a prompt."""
        self.will(behaviours.answers(after, rings=rings, presses=presses, talks_for=talks_for))

    def rings_out(self) -> None:
        """Never answer."""
        self.will(behaviours.rings_out())

    def is_busy(self) -> None:
        """Be engaged."""
        self.will(behaviours.busy())

    def is_unreachable(self) -> None:
        """Be switched off."""
        self.will(behaviours.unreachable())

    def declines_calls(self, after: float = 4.0) -> None:
        """Refuse."""
        self.will(behaviours.declines(after))

    def has_voicemail(self, after: float = 20.0, tape: float = 30.0) -> None:
        """Let a machine answer."""
        self.will(behaviours.voicemail(after, tape))

    def dials(
        self, number: str, *, presses: tuple[str, ...] = (), reaction: float = 1.5, **extras: str
    ) -> Handset:
        """Call one of the account's numbers; `presses` are pressed one per prompt.

        `extras` are further parameters of the first webhook, e.g. CallerName or ForwardedFrom.
        """
        with self.world.kernel.lock:
            call = arriving.dial_in(self.world, self.address, number, extras)
            if presses:
                self.world.kernel.spawn(people.press_each(self.world, call, presses, reaction))
        return Handset(self.world, call)

    def rings(self, within: float = 30) -> Handset:
        """Run until this telephone rings; return the ringing call's handset."""
        if not self.world.kernel.run_until(lambda: self._ringing() is not None, within):
            raise NotHeard(f"{self.phone.label} did not ring within {within} s.")
        ringing = self._ringing()
        assert ringing is not None  # noqa: S101  run_until has just seen it
        return Handset(self.world, ringing)

    def _ringing(self) -> Call | None:
        return next((c for c in self.phone.calls if c.status == "ringing" and c.direction != "inbound"), None)

    @property
    def is_ringing(self) -> bool:
        """Return whether it rings now."""
        return self._ringing() is not None

    @property
    def handset(self) -> Handset:
        """Return the handset of its last call, living or over."""
        if not self.phone.calls:
            raise NotHeard(f"{self.phone.label} has had no call.")
        return Handset(self.world, self.phone.calls[-1])


class Network:
    """One account on one simulated network, over a clock that only the network moves."""

    def __init__(
        self,
        post: Post | None = None,
        *,
        clock: Clock | None = None,
        settings: Settings | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self.world = World(clock or VirtualClock(), settings or Settings())
        self.rest = Rest(self.world)
        if post is not None:
            self.world.post = post
        if fetch is not None:
            self.world.fetch = fetch

    @property
    def clock(self) -> Clock:
        """Return the clock, which the application under test should read too."""
        return self.world.clock

    @property
    def faults(self) -> Faults:
        """Return what goes wrong."""
        return self.world.faults

    @property
    def ledger(self) -> Ledger:
        """Return what really happened."""
        return self.world.ledger

    @property
    def warnings(self) -> list[Finding]:
        """Return what Twilio's debugger would have shown."""
        return self.world.warnings

    @property
    def post(self) -> Post:
        """Return how webhooks are sent."""
        return self.world.post

    @post.setter
    def post(self, post: Post) -> None:
        self.world.post = post

    def now(self) -> datetime:
        """Return the network's instant in UTC."""
        return self.world.clock.now()

    def number(
        self,
        address: str,
        voice_url: str,
        *,
        fallback_url: str = "",
        status_callback: str = "",
        name: str = "",
    ) -> Number:
        """Give the account a number, announced at these addresses (all by POST)."""
        number = Number(
            self.world.sids.new("PN"),
            normalised(address),
            Callback(voice_url),
            Callback(fallback_url) if fallback_url else None,
            Callback(status_callback) if status_callback else None,
            name,
        )
        self.world.numbers[number.address] = number
        return number

    def phone(self, address: str, name: str = "") -> Telephone:
        """Return the telephone at this address; a name makes transcripts readable."""
        phone = self.world.phone(address)
        phone.name = name or phone.name
        return Telephone(self.world, phone)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do this so many seconds from now, without the network's lock."""
        self.world.kernel.errand(seconds, action)

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Do this again and again, the first time after `seconds`, without the network's lock."""

        def again() -> None:
            self.world.kernel.errands.append(action)
            self.world.kernel.after(seconds, again)

        self.world.kernel.after(seconds, again)

    def after_each(self, action: Callable[[], None]) -> None:
        """Do this after every event and the webhooks it sent."""
        self.world.kernel.after_each.append(action)

    def step(self) -> bool:
        """Take the next event, whatever its time; return False when nothing is planned."""
        return self.world.kernel.step()

    def run_for(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.world.kernel.run_until_time(self.world.now + seconds)

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float = 60) -> bool:
        """Let time pass until the predicate holds; return False when the limit was reached in vain."""
        return self.world.kernel.run_until(predicate, limit_seconds)

    def live_calls(self) -> list[Call]:
        """Return the calls that have not ended."""
        with self.world.kernel.lock:
            return [call for call in self.world.calls.values() if call.live]

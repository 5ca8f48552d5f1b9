"""What goes wrong between network and application: by seed and probability, or once, as a test orders it.

Voice webhooks may only be duplicated and delayed (a call without its document is a dead call); everything
that carries news may also be reordered and dropped. REST faults strike before or after the request counts;
`twice` lets one request have its effect two times, as a proxy does that repeats it.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Kind = Literal["voice", "status", "conference", "recording", "bookkeeping", "rest"]
Effect = Literal[
    "duplicate",
    "delay",
    "drop",
    "reorder",
    "401",
    "404",
    "429",
    "500",
    "timeout",
    "500-after-accept",
    "timeout-after-accept",
    "reset",
    "twice",
]

REST_EFFECTS: frozenset[Effect] = frozenset(
    {"401", "404", "429", "500", "timeout", "500-after-accept", "timeout-after-accept", "reset", "twice"}
)


@dataclass(frozen=True)
class Parcel:
    """What is about to be sent: its kind, whose it is, the address, and the event it tells of."""

    kind: Kind
    call_sid: str
    url: str
    event: str = ""


@dataclass
class Fault:
    """One thing that goes wrong, for parcels of this kind whose address and event match.

    `delay` is a range of seconds; `times` bounds how often it strikes (None: no bound); a `concurrent`
    duplicate is sent beside the original from another thread.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    effect: Effect
    kind: Kind
    probability: float = 1.0
    path: str = ""
    event: str = ""
    call_sid: str = ""
    delay: tuple[float, float] = (0.5, 2.0)
    copies: int = 1
    concurrent: bool = False
    times: int | None = None
    struck: int = 0

    def matches(self, parcel: Parcel) -> bool:
        """Return whether this fault may strike that parcel."""
        return (
            parcel.kind == self.kind
            and (self.times is None or self.struck < self.times)
            and self.event in ("", parcel.event)
            and self.call_sid in ("", parcel.call_sid)
            and re.search(self.path, parcel.url) is not None
        )


@dataclass
class Plan:
    """How one parcel travels: when each copy leaves, and what was done to it."""

    delays: list[float] = field(default_factory=lambda: [0.0])
    concurrent: bool = False
    held: bool = False
    effects: list[Effect] = field(default_factory=list)


class Faults:
    """Every fault in force; the same seed and the same parcels give the same misfortunes.

    `list_lag` is how many seconds a new call may stay out of the REST listings, at the longest.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"faults-{seed}")
        self.list_lag = 0.0
        self._faults: list[Fault] = []
        self._swaps: list[tuple[str, str]] = []
        self._held: list[tuple[Parcel, str | None, Callable[[], None]]] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force; refuse one that would leave a call without its document."""
        if fault.kind == "voice" and fault.effect in ("drop", "reorder"):
            raise ValueError("Voice webhooks may only be duplicated or delayed.")
        if (fault.kind == "rest") != (fault.effect in REST_EFFECTS):
            raise ValueError(f"{fault.effect} does not strike {fault.kind} requests.")
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Let one fault be over."""
        self._faults.remove(fault)

    def clear(self) -> None:
        """Let nothing go wrong from now on; what is held back is delivered at its time."""
        self._faults.clear()
        self._swaps.clear()

    def duplicate_next(
        self,
        kind: Kind = "voice",
        *,
        event: str = "",
        path: str = "",
        copies: int = 1,
        concurrent: bool = False,
    ) -> Fault:
        """Send the next such parcel again, once for each copy."""
        return self._once("duplicate", kind, event, path, copies=copies, concurrent=concurrent)

    def drop_next(self, kind: Kind, *, event: str = "", path: str = "") -> Fault:
        """Lose the next such parcel."""
        return self._once("drop", kind, event, path)

    def delay_next(self, kind: Kind, seconds: float, *, event: str = "", path: str = "") -> Fault:
        """Deliver the next such parcel so many seconds late."""
        fault = self._once("delay", kind, event, path)
        fault.delay = (seconds, seconds)
        return fault

    def rest_next(self, effect: Effect, *, path: str = "/Calls", event: str = "POST") -> Fault:
        """Let the next such REST request (event: its method) fail so."""
        return self._once(effect, "rest", event, path)

    def swap_next(self, first: str, second: str) -> None:
        """Deliver the next event `first` of a call only after the event `second` of the same call."""
        self._swaps.append((first, second))

    def _once(
        self, effect: Effect, kind: Kind, event: str, path: str, *, copies: int = 1, concurrent: bool = False
    ) -> Fault:
        fault = Fault(effect, kind, event=event, path=path, copies=copies, concurrent=concurrent, times=1)
        return self.add(fault)

    def plan(self, parcel: Parcel) -> Plan:
        """Decide how this parcel travels."""
        plan = Plan()
        for fault in self._striking(parcel):
            plan.effects.append(fault.effect)
            self._strike(plan, fault)
        return plan

    def listing_delay(self) -> float:
        """Return how long the call placed now stays out of the listings."""
        return self._random.uniform(0.0, self.list_lag) if self.list_lag else 0.0

    def rest_effect(self, parcel: Parcel) -> Effect | None:
        """Decide whether, and how, this REST request fails."""
        return next((fault.effect for fault in self._striking(parcel)), None)

    def _striking(self, parcel: Parcel) -> list[Fault]:
        striking = []
        for fault in self._faults:
            if fault.matches(parcel) and self._random.random() < fault.probability:
                fault.struck += 1
                striking.append(fault)
        return striking

    def _strike(self, plan: Plan, fault: Fault) -> None:
        late = self._random.uniform(*fault.delay)
        if fault.effect == "drop":
            plan.delays = []
        elif fault.effect == "delay":
            plan.delays = [delay + late for delay in plan.delays]
        elif fault.effect == "reorder":
            plan.held = True
        elif fault.effect == "duplicate" and plan.delays:
            plan.concurrent = fault.concurrent
            apart = 0.0 if fault.concurrent else late
            plan.delays += [plan.delays[0] + apart * (copy + 1) for copy in range(fault.copies)]

    def hold(self, parcel: Parcel, held: bool, send: Callable[[], None]) -> bool:
        """Keep a parcel back until its partner has left; return whether it was kept."""
        swap = next((pair for pair in self._swaps if parcel.event == pair[0]), None)
        if swap:
            self._swaps.remove(swap)
        elif not held:
            return False
        self._held.append((parcel, swap[1] if swap else None, send))
        return True

    def release(self, parcel: Parcel) -> list[Callable[[], None]]:
        """Return what was held back for this parcel, which has just left."""
        freed = [held for held in self._held if self._frees(parcel, held[0], held[1])]
        self._held = [held for held in self._held if held not in freed]
        return [send for _, _, send in freed]

    def overdue(self, send: Callable[[], None]) -> bool:
        """Stop holding this parcel back; return whether it was still held."""
        kept = [held for held in self._held if held[2] != send]
        overdue = len(kept) < len(self._held)
        self._held = kept
        return overdue

    @staticmethod
    def _frees(parcel: Parcel, held: Parcel, until: str | None) -> bool:
        same = parcel.call_sid == held.call_sid and parcel.kind == held.kind
        return same and parcel is not held and until in (None, parcel.event)

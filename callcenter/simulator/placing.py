"""Calls that the application places by REST: the account's queue, the ringing, the first document.

Source: Twilio "Call resource: create", "High-volume voice considerations" (the queue).
"""

from dataclasses import dataclass
from typing import Literal

from callcenter.simulator import progress
from callcenter.simulator.calls import Call, Source, Status
from callcenter.simulator.kernel import Script
from callcenter.simulator.ringing import connect, ring
from callcenter.simulator.verbs.table import conduct
from callcenter.simulator.webhooks import Callback, Subscription
from callcenter.simulator.world import World

DETECTION_SECONDS = 4.0
KEY_SECONDS = 0.25
PAUSES = {"w": 0.5, "W": 1.0}


@dataclass(frozen=True)
class Order:
    """A call to place; times in seconds."""

    to: str
    from_: str
    source: Source
    fallback: Callback | None = None
    subscription: Subscription | None = None
    timeout: float = 60.0
    time_limit: float = 14_400.0
    send_digits: str = ""
    detect_machine: Literal["", "Enable", "DetectMessageEnd"] = ""


def place(world: World, order: Order) -> Call:
    """Accept a call into the account's queue."""
    call = Call(world.sids.new("CA"), "outbound-api", order.from_, order.to, world.now)
    call.voice, call.fallback, call.subscription = order.source, order.fallback, order.subscription
    progress.enrol(world, call)
    leaves = max(world.now, world.next_release)
    world.next_release = leaves + 1.0 / world.settings.calls_per_second
    world.kernel.after(leaves - world.now, lambda: _release(world, call, order))
    return call


def _release(world: World, call: Call, order: Order) -> None:
    if call.live:
        call.process = world.kernel.spawn(_live(world, call, order))


def _live(world: World, call: Call, order: Order) -> Script[None]:
    timeout = order.timeout + world.random.uniform(0.0, world.settings.extra_timeout)
    if not (yield from ring(world, call, timeout)):
        return
    connect(world, call)
    world.kernel.after(order.time_limit, lambda: progress.end(world, call, Status.COMPLETED, "network"))
    yield from _press(world, call, order.send_digits)
    if order.detect_machine and not order.send_digits:
        yield (world.kernel.timer(DETECTION_SECONDS),)
        call.answered_by = _verdict(call, order)
    yield from conduct(world, call, order.source)


def _press(world: World, call: Call, digits: str) -> Script[None]:
    """Press keys into the line that was answered; `w` is half a second of silence, `W` a whole one."""
    for key in digits:
        if key in PAUSES:
            yield (call.over, world.kernel.timer(PAUSES[key]))
            continue
        call.ear.begin("tone", key, world.now, KEY_SECONDS)
        yield (call.over, world.kernel.timer(KEY_SECONDS))
        call.ear.end(world.now)
        call.keyed += key
    if digits:
        call.keys_sent.fire()


def _verdict(call: Call, order: Order) -> str:
    """Return AnsweredBy; the synchronous detection delays the first document."""
    if call.answered_as != "machine":
        return "human"
    return "machine_start" if order.detect_machine == "Enable" else "machine_end_beep"

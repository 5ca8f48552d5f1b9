"""Calls that people make to the account's numbers.

Source: Twilio "TwiML for Programmable Voice: Twilio's voice webhooks".
"""

from callcenter.simulator import progress
from callcenter.simulator.addresses import normalised
from callcenter.simulator.calls import Call, Source, Status
from callcenter.simulator.kernel import Script
from callcenter.simulator.verbs.table import conduct
from callcenter.simulator.webhooks import Subscription
from callcenter.simulator.world import Number, World

ROUTING_SECONDS = 0.3


def dial_in(world: World, from_: str, to: str, extras: dict[str, str] | None = None) -> Call:
    """Let a telephone dial one of the account's numbers; `extras` are further webhook parameters."""
    to = normalised(to)
    call = Call(world.sids.new("CA"), "inbound", from_, to, world.now, status=Status.RINGING)
    call.extras = {"CallToken": world.sids.new("CT"), **(extras or {})}
    number = world.numbers.get(to)
    call.dialled = call.rang = world.now
    progress.enrol(world, call)
    world.phone(from_).calls.append(call)
    call.ear.begin("tone", "ring tone", world.now)
    if number is not None and number.status is not None:
        call.subscription = Subscription(number.status)
    call.process = world.kernel.spawn(_live(world, call, number))
    return call


def _live(world: World, call: Call, number: Number | None) -> Script[None]:
    yield (world.kernel.timer(ROUTING_SECONDS),)
    if number is None:
        call.ear.begin("tone", "the number is not in use", world.now)
        progress.end(world, call, Status.FAILED, "carrier")
        return
    call.fallback = number.fallback
    yield from conduct(world, call, Source(number.voice))

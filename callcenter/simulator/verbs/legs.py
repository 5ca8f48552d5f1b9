"""The legs of a Dial: ringing, screening, joining with the caller.

Source: Twilio "<Number>", "<Client>", "<Sip>". `url` is carried out on the callee after pick-up and before
the two are joined; a callee who hangs up there was still "answered".
"""

from dataclasses import dataclass, field

from callcenter.simulator import progress
from callcenter.simulator.calls import Call, Redirected, Source, Status
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.progress import subscribed
from callcenter.simulator.ringing import connect, ring
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.documents import converse, obtain, perform
from callcenter.simulator.verbs.running import Goto, HangUp, Run
from callcenter.simulator.world import World

PREFIX = {"Client": "client:", "Number": "", "Sip": ""}


@dataclass(eq=False)
class Leg:
    """One called leg: `accepted` fires when it may be joined, `released` when the joining is over for it."""

    call: Call
    screen: Source | None
    accepted: Signal = field(default_factory=Signal)
    released: Signal = field(default_factory=Signal)


def leg_of(run: Run, noun: Element, caller_id: str) -> Leg:
    """Make a leg from a noun."""
    address = PREFIX[noun.name] + _identity(noun)
    call = Call(run.world.sids.new("CA"), "outbound-dial", caller_id, address, run.world.now, parent=run.call)
    callback = run.document.callback(noun, "statusCallback", "statusCallbackMethod")
    call.subscription = subscribed(callback, noun.get("statusCallbackEvent"))
    call.status = Status.INITIATED
    screen = run.document.callback(noun, "url")
    return Leg(call, Source(screen) if screen else None)


def _identity(noun: Element) -> str:
    named = next((child.text for child in noun.children if child.name == "Identity"), None)
    return named or noun.text


def launch(world: World, leg: Leg, timeout: float) -> None:
    """Let the leg ring."""
    progress.enrol(world, leg.call)
    leg.call.process = world.kernel.spawn(_live(world, leg, timeout))


def _live(world: World, leg: Leg, timeout: float) -> Script[None]:
    call = leg.call
    if not (yield from ring(world, call, timeout)):
        return
    connect(world, call)
    try:
        if leg.screen is not None:
            yield from _screen(world, call, leg.screen)
        leg.accepted.fire()
        yield (leg.released,)
    except HangUp:
        progress.end(world, call, Status.COMPLETED, "network")
    except Redirected as order:
        leg.released.fire("redirected")
        yield from converse(world, call, order.source)
        progress.end(world, call, Status.COMPLETED, "network")


def _screen(world: World, call: Call, source: Source) -> Script[None]:
    """Carry out the screening documents; raise HangUp where the callee is not to be joined."""
    following: Source | None = source
    while following is not None:
        try:
            document = yield from obtain(world, call, following, "screen")
            yield from perform(Run(world, call, document, "screen"))
            following = None
        except Goto as way:
            following = way.source
        except TwimlFailure as failure:
            raise HangUp from failure

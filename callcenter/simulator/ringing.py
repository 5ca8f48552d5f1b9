"""Ringing a telephone: from dialling to pick-up, refusal or time-out.

Source: Twilio "Call resource: status callbacks", "Tracking the status of an outbound call".
"""

from callcenter.simulator import progress
from callcenter.simulator.addresses import is_callable
from callcenter.simulator.behaviours import Behaviour
from callcenter.simulator.calls import Call, Status
from callcenter.simulator.kernel import Script
from callcenter.simulator.ledger import Ring
from callcenter.simulator.people import take
from callcenter.simulator.world import World

UNCALLABLE = 13224
DECLINED = {"busy": Status.BUSY, "canceled": Status.CANCELED, "no-answer": Status.NO_ANSWER}


def ring(world: World, call: Call, timeout: float) -> Script[bool]:
    """Dial, ring and wait `timeout` seconds at most; return True when the person picked up.

    The call is not yet in progress then: whoever called decides when it is connected. One that ended as it
    left the queue is not dialled.
    """
    if not call.live:
        return False
    call.dialled = world.now
    progress.move(world, call, Status.INITIATED)
    deadline = world.kernel.timer(timeout)
    phone = world.phone(call.to)
    behaviour = phone.take_behaviour()
    phone.calls.append(call)
    setup = world.settings.setup if behaviour.setup is None else behaviour.setup
    yield (call.over, world.kernel.timer(setup))
    if not call.live or _fails(world, call, behaviour):
        return False
    _begin(world, call, behaviour)
    first = yield (call.picked_up, call.declined, call.over, deadline)
    if first is call.declined:
        progress.end(world, call, DECLINED[str(call.declined.value)], "person")
    elif first is deadline:
        progress.end(world, call, Status.NO_ANSWER, "carrier")
    return first is call.picked_up and call.live


def _fails(world: World, call: Call, behaviour: Behaviour) -> bool:
    """End a call that never rings; return whether it did.

    For a softphone that is not there `ringing` is reported all the same, and nobody answers.
    """
    if not is_callable(call.to):
        world.warn(UNCALLABLE, f"{call.to!r} cannot be called.", call_sid=call.sid)
        progress.end(world, call, Status.FAILED, "carrier")
    elif behaviour.conduct == "unreachable" and not call.to.startswith("client:"):
        progress.end(world, call, Status.FAILED, "carrier")
    elif behaviour.conduct == "busy" or world.phone(call.to).engaged(call):
        progress.end(world, call, Status.BUSY, "carrier")
    return not call.live


def _begin(world: World, call: Call, behaviour: Behaviour) -> None:
    call.rang = world.now
    if behaviour.conduct != "unreachable":
        reported = behaviour.reports_ringing
        world.ledger.begins_ringing(Ring(call.sid, call.to, call.from_, world.clock.now(), reported=reported))
    progress.move(world, call, Status.RINGING, tell=behaviour.reports_ringing)
    world.kernel.spawn(take(world, call, behaviour))


def connect(world: World, call: Call) -> None:
    """Connect a leg whose telephone was picked up."""
    call.answered_as = str(call.picked_up.value or "human")
    call.ear.note("event", "picked up", world.now)
    progress.answer(world, call)

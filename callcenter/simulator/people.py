"""What people do with a telephone: pick up, press, speak, hang up; and the scripts of called persons."""

from callcenter.simulator import progress
from callcenter.simulator.behaviours import Behaviour
from callcenter.simulator.calls import Call, Status
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.world import World

KEY_INTERVAL = 0.25
SWITCHBOARD_WAITS = 10.0
EXTENSION_RINGS = 3.0


def press(world: World, call: Call, key: str) -> None:
    """Press one key; it is lost where nothing listens, as on a real line."""
    call.ear.note("pressed", key if call.keypad else f"{key} (nothing listens)", world.now)
    if call.keypad is not None:
        call.keypad.press(key)


def speak(world: World, call: Call, words: str) -> None:
    """Say something into the telephone."""
    call.ear.note("spoke", words, world.now)
    if call.keypad is not None:
        call.keypad.speak(words)


def hang_up(world: World, call: Call) -> None:
    """Put the receiver down, or refuse to pick up."""
    if call.direction == "inbound" and not call.in_progress:
        progress.end(world, call, Status.NO_ANSWER, "person")
    elif call.in_progress:
        progress.end(world, call, Status.COMPLETED, "person")
    else:
        call.declined.fire("busy")


def pick_up(call: Call) -> None:
    """Answer a ringing telephone."""
    call.picked_up.fire()


def take(world: World, call: Call, behaviour: Behaviour) -> Script[None]:
    """Take a ringing call as the behaviour says."""
    if behaviour.conduct not in ("answers", "declines"):
        return
    first = yield (call.over, world.kernel.timer(behaviour.delay(world.phone(call.to).cadence)))
    if first is call.over:
        return
    if behaviour.conduct == "declines":
        call.declined.fire(behaviour.declines_as)
        return
    call.picked_up.fire("machine" if behaviour.machine else "human")
    if not behaviour.extension or (yield from _put_through(world, call, behaviour.extension)):
        talk(world, call, behaviour)


def _put_through(world: World, call: Call, extension: str) -> Script[bool]:
    """Let a switchboard wait for keys and ring the extension; a wrong one, or none, and it hangs up."""
    yield (call.over, call.keys_sent, world.kernel.timer(SWITCHBOARD_WAITS))
    reached = call.keyed == extension
    call.ear.note("event", f"put through to {call.keyed}" if reached else "not put through", world.now)
    yield (call.over, world.kernel.timer(EXTENSION_RINGS))
    if not reached and call.live:
        hang_up(world, call)
    return reached and call.live


def talk(world: World, call: Call, behaviour: Behaviour) -> None:
    """Start everything the person does after picking up."""
    spawn = world.kernel.spawn
    if behaviour.presses:
        spawn(press_each(world, call, behaviour.presses, behaviour.reaction))
    for offset, keys in behaviour.presses_at:
        spawn(press_later(world, call, keys, offset))
    if behaviour.hangs_up_after is not None:
        spawn(hang_up_later(world, call, world.kernel.timer(0), behaviour.hangs_up_after))
    if behaviour.talks_for is not None:
        spawn(hang_up_later(world, call, call.joined, behaviour.talks_for))


def press_each(world: World, call: Call, presses: tuple[str, ...], reaction: float) -> Script[None]:
    """Press one entry per prompt, `reaction` seconds after it began; `~20` waits 20 s instead."""
    for keys in presses:
        if keys.startswith("~"):
            yield (call.over, world.kernel.timer(float(keys[1:])))
            continue
        yield from _hear_prompt(call)
        yield (call.over, world.kernel.timer(reaction))
        yield from _type(world, call, keys)


def _hear_prompt(call: Call) -> Script[None]:
    """Wait until a Gather is open whose prompt nobody has answered yet."""
    keypad = call.keypad
    if call.live and (keypad is None or keypad.keys or not keypad.prompts):
        yield (call.over, call.prompted)


def _type(world: World, call: Call, keys: str) -> Script[None]:
    for key in keys:
        if not call.live:
            return
        press(world, call, key)
        yield (call.over, world.kernel.timer(KEY_INTERVAL))


def press_later(world: World, call: Call, keys: str, offset: float) -> Script[None]:
    """Press keys so many seconds from now, whether or not anything listens."""
    yield (call.over, world.kernel.timer(offset))
    yield from _type(world, call, keys)


def hang_up_later(world: World, call: Call, start: Signal, seconds: float) -> Script[None]:
    """Hang up so many seconds after something happened."""
    yield (call.over, start)
    yield (call.over, world.kernel.timer(seconds))
    if call.live:
        hang_up(world, call)

"""Enqueue: waiting in a queue, and how it ends.

Source: Twilio "<Enqueue>". The waiting document is asked for again whenever it runs out; the action is
requested at once on Leave, REST dequeue and redirect, and only after the bridge when a Dial took the caller.
"""

from callcenter.simulator.calls import Gone, Redirected, Source
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.kernel import Interrupt, Process, Script
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.documents import obtain, perform
from callcenter.simulator.verbs.running import Goto, HangUp, LeaveQueue, Run, tell
from callcenter.simulator.waiting import Member, Queue
from callcenter.simulator.webhooks import Pairs
from callcenter.simulator.world import World

DEFAULT_MUSIC = "the network's own music"
EMPTY_DOCUMENT = 12200
TOO_MANY_IDLE = 5


class Stop(Interrupt):
    """The waiting is over; music and prompts end in mid-sound."""


def enqueue(run: Run, verb: Element) -> Script[None]:
    """Wait in the queue; leave for the action with the QueueResult, or go on to the next verb."""
    queue = find_or_make(run.world, verb.text or "default", verb.whole("maxQueueSize", 0))
    if len(queue.members) >= queue.max_size:
        yield from _leave_for(run, verb, (("QueueResult", "queue-full"),))
        return
    member = Member(run.call, run.world.now)
    queue.enter(member)
    result = yield from _wait(run, verb, queue, member)
    if result == "hangup":
        tell(
            run,
            run.document.callback(verb),
            _outcome(run.world, queue, member, result),
            "bookkeeping",
            "enqueue",
        )
        raise HangUp
    yield from _leave_for(run, verb, _outcome(run.world, queue, member, result))


def _wait(run: Run, verb: Element, queue: Queue, member: Member) -> Script[str]:
    """Wait until the queue ends for this caller, in whatever way; return the QueueResult."""
    waiter = run.world.kernel.spawn(_waiting(run, verb, queue, member))
    try:
        first = yield (member.taken, waiter.done)
        if first is member.taken:
            waiter.interrupt(Stop())
            queue.leave(member, run.world.now)
            return (yield from _bridged(run, member))
        return str(waiter.done.value or "error")
    except (Gone, Redirected) as order:
        gone = isinstance(order, Gone)
        if not gone or run.world.settings.action_after_hangup:
            pairs = _outcome(run.world, queue, member, _interrupted(member, gone=gone))
            tell(run, run.document.callback(verb), pairs, "bookkeeping", "enqueue")
        raise
    finally:
        _stop_waiting(run, waiter)
        queue.leave(member, run.world.now)


def _stop_waiting(run: Run, waiter: Process) -> None:
    waiter.interrupt(Stop())
    run.call.keypad = None
    run.call.ear.end(run.world.now)


def _interrupted(member: Member, *, gone: bool) -> str:
    if gone:
        return "bridged" if member.taken.fired else "hangup"
    return "redirected-from-bridged" if member.taken.fired else "redirected"


def _bridged(run: Run, member: Member) -> Script[str]:
    """Talk with whoever took the caller out by `<Dial><Queue>`, until that ends."""
    yield (member.released,)
    return str(member.released.value or "bridged")


def _leave_for(run: Run, verb: Element, outcome: Pairs) -> Script[None]:
    yield from ()
    if run.document.callback(verb) is not None:
        raise run.goto(verb, run.extra + outcome)


def _waiting(run: Run, verb: Element, queue: Queue, member: Member) -> Script[str]:
    """Carry out the waiting document again and again; return why it ended."""
    start = _wait_source(run, verb)
    if start is None:
        return (yield from _default_wait(run, verb))
    following: Source | None = start
    idle = 0
    while True:
        began = run.world.now
        try:
            following = yield from _one(run, following or start, queue, member)
        except LeaveQueue:
            return "leave"
        except HangUp:
            return "hangup"
        except TwimlFailure:
            return "error"
        idle = 0 if run.world.now - began > 2 * run.world.settings.latency else idle + 1
        if idle >= TOO_MANY_IDLE:
            yield from _slow_down(run)


def _slow_down(run: Run) -> Script[None]:
    """Write down that documents without any time in them follow each other, and let a second pass."""
    run.warn(EMPTY_DOCUMENT, "Waiting documents without any time in them are asked for in a circle.")
    yield (run.world.kernel.timer(1.0),)


def _wait_source(run: Run, verb: Element) -> Source | None:
    url = run.document.callback(verb, "waitUrl", "waitUrlMethod")
    return Source(url) if url else None


def _default_wait(run: Run, verb: Element) -> Script[str]:
    """Without a waitUrl the network plays its own music; an empty one is silence."""
    silent = "waitUrl" in verb.attributes
    run.call.ear.begin("silence" if silent else "music", "" if silent else DEFAULT_MUSIC, run.world.now)
    while True:
        yield (run.world.kernel.timer(3600.0),)


def _one(run: Run, source: Source, queue: Queue, member: Member) -> Script[Source | None]:
    """Carry out one waiting document; return what its action or Redirect leads to, None when it ran out."""
    extra = _place_in_queue(run.world, queue, member)
    document = yield from obtain(run.world, run.call, source, "queue", extra)
    try:
        yield from perform(Run(run.world, run.call, document, "queue"))
    except Goto as way:
        return way.source
    return None


def _place_in_queue(world: World, queue: Queue, member: Member) -> Pairs:
    return (
        ("QueuePosition", str(queue.position(member))),
        ("QueueSid", queue.sid),
        ("QueueTime", str(round(world.now - member.entered))),
        ("AvgQueueTime", str(queue.average_wait)),
        ("CurrentQueueSize", str(len(queue.members))),
        ("MaxQueueSize", str(queue.max_size)),
    )


def _outcome(world: World, queue: Queue, member: Member, result: str) -> Pairs:
    seconds = round(world.now - member.entered)
    return (("QueueResult", result), ("QueueSid", queue.sid), ("QueueTime", str(seconds)))


def find_or_make(world: World, name: str, max_size: int = 0) -> Queue:
    """Return the queue of this name; it is made on demand."""
    found = next((q for q in world.queues.values() if q.name == name), None)
    if found is None:
        found = Queue(world.sids.new("QU"), name, world.now)
        world.queues[found.sid] = found
    found.max_size = max_size or found.max_size
    return found

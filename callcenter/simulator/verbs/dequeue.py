"""Dial Queue: take the first caller out of a queue and talk.

Source: Twilio "<Queue>". `url` runs on the queued caller before the two are joined; an empty queue waits
until Dial's timeout, a missing one posts an error to the action.
"""

from callcenter.simulator.calls import Call, Source
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.kernel import Script
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.documents import obtain, perform
from callcenter.simulator.verbs.running import Goto, Run
from callcenter.simulator.waiting import Member, Queue
from callcenter.simulator.webhooks import Pairs

FAILED: Pairs = (("DialCallStatus", "failed"),)


def take_from(run: Run, noun: Element, timeout: float) -> Script[Pairs]:
    """Talk with the first caller of a queue; return the action's parameters."""
    queue = next((q for q in run.world.queues.values() if q.name == noun.text), None)
    if queue is None:
        return FAILED
    member = yield from _first(run, queue, timeout)
    if member is None:
        return (("DialCallStatus", "no-answer"),)
    yield from _announce(run, noun, queue, member)
    if not member.call.live:
        return FAILED
    yield from _talk(run, member)
    return (("DialCallStatus", "completed"), ("DialCallSid", member.call.sid))


def _first(run: Run, queue: Queue, timeout: float) -> Script[Member | None]:
    limit = run.world.kernel.timer(timeout)
    run.call.ear.begin("tone", "ring tone", run.world.now)
    while not queue.members:
        first = yield (queue.grown, limit)
        if first is limit:
            return None
    member = queue.members[0]
    queue.leave(member, run.world.now)
    member.taken.fire()
    # The caller's own script must have stopped its music before anything else is played to him.
    yield (run.world.kernel.timer(0),)
    yield (run.world.kernel.timer(0),)
    return member


def _announce(run: Run, noun: Element, queue: Queue, member: Member) -> Script[None]:
    callback = run.document.callback(noun, "url")
    extra: Pairs = (
        ("QueueSid", queue.sid),
        ("QueueTime", str(round(run.world.now - member.entered))),
        ("DequeingCallSid", run.call.sid),
    )
    while callback is not None:
        try:
            document = yield from obtain(run.world, member.call, Source(callback), "dequeued", extra)
            yield from perform(Run(run.world, member.call, document, "dequeued", extra))
            return
        except Goto as way:
            callback = way.source.callback
        except TwimlFailure:
            return


def _talk(run: Run, member: Member) -> Script[None]:
    me, other = run.call, member.call
    me.peer, other.peer = other, me
    for one, two in ((me, other), (other, me)):
        one.ear.begin("talk", run.world.phone(two.person).label, run.world.now)
        one.meets(two)
    try:
        yield (other.over, member.released)
    finally:
        _part(run, me, other)
        member.released.fire("bridged")


def _part(run: Run, me: Call, other: Call) -> None:
    me.peer = other.peer = None
    me.ear.end(run.world.now)
    other.ear.end(run.world.now)

"""Dial: ring others and be joined with the first who answers, or enter a conference, or take from a queue.

Source: Twilio "<Dial>". Twilio adds 5 s to the timeout; all nouns ring at once and the first answer wins;
`completed` means that someone or something answered.
"""

from dataclasses import dataclass

from callcenter.simulator import progress
from callcenter.simulator.addresses import normalised
from callcenter.simulator.calls import TERMINAL, Gone, Status
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.keypad import Keypad
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs import dequeue
from callcenter.simulator.verbs.conference import confer
from callcenter.simulator.verbs.legs import Leg, launch, leg_of
from callcenter.simulator.verbs.running import Run, answer, tell
from callcenter.simulator.webhooks import Pairs

DEFAULT_TIMEOUT, TIME_LIMIT = 30, 14_400
ALL_AT_ONCE_LIMIT = 10
UNCALLABLE = 13224


def dial(run: Run, verb: Element) -> Script[None]:
    """Connect the caller; leave for the action with the outcome, or go on to the next verb."""
    action = run.document.callback(verb)
    try:
        outcome = yield from _outcome(run, verb)
    except Gone:
        if run.world.settings.action_after_hangup:
            tell(run, action, (("DialCallStatus", "completed"),), "bookkeeping", "dial")
        raise
    finally:
        run.call.ear.end(run.world.now)
    if action is not None:
        raise run.goto(verb, run.extra + outcome)


def _outcome(run: Run, verb: Element) -> Script[Pairs]:
    noun = verb.children[0] if verb.children else None
    if noun is not None and noun.name == "Conference":
        return (yield from confer(run, noun))
    if noun is not None and noun.name == "Queue":
        limit = float(verb.whole("timeout", DEFAULT_TIMEOUT))
        return (yield from dequeue.take_from(run, noun, limit))
    return (yield from _people(run, verb))


def _people(run: Run, verb: Element) -> Script[Pairs]:
    nouns = verb.children or (Element("Number", {}, (), normalised(verb.text)),)
    caller_id = verb.get("callerId") or run.call.from_
    legs = [leg_of(run, noun, caller_id) for noun in nouns]
    timeout = verb.whole("timeout", DEFAULT_TIMEOUT) + run.world.settings.extra_timeout
    groups = [[leg] for leg in legs] if verb.flag("sequential", default=False) else [legs]
    dialling = Dialling(run, verb, legs[0])
    for group in groups:
        if (yield from dialling.ring(group, timeout)):
            return (yield from dialling.talk())
    return dialling.pairs(bridged=False)


@dataclass(eq=False)
class Dialling:
    """One Dial under way; `leg` is the one that the action tells of."""

    run: Run
    verb: Element
    leg: Leg

    def ring(self, legs: list[Leg], timeout: float) -> Script[bool]:
        """Ring these at once; return True when one may be joined, with all others stopped."""
        world = self.run.world
        self.run.call.ear.begin("tone", "ring tone", world.now)
        for leg in legs:
            launch(world, leg, timeout)
        try:
            winner = yield from self._first(legs)
        except BaseException:
            self._stop(legs, None)
            raise
        self.leg = winner or legs[-1]
        self._stop(legs, winner)
        self.run.call.ear.end(world.now)
        return winner is not None

    def _first(self, legs: list[Leg]) -> Script[Leg | None]:
        while waiting := [leg for leg in legs if leg.call.live]:
            signals = [signal for leg in waiting for signal in (leg.accepted, leg.call.over)]
            yield tuple(signals)
            if winner := next((leg for leg in legs if leg.accepted.fired and leg.call.live), None):
                return winner
        return None

    def _stop(self, legs: list[Leg], winner: Leg | None) -> None:
        for leg in legs:
            if leg is not winner:
                status = Status.COMPLETED if leg.call.in_progress else Status.CANCELED
                progress.end(self.run.world, leg.call, status, "network")

    def talk(self) -> Script[Pairs]:
        """Be joined until one of the two hangs up, `*` is pressed, or the time limit is over."""
        world, caller, callee = self.run.world, self.run.call, self.leg.call
        answer(self.run)
        if not caller.live:
            return ()
        limit = world.kernel.timer(self.verb.whole("timeLimit", TIME_LIMIT))
        self._join()
        try:
            yield from self._until_over(limit)
        finally:
            self._part()
            if not self.leg.released.fired:
                progress.end(world, callee, Status.COMPLETED, "network")
        return self.pairs(bridged=True)

    def _until_over(self, limit: Signal) -> Script[None]:
        callee, caller = self.leg.call, self.run.call
        while True:
            keys = caller.keypad.touched if caller.keypad else Signal()
            first = yield (callee.over, self.leg.released, limit, keys)
            if first is not keys or (caller.keypad and "*" in caller.keypad.keys):
                return

    def _join(self) -> None:
        world, caller, callee = self.run.world, self.run.call, self.leg.call
        caller.peer, callee.peer = callee, caller
        if self.verb.flag("hangupOnStar", default=False):
            caller.keypad = Keypad()
        for me, other in ((caller, callee), (callee, caller)):
            me.ear.begin("talk", world.phone(other.person).label, world.now)
            me.joined.fire()

    def _part(self) -> None:
        caller, callee = self.run.call, self.leg.call
        caller.peer = callee.peer = caller.keypad = None
        caller.ear.end(self.run.world.now)
        callee.ear.end(self.run.world.now)

    def pairs(self, *, bridged: bool) -> Pairs:
        """Return the action's parameters; the duration is missing when the child was redirected."""
        call = self.leg.call
        status = call.status if call.status in TERMINAL else Status.COMPLETED
        pairs = {"DialCallStatus": str(status), "DialCallSid": call.sid, "DialBridged": str(bridged).lower()}
        if self.leg.released.value != "redirected" and status == Status.COMPLETED:
            pairs["DialCallDuration"] = str(call.seconds)
        if call.to.startswith(("sip:", "sips:")):
            pairs["DialSipResponseCode"] = str(call.sip_code or 200)
        return tuple(pairs.items())

"""Dial: ring others and be joined with the first who answers, or enter a conference, or take from a queue.

Source: Twilio "<Dial>". Twilio adds 5 s to the timeout; all nouns ring at once and the first answer wins;
`completed` means that someone or something answered.
"""

from dataclasses import dataclass

from callcenter.simulator import progress, taping
from callcenter.simulator.addresses import normalised
from callcenter.simulator.calls import TERMINAL, Gone, Status
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.keypad import Keypad
from callcenter.simulator.progress import recording_url, subscribed
from callcenter.simulator.recordings import Recording
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs import dequeue
from callcenter.simulator.verbs.conference import confer
from callcenter.simulator.verbs.legs import Leg, launch, leg_of
from callcenter.simulator.verbs.running import Run, answer, tell
from callcenter.simulator.webhooks import Pairs

DEFAULT_TIMEOUT, TIME_LIMIT = 30, 14_400


def dial(run: Run, verb: Element) -> Script[None]:
    """Connect the caller; leave for the action with the outcome, or go on to the next verb."""
    try:
        outcome = yield from _outcome(run, verb)
    finally:
        run.call.ear.end(run.world.now)
    if run.document.callback(verb) is not None:
        raise run.goto(verb, run.extra + outcome)


def _outcome(run: Run, verb: Element) -> Script[Pairs]:
    noun = verb.children[0] if verb.children else None
    if noun is not None and noun.name == "Conference":
        return (yield from _kept(run, verb, confer(run, noun), (("DialCallStatus", "answered"),)))
    if noun is not None and noun.name == "Queue":
        taken = dequeue.take_from(run, noun, float(verb.whole("timeout", DEFAULT_TIMEOUT)))
        return (yield from _kept(run, verb, taken, (("DialCallStatus", "completed"),)))
    return (yield from _people(run, verb))


def _kept(run: Run, verb: Element, talk: Script[Pairs], told: Pairs) -> Script[Pairs]:
    """Carry out a way of talking; a caller who hangs up leaves the action's request behind."""
    try:
        return (yield from talk)
    except Gone:
        _leave_behind(run, verb, told)
        raise


def _leave_behind(run: Run, verb: Element, told: Pairs) -> None:
    """Request the action of a caller who has gone: for the books only, its TwiML cannot run."""
    if run.world.settings.action_after_hangup:
        tell(run, run.document.callback(verb), told, "bookkeeping", "dial")


def _people(run: Run, verb: Element) -> Script[Pairs]:
    nouns = verb.children or (Element("Number", {}, (), normalised(verb.text)),)
    caller_id = verb.get("callerId") or run.call.from_
    legs = [leg_of(run, noun, caller_id) for noun in nouns]
    timeout = verb.whole("timeout", DEFAULT_TIMEOUT) + run.world.settings.extra_timeout
    groups = [[leg] for leg in legs] if verb.flag("sequential", default=False) else [legs]
    dialling = Dialling(run, verb, legs[0])
    try:
        for group in groups:
            if (yield from dialling.ring(group, timeout)):
                return (yield from dialling.talk())
    except Gone:
        _leave_behind(run, verb, dialling.pairs())
        raise
    return dialling.pairs()


@dataclass(eq=False)
class Dialling:
    """One Dial under way; `leg` is the one that the action tells of."""

    run: Run
    verb: Element
    leg: Leg
    bridged: bool = False
    recording: Recording | None = None

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
        return self.pairs()

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
        self.bridged = True
        self._record()
        if self.verb.flag("hangupOnStar", default=False):
            caller.keypad = Keypad()
        for me, other in ((caller, callee), (callee, caller)):
            me.ear.begin("talk", world.phone(other.person).label, world.now)
            me.meets(other)

    def _record(self) -> None:
        kind = self.verb.get("record", "do-not-record")
        if kind in ("do-not-record", "false"):
            return
        callback = self.run.document.callback(
            self.verb, "recordingStatusCallback", "recordingStatusCallbackMethod"
        )
        wanted = subscribed(callback, self.verb.get("recordingStatusCallbackEvent"))
        channels = 2 if kind.endswith("dual") else 1
        world, sid = self.run.world, self.run.call.sid
        self.recording = taping.start(world, sid, "DialVerb", wanted, channels=channels)

    def _part(self) -> None:
        caller, callee = self.run.call, self.leg.call
        if self.recording is not None:
            taping.stop(self.run.world, self.recording)
        caller.peer = callee.peer = caller.keypad = None
        caller.ear.end(self.run.world.now)
        callee.ear.end(self.run.world.now)

    def pairs(self) -> Pairs:
        """Return the action's parameters; the duration is missing when the child was redirected."""
        call = self.leg.call
        status = call.status if call.status in TERMINAL else Status.COMPLETED
        pairs = {
            "DialCallStatus": str(status),
            "DialCallSid": call.sid,
            "DialBridged": str(self.bridged).lower(),
        }
        if self.leg.released.value != "redirected" and status == Status.COMPLETED:
            pairs["DialCallDuration"] = str(call.seconds)
        if call.to.startswith(("sip:", "sips:")):
            pairs["DialSipResponseCode"] = str(call.sip_code or 200)
        if self.recording is not None:
            pairs["RecordingUrl"] = recording_url(self.run.world, self.recording.sid)
        return tuple(pairs.items())

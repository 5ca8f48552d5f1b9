"""What every verb works with: the leg, its document, and the ways out of a document."""

from dataclasses import dataclass
from typing import Literal

from callcenter.simulator import params, progress
from callcenter.simulator.calls import Call, Source
from callcenter.simulator.courier import dispatch
from callcenter.simulator.ear import Kind as Sound
from callcenter.simulator.faults import Kind, Parcel
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.twiml.document import Document, Element
from callcenter.simulator.webhooks import Callback, Pairs
from callcenter.simulator.world import World

Place = Literal["call", "queue", "conference", "screen", "dequeued"]


class WayOut(Exception):
    """Control leaves the document."""


class Goto(WayOut):
    """Another document goes on."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source


class HangUp(WayOut):
    """The network ends the call."""


class LeaveQueue(WayOut):
    """`<Leave>` in a queue's document."""


@dataclass(frozen=True)
class Run:
    """One document being carried out on one leg; `extra` goes with every request (queue, conference)."""

    world: World
    call: Call
    document: Document
    place: Place = "call"
    extra: Pairs = ()

    def warn(self, code: int, message: str) -> None:
        """Write a finding down for this call and document."""
        self.world.warn(code, message, call_sid=self.call.sid, url=self.document.url)

    def goto(self, element: Element, pairs: Pairs, url: str = "action") -> Goto:
        """Return the way to the element's action with these parameters."""
        return Goto(Source(self.document.callback(element, url), extra=pairs))


def hear(
    run: Run,
    kind: Sound,
    text: str,
    seconds: float,
    stop: Signal | None = None,
    language: str = "",
) -> Script[bool]:
    """Let the person hear something; return True when `stop` cut it short."""
    world, ear = run.world, run.call.ear
    ear.begin(kind, text, world.now, seconds, language)
    timer = world.kernel.timer(seconds)
    first = yield (timer,) if stop is None else (stop, timer)
    ear.end(world.now)
    return first is not timer


def tell(run: Run, callback: Callback | None, pairs: Pairs, kind: Kind, event: str) -> None:
    """Send something that nobody waits for: the action of a call that is gone, a leg's bookkeeping."""
    if callback is None:
        return
    everything = params.of_call(run.world.settings.account_sid, run.call) + run.extra + pairs
    dispatch(run.world, callback, everything, Parcel(kind, run.call.sid, callback.url, event))


def answer(run: Run) -> None:
    """Pick up an incoming call when its first verb makes itself heard."""
    progress.answer(run.world, run.call)

"""One call's whole story for a terminal or a page: what was heard and done, and who was rung meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from callcenter.simulator import transcript
from callcenter.simulator.calls import Call
from callcenter.simulator.ledger import Ring
from callcenter.simulator.world import World

_CHINESE_MOBILE = re.compile(r"(\+86)(1\d{2})\d{4}(\d{4})")
_NUMBER = re.compile(r"\+\d{7,15}")
_OTHER = re.compile(r"(\+\d{1,3})\d+(\d{4})")


@dataclass(frozen=True)
class Line:
    """One line; `seconds` counts from the call's beginning, `kind` is a word for styling it."""

    seconds: float
    kind: str
    text: str

    @property
    def at(self) -> str:
        """Return minutes and seconds."""
        return transcript.offset(self.seconds)


def masked(address: str) -> str:
    """Return a number as a screen may show it: `+86 138 … 8000`."""
    if match := _CHINESE_MOBILE.fullmatch(address):
        return "{} {} … {}".format(*match.groups())
    match = _OTHER.fullmatch(address)
    return "{} … {}".format(*match.groups()) if match else address


def _discreet(kind: str, text: str) -> str:
    """Mask the numbers of people; what was said and pressed is told as it was."""
    return _NUMBER.sub(lambda found: masked(found[0]), text) if kind == "talk" else text


def tell(world: World, call: Call) -> list[Line]:
    """Return the story so far, in order of time; it only ever grows at its end."""
    with world.kernel.lock:
        told = transcript.moments(call, world.now)
        lines = [Line(at - call.created, kind, _discreet(kind, text)) for at, kind, text in told]
        for ring in world.ledger.rings:
            if _concerns(world, call, ring):
                lines.extend(_rung(world, call, ring))
    return sorted(lines, key=lambda line: line.seconds)


def _concerns(world: World, call: Call, ring: Ring) -> bool:
    """A ringing belongs to a caller while he is on the line, unless it led to somebody else."""
    leg = world.calls[ring.sid]
    ended = call.ended if call.ended is not None else world.now
    if leg is call or leg.rang is None or not call.created <= leg.rang <= ended:
        return False
    return not leg.partners or call.sid in leg.partners


def _rung(world: World, call: Call, ring: Ring) -> Iterator[Line]:
    phone = world.phone(ring.to)
    who = f"{phone.name} ({masked(ring.to)})" if phone.name else masked(ring.to)
    yield Line(_since(world, call, ring.started), "rings", f"rings: {who}")
    stopped = ring.answered or ring.ended
    if stopped is None:
        return
    outcome = "answered" if ring.answered else ring.result
    text = f"{outcome}: {who}, ring {ring.rings}, {ring.seconds:.0f} s"
    yield Line(_since(world, call, stopped), "rings", text)


def _since(world: World, call: Call, instant: datetime) -> float:
    return (instant - world.clock.at(call.created)).total_seconds()

"""The simulator's own API: let people call, follow what they hear, set telephones, read the ledger."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from callcenter.simulator import people, story
from callcenter.simulator.arriving import dial_in
from callcenter.simulator.calls import Call
from callcenter.simulator.config import CallOrder, Deed, PhoneConfig
from callcenter.simulator.ledger import RestRequest, Ring
from callcenter.simulator.network import Network

Json = dict[str, Any]


def start_call(net: Network, order: CallOrder) -> Call:
    """Let somebody dial, press keys and hang up as ordered."""
    world = net.world
    with world.kernel.lock:
        phone = world.phone(order.from_)
        phone.name = order.name or phone.name
        call = dial_in(world, phone.address, order.to)
        world.kernel.spawn(people.press_each(world, call, order.press, order.reaction))
        if order.hold_seconds is not None:
            world.kernel.spawn(people.hang_up_later(world, call, call.joined, order.hold_seconds))
        if order.hangup_after is not None:
            now = world.kernel.timer(0)
            world.kernel.spawn(people.hang_up_later(world, call, now, order.hangup_after))
    return call


def act(net: Network, call: Call, deed: Deed) -> None:
    """Let the person of a call do something now."""
    world = net.world
    with world.kernel.lock:
        if deed.press:
            world.kernel.spawn(people.press_later(world, call, deed.press, 0.0))
        if deed.say:
            people.speak(world, call, deed.say)
        if deed.hangup:
            people.hang_up(world, call)


def set_phone(net: Network, config: PhoneConfig) -> Json:
    """Say how a telephone takes its calls."""
    with net.world.kernel.lock:
        phone = net.world.phone(config.address)
        phone.name, phone.lines = config.name or phone.name, config.lines
        phone.will(*config.behaviours)
        return {"address": phone.address, "name": phone.name, "lines": phone.lines}


def find_call(net: Network, sid: str) -> Call | None:
    """Return a call by its SID."""
    return net.world.calls.get(sid)


def call_json(net: Network, call: Call, since: int = 0) -> Json:
    """Return a call's state and the lines of its story from number `since` on; `next` is the next `since`."""
    lines = story.tell(net.world, call)
    return {
        "id": call.sid,
        "from": call.from_,
        "to": call.to,
        "direction": call.direction,
        "status": str(call.status),
        "ended": not call.live,
        "ended_by": call.ended_by,
        "listening": call.keypad is not None,
        "lines": [{"n": n, "at": line.at, **asdict(line)} for n, line in enumerate(lines) if n >= since],
        "next": len(lines),
    }


def ledger_json(net: Network) -> Json:
    """Return every ring, every call, what was sent and lost in numbers, and all findings."""
    with net.world.kernel.lock:
        ledger = net.ledger
        return {
            "rings": [_ring(ring) for ring in ledger.rings],
            "calls": [
                asdict(life) | {"moves": [[_text(at), status] for at, status in life.moves]}
                for life in ledger.lives.values()
            ],
            "placed": [_placed(request) for request in ledger.requests if request.places],
            "webhooks": len(ledger.webhooks),
            "lost": len(ledger.lost),
            "requests": len(ledger.requests),
            "warnings": [asdict(finding) for finding in net.warnings],
        }


def _placed(request: RestRequest) -> Json:
    return {
        "to": request.params.get("To", ""),
        "url": request.params.get("Url", ""),
        "at": _text(request.at),
        "status": request.status,
        "fault": request.fault,
    }


def _ring(ring: Ring) -> Json:
    return {
        "sid": ring.sid,
        "to": ring.to,
        "from": ring.from_,
        "started": _text(ring.started),
        "answered": _text(ring.answered),
        "ended": _text(ring.ended),
        "result": ring.result,
        "seconds": ring.seconds,
        "rings": ring.rings,
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()

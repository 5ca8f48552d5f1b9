"""What a waiting caller is told: position, wait, callback offer; never twice running in the same words."""

from ivr.asks import Queued
from ivr.flow.table import Memory, Says, keep, say
from ivr.turns import Key, Minutes

WORSE = {"overtaken": "waiting.overtaken", "fewer_agents": "waiting.fewer"}
"""How it is said that a place or a wait has grown worse: always with the reason."""
UNMOVED = {1: "waiting.still", 2: "waiting.patience"}
"""The two ways to say that the line has not moved, in turn."""
OFFER_EVERY = 3
"""After its first time the callback offer is heard with every third announcement; its key always works."""


def announce(m: Memory, place: Queued) -> tuple[Says, Memory]:
    """Return what to say now, and the memory of it."""
    why = _why_worse(m, place)
    wait = _honest(m, place, why)
    position, prompt = place.position, WORSE.get(why or "") or _prompt(m, place.position)
    if prompt == WORSE["fewer_agents"] and not wait:
        prompt = _prompt(m, position)
    if wait:
        says = say(m, f"{prompt}_wait", position=position, wait=Minutes(*wait))
    else:
        says = say(m, prompt, position=position)
    told = 3 - m["told"] if prompt in UNMOVED.values() else 1
    offer, m = _callback(keep(m, told=told, position=position, wait=wait), place.offer_callback)
    return (*says, *offer), m


def _why_worse(m: Memory, place: Queued) -> str | None:
    """Return why things are worse than told before; a place further back has always been overtaken."""
    return "overtaken" if place.position > m.get("position", place.position) else place.worse


def _honest(m: Memory, place: Queued, why: str | None) -> list[int] | None:
    """Return the wait to tell: the last one while nothing has moved, never a longer one without reason."""
    if place.low_minutes is None or place.high_minutes is None:
        return None
    wait, last = [place.low_minutes, place.high_minutes], m.get("wait")
    if why or not last:
        return wait
    if place.position == m.get("position"):
        return list(last)
    return [min(pair) for pair in zip(wait, last, strict=True)]


def _prompt(m: Memory, position: int) -> str:
    """All agents are busy for sure only when others wait before this caller."""
    if position == m.get("position"):
        return UNMOVED[m["told"]]
    if position == 1:
        return "waiting.next"
    return "waiting.moved" if "told" in m else "waiting.first"


def _callback(m: Memory, offered: bool) -> tuple[Says, Memory]:
    """Offer a callback from the first announcement over the line's limit on, then now and again."""
    since = m.get("offered")
    if since is None:
        return (say(m, "waiting.callback", key=Key("1")), keep(m, offered=0)) if offered else ((), m)
    due = since + 1 == OFFER_EVERY
    return say(m, "waiting.callback_again", key=Key("1")) if due else (), keep(
        m, offered=0 if due else since + 1
    )

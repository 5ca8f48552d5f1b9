"""What a waiting caller is told: position, wait, callback offer; never twice running in the same words."""

from ivr.asks import Queued
from ivr.flow.table import Memory, Says, keep, say
from ivr.turns import Key, Minutes

UNMOVED = {1: "waiting.still", 2: "waiting.patience"}
"""The two ways to say that the line has not moved, in turn."""
OFFER_EVERY = 3
"""After its first time the callback offer is heard with every third announcement; its key always works."""


def announce(m: Memory, place: Queued) -> tuple[Says, Memory]:
    """Return what to say now, and the memory of it."""
    wait = _honest(m, place)
    position, prompt = place.position, _prompt(m, place.position)
    if wait:
        says = say(m, f"{prompt}_wait", position=position, wait=Minutes(*wait))
    else:
        says = say(m, prompt, position=position)
    told = 1 if prompt not in UNMOVED.values() else 3 - m["told"]
    offer, m = _callback(keep(m, told=told, position=position, wait=wait), place.offer_callback)
    return (*says, *offer), m


def _honest(m: Memory, place: Queued) -> list[int] | None:
    """Return the wait to tell: never shorter than the last one unless the line really moved."""
    if place.low_minutes is None or place.high_minutes is None:
        return None
    wait = [place.low_minutes, place.high_minutes]
    last = m.get("wait") if place.position == m.get("position") else None
    return [max(pair) for pair in zip(wait, last or wait, strict=True)]


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

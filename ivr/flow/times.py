"""The times that a customer may choose from, as they are told: the soonest, and two more at most (FU-5)."""

from datetime import datetime
from typing import cast

from ivr import record
from ivr.asks import Times
from ivr.flow.listening import Choices
from ivr.flow.table import Memory, Says, say
from ivr.turns import Key, Moment

SOONEST = "1"
LATER = ("2", "3")
"""The keys of the times beside the soonest, in order."""
CHOICES: Choices = {"1": "soonest", "2": "second", "3": "third", "0": "agent", "*": "repeat"}


def offered(m: Memory) -> Times | None:
    """Return the times that may be chosen for the number at hand."""
    return cast(Times, record.from_json(m["times"])) if m.get("times") else None


def others(m: Memory) -> dict[str, datetime]:
    """Return the times beside the soonest by their keys; none where there is nothing to choose."""
    times = offered(m)
    return dict(zip(LATER, times.others, strict=False)) if times else {}


def chosen(m: Memory) -> datetime | None:
    """Return the time that was chosen, None for the soonest."""
    return datetime.fromisoformat(m["at"]) if m.get("at") else None


def proposals(m: Memory) -> Says:
    """Say the times, the soonest first; abroad it is said by whose clock they are."""
    times = offered(m)
    if times is None:
        return ()
    says = say(m, "time.soonest", due=Moment(times.soonest, times.now), key=Key(SOONEST))
    for key, at in others(m).items():
        says = (*says, *say(m, "time.at", due=Moment(at, times.now), key=Key(key)))
    return (*says, *say(m, "time.local")) if times.abroad else says

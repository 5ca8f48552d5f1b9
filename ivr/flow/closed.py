"""Outside the hours: said in the first sentence, the next opening, then a callback, a message or goodbye."""

from ivr.flow import booking, message
from ivr.flow.menu import in_other_language, other_language
from ivr.flow.table import (
    CALLER,
    PATIENCE,
    Memory,
    Says,
    failed,
    hours,
    lap,
    line,
    named,
    say,
    speaks,
    worn_out,
)
from ivr.hearing import Heard, Pressed
from ivr.turns import Gather, Key, Moment, Turn


def tell(m: Memory) -> Turn:
    """Say that we are closed, until when, and what there is instead."""
    return _offer(m, _until_when(m), other_language(m))


def _until_when(m: Memory) -> Says:
    opening = _next(m)
    when = say(m, "closed.opening", opening=opening) if opening else say(m, "closed.opening_unknown")
    return (*named(m, "closed"), *when)


def _next(m: Memory) -> Moment | None:
    facts = hours(m)
    return Moment(facts.next_opening, facts.now) if facts.next_opening else None


def _offer(m: Memory, *before: Says) -> Turn:
    """A callback needs no opening that is known: the centre promises its own time."""
    choices = (*say(m, "closed.callback", key=Key("1")), *say(m, "closed.message", key=Key("2")))
    return CALLER.at(closed, m, Gather((*sum(before, ()), *choices), timeout=PATIENCE))


@CALLER.state
def closed(m: Memory, heard: Heard) -> Turn:
    """Callback then, message now; who chooses nothing is told when to phone again."""
    match heard:
        case Pressed("1"):
            return booking.start(m)
        case Pressed("2"):
            return message.start(m)
        case Pressed("*"):
            return _unless_worn_out(lap(m), _until_when(m))
        case Pressed("8") if len(speaks(line(m))) > 1:
            m = in_other_language(lap(m))
            return _unless_worn_out(m, _until_when(m))
        case Pressed():
            return _unless_worn_out(failed(m), say(m, "key.wrong"))
        case _:
            return _unless_worn_out(failed(m), say(m, "key.silence"))


def _unless_worn_out(m: Memory, *before: Says) -> Turn:
    return _goodbye(m) if worn_out(m) else _offer(m, *before)


def _goodbye(m: Memory) -> Turn:
    opening = _next(m)
    if opening is None:
        return message.end(m, "closed", say(m, "closed.goodbye_unknown"))
    return message.end(m, "closed", say(m, "closed.goodbye", opening=opening))

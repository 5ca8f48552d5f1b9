"""Outside the hours: said in the first sentence, the next opening, then a callback, a message or goodbye."""

from ivr.flow import booking, message, owed
from ivr.flow.listening import Choices, hears_words, listen, meant, not_taken
from ivr.flow.menu import in_other_language, other_language, owed_call
from ivr.flow.table import (
    CALLER,
    Memory,
    Says,
    failed,
    lap,
    line,
    named,
    next_opening,
    say,
    speaks,
    worn_out,
)
from ivr.hearing import Heard, Pressed
from ivr.turns import Key, Turn

CHOICES: Choices = {"1": "callback", "2": "message", "*": "repeat"}


def tell(m: Memory) -> Turn:
    """Say that we are closed, until when, and what there is instead."""
    promised, m = owed_call(m)
    spoken = say(m, "speech.notice") if hears_words(m) else ()
    return _offer(m, _until_when(m), promised, other_language(m), spoken)


def _until_when(m: Memory) -> Says:
    opening = next_opening(m)
    when = say(m, "closed.opening", opening=opening) if opening else say(m, "closed.opening_unknown")
    return (*named(m, "closed"), *when)


def _offer(m: Memory, *before: Says) -> Turn:
    """A callback needs no opening that is known: the centre promises its own time."""
    choices = (*say(m, "closed.callback", key=Key("1")), *say(m, "closed.message", key=Key("2")))
    return CALLER.at(closed, m, listen(m, (*sum(before, ()), *choices), _choices(m)))


def _choices(m: Memory) -> Choices:
    return owed.choices(m, {**CHOICES, "8": "language"} if len(speaks(line(m))) > 1 else CHOICES)


@CALLER.state
def closed(m: Memory, heard: Heard) -> Turn:
    """Callback then, message now; who cannot choose gets a promise, or a message where no number is known."""
    match meant(m, heard, _choices(m)):
        case Pressed("1"):
            return booking.start(m)
        case Pressed("2"):
            return message.start(m)
        case Pressed(key) if key == owed.key(m):
            return owed.start(m)
        case Pressed("*"):
            return _unless_worn_out(lap(m), _until_when(m))
        case Pressed("8") if len(speaks(line(m))) > 1:
            m = in_other_language(lap(m))
            return _unless_worn_out(m, _until_when(m))
        case other:
            return _unless_worn_out(failed(m), not_taken(m, other))


def _unless_worn_out(m: Memory, *before: Says) -> Turn:
    return booking.without_asking(m) if worn_out(m) else _offer(m, *before)

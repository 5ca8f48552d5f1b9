"""A caller who is owed a call changes his mind: he keeps it, moves it to another time, or cancels it."""

from ivr import record
from ivr.asks import (
    CallbackBooked,
    CallbackCancelled,
    CallbackGone,
    CancelCallback,
    KeepCallback,
    MoveCallback,
    ProposeTimes,
    Times,
)
from ivr.flow import booking, message, times
from ivr.flow.listening import Choices, listen, meant, not_taken
from ivr.flow.table import CALLER, Memory, Says, failed, fresh, keep, lap, line, say, worn_out
from ivr.hearing import Answered, Heard, Pressed
from ivr.turns import Key, Turn

CHOICES: Choices = {"1": "keep", "2": "move", "3": "cancel", "0": "agent", "*": "repeat"}
KEYS = ("9", "7", "6")
"""The key that leads here: the first of these that the line's menu has no use for."""


def key(m: Memory) -> str | None:
    """Return the key that leads here, None for who is owed nothing or may not change it."""
    if not m.get("changes"):
        return None
    taken = {item.key for item in line(m).menu}
    return next((key for key in KEYS if key not in taken), None)


def offer(m: Memory) -> Says:
    """Say the key behind what was promised."""
    leads = key(m)
    return say(m, "promised.change", key=Key(leads)) if leads else ()


def choices(m: Memory, others: Choices) -> Choices:
    """Return these choices, and the key that leads here where there is one."""
    leads = key(m)
    return {**others, leads: "owed"} if leads else others


def start(m: Memory) -> Turn:
    """Ask what shall become of the call."""
    return _ask(fresh(m))


def _ask(m: Memory, *before: Says) -> Turn:
    keys = (("owed.keep", "1"), ("owed.move", "2"), ("owed.cancel", "3"))
    says = (one for prompt, pressed in keys for one in say(m, prompt, key=Key(pressed)))
    return CALLER.at(owed, m, listen(m, (*sum(before, ()), *says), CHOICES))


@CALLER.state
def owed(m: Memory, heard: Heard) -> Turn:
    """Keep it, move it, cancel it; who cannot choose keeps it."""
    match meant(m, heard, CHOICES):
        case Pressed("1"):
            return CALLER.ask(keeping, m, KeepCallback())
        case Pressed("2"):
            return CALLER.ask(proposing, m, ProposeTimes())
        case Pressed("3"):
            return CALLER.ask(cancelling, m, CancelCallback())
        case Pressed("*"):
            return _unless_worn_out(lap(m))
        case other:
            return _unless_worn_out(failed(m), not_taken(m, other))


def _unless_worn_out(m: Memory, *before: Says) -> Turn:
    return CALLER.ask(keeping, m, KeepCallback()) if worn_out(m) else _ask(m, *before)


@CALLER.state
def keeping(m: Memory, heard: Heard) -> Turn:
    """What was promised stands, and is said once more as a promise."""
    match heard:
        case Answered(CallbackBooked() | CallbackGone() as promise):
            return _told(m, promise)
        case _:
            return CALLER.ask(keeping, m, KeepCallback())


@CALLER.state
def proposing(m: Memory, heard: Heard) -> Turn:
    """To which times it may be moved."""
    match heard:
        case Answered(Times() as offered):
            m = keep(fresh(m), times=record.to_json(offered))
            return CALLER.at(move_time, m, listen(m, times.proposals(m), times.CHOICES))
        case Answered(CallbackGone() as gone):
            return _told(m, gone)
        case _:
            return CALLER.ask(proposing, m, ProposeTimes())


@CALLER.state
def move_time(m: Memory, heard: Heard) -> Turn:
    """One key each; who chooses none keeps what was promised."""
    match meant(m, heard, times.CHOICES):
        case Pressed(pressed) if pressed in times.others(m):
            return _move(keep(m, at=times.others(m)[pressed].isoformat()))
        case Pressed(pressed) if pressed == times.SOONEST:
            return _move(m)
        case Pressed("*") if not worn_out(lap(m)):
            m = lap(m)
            return CALLER.at(move_time, m, listen(m, times.proposals(m), times.CHOICES))
        case _:
            return CALLER.ask(keeping, m, KeepCallback())


def _move(m: Memory) -> Turn:
    return CALLER.ask(moving, m, MoveCallback(times.chosen(m)))


@CALLER.state
def moving(m: Memory, heard: Heard) -> Turn:
    """The new time is promised."""
    match heard:
        case Answered(CallbackBooked() | CallbackGone() as promise):
            return _told(m, promise)
        case _:
            return _move(m)


@CALLER.state
def cancelling(m: Memory, heard: Heard) -> Turn:
    """Nobody will call; or it was too late for that."""
    match heard:
        case Answered(CallbackCancelled()):
            return message.end(m, "cancelled", say(m, "owed.cancelled"), say(m, "goodbye.thanks"))
        case Answered(CallbackGone() as gone):
            return _told(m, gone)
        case _:
            return CALLER.ask(cancelling, m, CancelCallback())


def _told(m: Memory, promise: CallbackBooked | CallbackGone) -> Turn:
    says = say(m, "owed.gone") if isinstance(promise, CallbackGone) else booking.promised(m, promise)
    return message.end(m, "owed", says, say(m, "goodbye.thanks"))

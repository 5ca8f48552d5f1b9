"""A callback is booked: whose number, confirmed or keyed anew, when, and the promise told as a promise."""

from ivr import record
from ivr.asks import (
    BookCallback,
    CallbackBooked,
    NumberRead,
    NumberRefused,
    OpenTicket,
    ReadNumber,
    TicketOpened,
)
from ivr.flow import message, times
from ivr.flow.listening import Choices, listen, meant, not_taken
from ivr.flow.table import (
    CALLER,
    FAILURES,
    KEYING_PATIENCE,
    Memory,
    Says,
    failed,
    fresh,
    keep,
    lap,
    say,
    ticket,
    worn_out,
)
from ivr.hearing import Answered, Heard, Pressed, Silence
from ivr.turns import Digits, Gather, Key, Moment, Turn

LONGEST_NUMBER = 32
"""Digits kept of what was keyed: no number of people is longer, extension included."""
CHOSEN = ("canonical", "spoken", "keyed", "unconfirmed", "asked", "tries", "times", "at", "unchosen")
"""What is remembered of the number and the time while they are confirmed and booked."""
YES_OR_NO: Choices = {"1": "yes", "2": "no", "*": "repeat", "0": "agent"}
REFUSALS = {"not_allowed": "number.not_allowed"}


def start(m: Memory) -> Turn:
    """Begin; the callback needs a ticket, which the call has or gets now."""
    m = fresh(m)
    return _number(m) if "ticket" in m else _open(m)


def without_asking(m: Memory) -> Turn:
    """Book the caller's own number when no key comes: a promise is better than nothing, else a message."""
    m = keep(fresh(m), unconfirmed=True)
    if not m.get("number"):
        return message.start(m)
    return _number(m) if "ticket" in m else _open(m)


@CALLER.state
def opening_callback_ticket(m: Memory, heard: Heard) -> Turn:
    """The ticket of a callback that was chosen before any other matter."""
    match heard:
        case Answered(TicketOpened(number)):
            return _number(keep(m, ticket=number))
        case _:
            return _open(m)


def _open(m: Memory) -> Turn:
    return CALLER.ask(opening_callback_ticket, m, OpenTicket("general"))


def _number(m: Memory) -> Turn:
    """Take the caller's own number first; it is withheld sometimes."""
    own = m.get("number")
    return _read(keep(m, digits=own, keyed=False)) if own else _ask_number(m)


def _read(m: Memory) -> Turn:
    return CALLER.ask(reading_number, m, ReadNumber(m["digits"]))


@CALLER.state
def reading_number(m: Memory, heard: Heard) -> Turn:
    """Is this a number that we may call?"""
    match heard:
        case Answered(NumberRead(canonical, spoken, offered)):
            m = keep(fresh(m, *CHOSEN), canonical=canonical, spoken=spoken)
            m = keep(m, times=record.to_json(offered)) if offered else m
            return _book(m) if m.get("unconfirmed") else _confirm(m, _read_back(m))
        case Answered(NumberRefused(reason)):
            return _refused(m, reason)
        case _:
            return _read(m)


def _refused(m: Memory, reason: str) -> Turn:
    """Tell why a keyed number will not do; of the caller's own number nobody needs to hear that."""
    if m.get("unconfirmed"):
        return message.start(m)
    if not m["keyed"]:
        return _ask_number(m)
    return _another(m, say(m, REFUSALS.get(reason, "number.unreadable")))


def _another(m: Memory, *before: Says) -> Turn:
    """Ask for another number, unless enough were tried."""
    tries = m.get("tries", 0) + 1
    if tries >= FAILURES:
        return message.start(m, *before)
    return _ask_number(keep(m, tries=tries), *before)


def _ask_number(m: Memory, *before: Says) -> Turn:
    prompt = say(m, "number.ask_again" if m.get("asked") else "number.ask", key=Key("#"))
    gather = Gather((*sum(before, ()), *prompt), digits=None, timeout=KEYING_PATIENCE)
    return CALLER.at(key_number, keep(fresh(m, "tries"), asked=True), gather)


@CALLER.state
def key_number(m: Memory, heard: Heard) -> Turn:
    """The caller keys a number, `#` ends it."""
    match heard:
        case Pressed(digits) if digits != "*":
            return _read(keep(m, digits=digits[:LONGEST_NUMBER], keyed=True))
        case _:
            return _another(m)


def _read_back(m: Memory) -> Says:
    return say(m, "number.keyed" if m["keyed"] else "number.own", number=Digits(m["spoken"]))


def _confirm(m: Memory, *before: Says, prompt: str = "number.confirm") -> Turn:
    keys = say(m, prompt, yes=Key("1"), no=Key("2"))
    return CALLER.at(confirm_number, m, listen(m, (*sum(before, ()), *keys), YES_OR_NO))


@CALLER.state
def confirm_number(m: Memory, heard: Heard) -> Turn:
    """The number was read back: right, or another."""
    match meant(m, heard, YES_OR_NO):
        case Pressed("1"):
            return _ask_time(fresh(m, *CHOSEN)) if times.others(m) else _book(m)
        case Pressed("2"):
            return _another(m) if m["keyed"] else _ask_number(m)
        case Pressed("*"):
            return _unless_worn_out(lap(m), _read_back(m))
        case Silence():
            return _unless_worn_out(failed(m), prompt="number.confirm_again")
        case other:
            return _unless_worn_out(failed(m), not_taken(m, other))


def _unless_worn_out(m: Memory, *before: Says, prompt: str = "number.confirm") -> Turn:
    """Ask again, or in the end book what was read back and not contradicted."""
    return _book(keep(m, unconfirmed=True)) if worn_out(m) else _confirm(m, *before, prompt=prompt)


def _ask_time(m: Memory) -> Turn:
    """When shall we call? Any key stops the proposals."""
    return CALLER.at(choose_time, m, listen(m, times.proposals(m), times.CHOICES))


@CALLER.state
def choose_time(m: Memory, heard: Heard) -> Turn:
    """One key each; silence and wrong keys lead to the soonest: a promise is better than a question."""
    match meant(m, heard, times.CHOICES):
        case Pressed(key) if key in times.others(m):
            return _book(keep(m, at=times.others(m)[key].isoformat()))
        case Pressed(key) if key == times.SOONEST:
            return _book(m)
        case Pressed("*") if not worn_out(lap(m)):
            return _ask_time(lap(m))
        case _:
            return _book(keep(m, unchosen=True))


def _book(m: Memory) -> Turn:
    """Promise the call, at the time that was chosen if one was."""
    return CALLER.ask(booking, fresh(m, *CHOSEN), BookCallback(m["canonical"], times.chosen(m)))


@CALLER.state
def booking(m: Memory, heard: Heard) -> Turn:
    """The promise is made, and told: who, which number, when at the latest (HL-8)."""
    match heard:
        case Answered(CallbackBooked() as booked):
            return message.end(m, "callback", *_promise(m, booked), say(m, "goodbye.thanks"))
        case Answered(NumberRefused(reason)):
            return _refused(keep(m, keyed=True), reason)
        case _:
            return _book(m)


def _promise(m: Memory, booked: CallbackBooked) -> tuple[Says, ...]:
    return (
        say(m, "callback.unconfirmed") if m.get("unconfirmed") else (),
        say(m, "time.unchosen") if m.get("unchosen") else (),
        promised(m, booked),
        () if m.get("ticket_told") else say(m, "ticket.opened", ticket=ticket(m["ticket"])),
    )


def promised(m: Memory, booked: CallbackBooked) -> Says:
    """Tell a promise as a promise: who calls which number, at the time that was chosen or by when."""
    who = "promise.engineer" if m.get("choice") == "technical" else "promise.colleague"
    due, number = Moment(booked.due, booked.now), Digits(booked.spoken)
    says = say(m, f"{who}_at" if booked.chosen else who, number=number, due=due)
    return (*says, *say(m, "time.local")) if booked.abroad else says

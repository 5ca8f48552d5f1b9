"""The caller waits for an agent: ticket, line, announcements, the way out, and the offer instead."""

from ivr.asks import (
    FindAgent,
    HowLong,
    LeaveQueue,
    Left,
    NobodyThere,
    OpenTicket,
    Queued,
    TicketOpened,
)
from ivr.flow import booking, message
from ivr.flow.announce import announce
from ivr.flow.listening import Choices, listen, meant, not_taken
from ivr.flow.table import (
    CALLER,
    Memory,
    Says,
    apology,
    failed,
    fresh,
    keep,
    lap,
    say,
    ticket,
    worn_out,
)
from ivr.hearing import Answered, Heard, Pressed, QueueLeft
from ivr.turns import Enqueue, Gather, Key, Leave, Music, Turn

INSTEAD: Choices = {"1": "callback", "2": "message", "0": "agent", "*": "repeat"}
BROKEN = frozenset({"queue-full", "error", "system-error"})
"""Reasons of the carrier (QueueResult) for which a living caller needs something else."""
CONNECTING_ROUNDS = 3
"""Rounds of music in which the accepted agent must reach a caller who has left the queue."""


def find(m: Memory, choice: str, before: str = "") -> Turn:
    """Find an agent for this choice and open its ticket; `before` is a prompt to say first."""
    return _find(keep(fresh(m), choice=choice, before=before, opens=True))


def _find(m: Memory) -> Turn:
    return CALLER.ask(finding_agent, m, FindAgent(m["choice"]))


@CALLER.state
def finding_agent(m: Memory, heard: Heard) -> Turn:
    """In line now, or nobody is there to wait for; either way the contact is a ticket."""
    match heard:
        case Answered(Queued() | NobodyThere() as found):
            m = keep(m, in_line=isinstance(found, Queued))
            return _open(m) if m["opens"] else _found(m)
        case _:
            return _find(m)


def _open(m: Memory) -> Turn:
    """Open the ticket last: whoever takes the day's next number keeps all others waiting for theirs."""
    kind = "general" if m["choice"] == "agent" else m["choice"]
    return CALLER.ask(opening_ticket, m, OpenTicket(kind))


@CALLER.state
def opening_ticket(m: Memory, heard: Heard) -> Turn:
    """Every contact is a ticket (TK-1), opened with the wait so that a lost call leaves a trace."""
    match heard:
        case Answered(TicketOpened(number)):
            return _found(keep(m, ticket=number))
        case _:
            return _open(m)


def _found(m: Memory) -> Turn:
    return _enter_line(m) if m["in_line"] else offer_instead(keep(m, reason="nobody.on_duty"))


def _enter_line(m: Memory) -> Turn:
    """Tell the ticket once; position and wait come with the first waiting document, at once."""
    says = say(m, m["before"]) if m.get("before") else ()
    if m["choice"] == "complaint" and not m.get("apologised"):
        says, m = (*says, *say(m, "complaint.apology")), keep(m, apologised=True)
    if not m.get("ticket_told"):
        says = (*says, *say(m, "ticket.opened", ticket=ticket(m["ticket"])))
    return CALLER.at(waiting, keep(fresh(m), ticket_told=True), *says, Enqueue())


@CALLER.state
def waiting(m: Memory, heard: Heard) -> Turn:
    """Music, and each time it ends: how long? Key 1 leads to a callback at any time."""
    match heard:
        case Pressed("1"):
            return _leave(keep(m, then="booking"))
        case Pressed(digits) if digits != "*":
            return CALLER.at(waiting, m, Gather((Music(),), timeout=1))
        case QueueLeft():
            return _release(keep(m, then="offer", reason="failure.queue"))
        case _:
            return CALLER.ask(counting, m, HowLong())


@CALLER.state
def counting(m: Memory, heard: Heard) -> Turn:
    """How far the line has moved, told between two rounds of music."""
    match heard:
        case Answered(Queued() as place):
            says, m = announce(m, place)
            return CALLER.at(waiting, m, Gather((*says, Music()), timeout=1))
        case Answered(NobodyThere()):
            return _leave(keep(m, then="offer"), say(m, "nobody.any_more"))
        case _:
            return CALLER.ask(counting, m, HowLong())


def _leave(m: Memory, *before: Says) -> Turn:
    return CALLER.at(leaving, fresh(m, "then"), *sum(before, ()), Leave())


@CALLER.state
def leaving(m: Memory, heard: Heard) -> Turn:
    """The carrier lets the caller out of its queue: now out of ours."""
    match heard:
        case QueueLeft(result) if result in BROKEN:
            return _release(keep(m, reason="failure.queue"))
        case _:
            return _release(m)


def _release(m: Memory) -> Turn:
    return CALLER.ask(releasing, fresh(m, "then", "reason"), LeaveQueue())


@CALLER.state
def releasing(m: Memory, heard: Heard) -> Turn:
    """Out of line; unless an agent accepted in that very moment, who comes now."""
    match heard:
        case Answered(Left(won=True)):
            return CALLER.at(connecting, fresh(m), *say(m, "waiting.connecting"), Music())
        case Answered(Left()) if m["then"] == "booking":
            return booking.start(m)
        case Answered(Left()):
            return offer_instead(m)
        case _:
            return _release(m)


@CALLER.state
def connecting(m: Memory, heard: Heard) -> Turn:
    """Music until we are summoned; an agent who never comes is looked for again."""
    rounds = m.get("rounds", 1)
    if rounds < CONNECTING_ROUNDS:
        return CALLER.at(connecting, keep(m, rounds=rounds + 1), Music())
    return find_again(fresh(m), "waiting.again")


def find_again(m: Memory, before: str = "") -> Turn:
    """Look for an agent once more, on the call's ticket where it has one."""
    return _find(keep(m, choice=m.get("choice", "agent"), before=before, opens="ticket" not in m))


def offer_instead(m: Memory) -> Turn:
    """Tell why there is no agent, whose fault it is when it is ours, and what there is instead."""
    reason, m = m.get("reason"), fresh(m, "reason", "failures", "laps")
    says = say(m, reason) if reason else ()
    if reason and reason.startswith("failure."):
        sorry, m = apology(m)
        says = (*says, *sorry)
    return _offer(m, says)


def _offer(m: Memory, *before: Says) -> Turn:
    """Key 0 is worth saying only where an agent may be there after all."""
    says = (*say(m, "offer.callback", key=Key("1")), *say(m, "offer.message", key=Key("2")))
    if str(m.get("reason")).startswith("failure."):
        says = (*says, *say(m, "offer.agent", key=Key("0")))
    return CALLER.at(offer, m, listen(m, (*sum(before, ()), *says), INSTEAD))


@CALLER.state
def offer(m: Memory, heard: Heard) -> Turn:
    """A callback, a message, or another try (HL-6: the caller chooses)."""
    match meant(m, heard, INSTEAD):
        case Pressed("1"):
            return booking.start(m)
        case Pressed("2"):
            return message.start(m)
        case Pressed("0"):
            m = lap(m)
            return booking.without_asking(m) if worn_out(m) else find_again(m)
        case Pressed("*"):
            return _unless_worn_out(lap(m), ())
        case other:
            return _unless_worn_out(failed(m), not_taken(m, other))


def _unless_worn_out(m: Memory, before: Says) -> Turn:
    return booking.without_asking(m) if worn_out(m) else _offer(m, before)

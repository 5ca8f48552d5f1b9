"""A caller whom we know, with a ticket that is not closed: it is offered before the menu (CU-2)."""

from ivr.asks import TakeTicket, TicketOpened
from ivr.flow import menu, owed, waiting
from ivr.flow.listening import Choices, listen, meant, not_taken
from ivr.flow.table import CALLER, Memory, Says, failed, fresh, keep, lap, line, say, speaks, ticket, worn_out
from ivr.hearing import Answered, Heard, Pressed, Silence
from ivr.turns import Key, Turn

CHOICES: Choices = {"1": "ticket", "2": "other", "0": "agent", "*": "repeat"}


def greet(m: Memory) -> Turn:
    """Say the standard opening, and offer the open ticket first; any key stops it."""
    says, m = menu.opening(m)
    return _offer(m, says)


def _offer(m: Memory, *before: Says) -> Turn:
    about = say(m, "known.ticket", ticket=ticket(m["known"]["ticket"]), key=Key("1"))
    says = (*sum(before, ()), *about, *say(m, "known.other", key=Key("2")))
    return CALLER.at(known, m, listen(m, says, _choices(m)))


def _choices(m: Memory) -> Choices:
    return owed.choices(m, {**CHOICES, "8": "language"} if len(speaks(line(m))) > 1 else CHOICES)


@CALLER.state
def known(m: Memory, heard: Heard) -> Turn:
    """About the ticket, or the menu; silence is no refusal and leads to the menu as well."""
    match meant(m, heard, _choices(m)):
        case Pressed("1"):
            return _take(keep(fresh(m), ticket=m["known"]["ticket"]))
        case Pressed("0"):
            return waiting.find(m, "agent")
        case Pressed(key) if key == owed.key(m):
            return owed.start(m)
        case Pressed(key) if key in _choices(m) and key != "2":
            return _once_more(lap(m), key)
        case Pressed("2") | Silence():
            return menu.again(m)
        case other:
            return menu.again(failed(m), not_taken(m, other))


def _once_more(m: Memory, key: str) -> Turn:
    """Say it again, in the line's other language where that was the key."""
    if worn_out(m):
        return menu.to_agent(m)
    return _offer(menu.in_other_language(m) if key == "8" else m)


def _take(m: Memory) -> Turn:
    return CALLER.ask(taking_ticket, m, TakeTicket(m["ticket"]))


@CALLER.state
def taking_ticket(m: Memory, heard: Heard) -> Turn:
    """The call goes on about that ticket, to whoever answers for its kind; its number has been said."""
    match heard:
        case Answered(TicketOpened(number)):
            kind = m["known"]["kind"]
            told = number == m["ticket"]
            m = keep(m, ticket=number, ticket_told=told, choice=kind if kind in menu.AGENTS else "agent")
            return waiting.find_again(m)
        case _:
            return _take(m)

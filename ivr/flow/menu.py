"""The menu: the standard opening, the choices of the line, and what each key leads to."""

from datetime import datetime

from ivr.asks import FindTicket, TicketFound, TicketUnknown
from ivr.flow import booking, owed, waiting
from ivr.flow.listening import hears_words, listen, meant, not_taken
from ivr.flow.table import (
    CALLER,
    KEYING_PATIENCE,
    Memory,
    Says,
    by_when,
    failed,
    fresh,
    keep,
    lap,
    line,
    named,
    say,
    speaks,
    ticket,
    worn_out,
)
from ivr.hearing import Answered, Heard, Pressed, Silence
from ivr.spoken import sayable
from ivr.turns import Gather, Key, Moment, Say, Turn

AGENTS = frozenset({"technical", "presales", "complaint", "agent"})
SPOKEN = AGENTS | {"ticket_state", "callback", "repeat"}
"""The choices that a menu may hold; others are neither said nor taken."""
STATES = frozenset({"new", "open", "solved", "closed"})
LONGEST_TICKET = 16


def greet(m: Memory) -> Turn:
    """Say the standard opening (HL-3) and the menu in one breath; any key stops it."""
    says, m = opening(m)
    return CALLER.at(greeting, m, listen(m, (*says, *_choices(m, "menu")), keys(m)))


def opening(m: Memory) -> tuple[Says, Memory]:
    """Say the standard opening, whom we know and what we owe them, and that the call is recorded.

    A name is said where it is certain and where the language can say it.
    """
    notice = say(m, "notice.recording") if line(m).recording_notice else ()
    name = m.get("name")
    welcome = say(m, "known.name", customer=name) if name and sayable(name, m["language"]) else ()
    promised, m = owed_call(m)
    spoken = say(m, "speech.notice") if hears_words(m) else ()
    return (*named(m, "greeting"), *notice, *welcome, *promised, *other_language(m), *spoken), m


def owed_call(m: Memory) -> tuple[Says, Memory]:
    """Tell by when we have promised to call, or that we should have."""
    if "promised" not in m:
        return (), m
    due, now = datetime.fromisoformat(m["promised"]), datetime.fromisoformat(m["now"])
    if m.get("appointed") and due > now:
        return (*say(m, "promised.at", due=Moment(due, now)), *owed.offer(m)), m
    says, m = by_when(m, "promised", due, now)
    return (*says, *owed.offer(m)), m


@CALLER.state
def greeting(m: Memory, heard: Heard) -> Turn:
    """The first document; what it hears is the menu's."""
    return menu(m, heard)


@CALLER.state
def menu(m: Memory, heard: Heard) -> Turn:
    """A key chooses; silence and wrong keys lead on, the third of them to a person."""
    match meant(m, heard, keys(m)):
        case Pressed(key):
            return _choose(m, keys(m).get(key))
        case Silence():
            return again(failed(m), not_taken(m, heard), style="again")
        case other:
            return again(failed(m), not_taken(m, other))


def keys(m: Memory) -> dict[str, str]:
    """Return what each key chooses; the keys that are the same on every line come first."""
    items = {item.key: item.choice for item in reversed(line(m).menu)}
    same = {"*": "repeat", "0": "agent"} | ({"8": "language"} if len(speaks(line(m))) > 1 else {})
    return dict(owed.choices(m, items | same))


def _choose(m: Memory, choice: str | None) -> Turn:
    match choice:
        case "repeat":
            return again(lap(m))
        case "language":
            return again(lap(in_other_language(m)))
        case "ticket_state":
            return _find_ticket(keep(lap(m), digits=None))
        case "callback" | "owed":
            return booking.start(m) if choice == "callback" else owed.start(m)
        case str() if choice in AGENTS:
            return waiting.find(m, choice)
        case _:
            return again(failed(m), say(m, "key.wrong"))


def again(m: Memory, *before: Says, style: str = "menu") -> Turn:
    """Say the menu again after these sentences, unless the flow must go on without the caller's help."""
    if worn_out(m):
        return to_agent(m)
    gather = listen(m, (*sum(before, ()), *_choices(m, style)), keys(m))
    return CALLER.at(menu, fresh(m, "failures", "laps"), gather)


def to_agent(m: Memory) -> Turn:
    """Go to a person without the caller's help."""
    return waiting.find(m, "agent", "menu.to_agent")


def _choices(m: Memory, style: str) -> Says:
    items = (item for item in line(m).menu if item.choice in SPOKEN)
    return tuple(one for item in items for one in say(m, f"{style}.{item.choice}", key=Key(item.key)))


def _next_language(m: Memory) -> str:
    languages = speaks(line(m))
    return languages[(languages.index(m["language"]) + 1) % len(languages)]


def in_other_language(m: Memory) -> Memory:
    """Return the memory with the line's other language."""
    return keep(m, language=_next_language(m))


def other_language(m: Memory) -> Says:
    """Offer the line's other language, in that language; nothing where it has one only."""
    language = _next_language(m)
    return (Say("language.offer", language, {"key": Key("8")}),) if language != m["language"] else ()


def _find_ticket(m: Memory) -> Turn:
    return CALLER.ask(finding_ticket, m, FindTicket(m["digits"]))


@CALLER.state
def finding_ticket(m: Memory, heard: Heard) -> Turn:
    """The newest ticket of the caller's number; else the one whose number was keyed."""
    match heard:
        case Answered(TicketFound() as found):
            return _tell_state(m, found)
        case Answered(TicketUnknown(shared)) if m["digits"] is None:
            none = m.get("number") and not shared
            return _ask_ticket(m, say(m, "ticket.none_of_caller") if none else ())
        case Answered(TicketUnknown()):
            return again(failed(m), say(m, "ticket.not_found", ticket=ticket(m["digits"])), style="again")
        case _:
            return _find_ticket(m)


def _tell_state(m: Memory, found: TicketFound) -> Turn:
    """Tell a ticket's state, and by when an answer is owed."""
    known = f"ticket.{found.state}" if found.state in STATES else "ticket.open"
    owed, m = by_when(keep(m, served=True), "answer", found.due, found.now)
    return again(m, say(m, known, ticket=ticket(found.number)), owed, style="again")


def _ask_ticket(m: Memory, *before: Says, prompt: str = "ticket.ask") -> Turn:
    says = (*sum(before, ()), *say(m, prompt, key=Key("#")))
    return CALLER.at(key_ticket, m, Gather(says, digits=None, timeout=KEYING_PATIENCE))


@CALLER.state
def key_ticket(m: Memory, heard: Heard) -> Turn:
    """The caller keys a ticket's number, `#` ends it; 0 is an agent here too."""
    match heard:
        case Pressed("0"):
            return waiting.find(m, "agent")
        case Pressed("*"):
            return _ask_ticket_again(lap(m))
        case Pressed(digits):
            return _find_ticket(keep(m, digits=digits[:LONGEST_TICKET]))
        case _:
            return _ask_ticket_again(failed(m))


def _ask_ticket_again(m: Memory) -> Turn:
    return to_agent(m) if worn_out(m) else _ask_ticket(m, prompt="ticket.ask_again")

"""The caller's flow on a page: how it begins, and what may reach a caller in any state."""

from collections.abc import Sequence

from ivr import record
from ivr.flow import booking, closed, known, menu, message, owed, times, waiting
from ivr.flow.listening import meant
from ivr.flow.table import CALLER, Memory, fresh, keep, say, speaks
from ivr.hearing import Arrived, Heard, HungUp, LineFacts, Pressed, QueueLeft, Summoned, TalkEnded
from ivr.turns import Connect, Step, Turn
from ivr.words import LANGUAGES

IN_QUEUE = frozenset({"waiting", "leaving"})
LEAVES_FOR_AGENT = frozenset({"confirm_number", "key_number", "choose_time", "owed", "move_time"})
"""Steps whose own module knows nothing of agents."""
WORDS = {"confirm_number": booking.YES_OR_NO, "choose_time": times.CHOICES, "move_time": times.CHOICES}
WORDS |= {"owed": owed.CHOICES}
"""What may be said for a key at these of them."""
MOST_RETURNS = 3
"""So often 0 leads from a callback's number back to agents; then it is a wrong key: every call ends."""
TALKED = frozenset({"answered", "completed"})
"""Reasons of the carrier (DialCallStatus) after which a room was really entered."""


def begin(heard: Arrived) -> Turn:
    """Greet a caller; on a number that is no line of ours take a message, in every language."""
    m: Memory = {"number": heard.number, "name": heard.name, **_known(heard)}
    if heard.line is None:
        m = keep(m, languages=list(LANGUAGES), language=LANGUAGES[0])
        return message.start(m, say(m, "message.unknown_line"))
    return _greet(keep(m, line=record.to_json(heard.line)), heard, heard.line)


def _greet(m: Memory, heard: Arrived, facts: LineFacts) -> Turn:
    m = keep(m, language=speaks(facts)[0])
    if heard.hours is None or heard.hours.open:
        return known.greet(m) if "known" in m else menu.greet(m)
    return closed.tell(keep(m, hours=record.to_json(heard.hours)))


def _known(heard: Arrived) -> Memory:
    """Return what is known of whoever calls: an open ticket, and a call that we owe."""
    about = {"known": {"ticket": heard.ticket, "kind": heard.ticket_kind}} if heard.ticket else {}
    if heard.promised is None or heard.hours is None:
        return about
    now = heard.their_now or heard.hours.now
    changes = {"changes": True} if heard.asked else {}
    changes |= {"appointed": True} if heard.chosen else {}
    return {**about, **changes, "promised": heard.promised.isoformat(), "now": now.isoformat()}


def unknown(languages: Sequence[str] = LANGUAGES) -> Turn:
    """A leg of which we know nothing any more: our fault, told in these languages, and a message."""
    return message.failure({"languages": list(languages), "language": languages[0], "number": None})


def hear(step: Step, heard: Heard) -> Turn:
    """Go on from a step; a hang-up, a summons and the end of a talk are understood in any state."""
    m = step.memory
    match heard:
        case HungUp() if step.name != "ended":
            return CALLER.at(message.ended, keep(fresh(m), ending="hung_up", left_at=step.name))
        case QueueLeft(result) if step.name not in IN_QUEUE or not _means_something(result):
            return Turn(step)
        case Summoned(connection, room) if step.name != "ended":
            return _summoned(m, connection, room)
        case TalkEnded("not_joined") if step.name != "ended":
            return _lost_agent(m)
        case TalkEnded(status) if step.name == "talking":
            return _talked(m, status)
        case _:
            return _in_its_state(step.name, m, heard)


def _in_its_state(state: str, m: Memory, heard: Heard) -> Turn:
    """Let the state itself hear it, where 0 does not lead to an agent as everywhere (words.md)."""
    meaning = meant(m, heard, WORDS[state]) if state in WORDS else heard
    if meaning == Pressed("0") and state in LEAVES_FOR_AGENT and _may_return(m):
        return waiting.find_again(fresh(keep(m, returns=m.get("returns", 0) + 1)))
    return CALLER.states[state](m, heard)


def _may_return(m: Memory) -> bool:
    """Say whether 0 may lead back to agents: not where the line is closed, and not for ever."""
    return "hours" not in m and m.get("returns", 0) < MOST_RETURNS


def _means_something(result: str) -> bool:
    """Tell what the flow must act on from the carrier's bookkeeping (redirects, bridges, hang-ups)."""
    return result == "leave" or result in waiting.BROKEN


def _summoned(m: Memory, connection: int, room: str) -> Turn:
    """Go straight into the room where the agent waits; without one the agent was lost on the way."""
    if not room:
        return _lost_agent(m)
    return CALLER.at(talking, keep(fresh(m), connection=connection, room=room), Connect(room, music=True))


def _lost_agent(m: Memory) -> Turn:
    """Back into the line; when nobody is there any more, the answer to that question says so."""
    return waiting.find_again(fresh(m), "waiting.again")


@CALLER.state
def talking(m: Memory, heard: Heard) -> Turn:
    """In the room; whatever else is heard leads back into it."""
    return CALLER.at(talking, m, Connect(m["room"], music=True))


def _talked(m: Memory, status: str) -> Turn:
    if status in TALKED:
        return message.end(m, "talk", say(m, "goodbye.thanks"))
    return waiting.offer_instead(keep(m, reason="failure.talk"))

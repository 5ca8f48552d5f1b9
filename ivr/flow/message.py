"""The caller leaves a message; and the end of every call, which still keeps a message that comes late."""

from ivr.asks import KeepMessage, MessageKept
from ivr.flow.table import CALLER, Memory, Says, apology, by_when, fresh, keep, next_opening, say, ticket
from ivr.hearing import Answered, Heard, HungUp, Recorded
from ivr.turns import HangUp, Key, Record, Turn

LONGEST_MESSAGE = 180
"""Seconds; `message.ask` tells them to the caller."""


def start(m: Memory, *before: Says) -> Turn:
    """Ask for a message, after the sentences that say why."""
    says = (*sum(before, ()), *say(m, "message.ask", key=Key("#")))
    return CALLER.at(message, fresh(m), *says, Record(LONGEST_MESSAGE))


def failure(m: Memory) -> Turn:
    """Say that something broke on our side, and take a message: nobody is dropped."""
    sorry, m = apology(m)
    return start(m, say(m, "failure.ours"), sorry)


def taken(m: Memory) -> Turn:
    """Say that the message is there although nobody could give it a number yet."""
    return end(m, "message", say(m, "message.taken"), say(m, "goodbye.thanks"))


@CALLER.state
def message(m: Memory, heard: Heard) -> Turn:
    """The tone has sounded; an empty recording is tried once more."""
    match heard:
        case Recorded(seconds):
            return _keep(keep(m, seconds=seconds))
        case _ if m.get("recorded_again"):
            return end(m, "goodbye", say(m, "message.none"), _some_other_day(m))
        case _:
            again = say(m, "message.again")
            return CALLER.at(message, keep(m, recorded_again=True), *again, Record(LONGEST_MESSAGE))


@CALLER.state
def keeping_message(m: Memory, heard: Heard) -> Turn:
    """The message becomes a ticket."""
    match heard:
        case Answered(MessageKept(number, due, now)):
            kept = say(m, "message.kept", ticket=ticket(number))
            owed, m = by_when(keep(m, kept=True, ticket=number), "answer", due, now)
            return end(m, "message", kept, owed, say(m, "goodbye.thanks"))
        case _:
            return _keep(m)


def _some_other_day(m: Memory) -> Says:
    """Say goodbye until the next opening, where the line is closed and it is known."""
    if "hours" not in m:
        return say(m, "goodbye.later")
    opening = next_opening(m)
    return say(m, "closed.goodbye", opening=opening) if opening else say(m, "closed.goodbye_unknown")


def _keep(m: Memory) -> Turn:
    return CALLER.ask(keeping_message, m, KeepMessage(m["seconds"]))


def end(m: Memory, ending: str, *says: Says) -> Turn:
    """Say goodbye and hang up; `ending` remembers how the call ended."""
    return CALLER.at(ended, keep(fresh(m), ending=ending), *sum(says, ()), HangUp())


@CALLER.state
def ended(m: Memory, heard: Heard) -> Turn:
    """Nothing more, except a message: the carrier may report a hang-up before the recording that it ended."""
    match heard:
        case Recorded(seconds) if not m.get("kept"):
            return _keep(keep(m, seconds=seconds))
        case HungUp():
            return CALLER.at(ended, m)
        case _:
            return CALLER.at(ended, m, HangUp())

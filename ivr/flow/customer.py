"""The customer whom we call back: who calls, one key (a voicemail presses none), the agent's room.

Where the line rings its customers first, an agent is looked for once the key is pressed: the customer holds
the line in the place of the day he asked, and hears how long it still takes.
"""

from datetime import datetime

from ivr import record
from ivr.asks import AgentLost, HowLong, NobodyThere, Queued, ReachCustomer, RoomReady
from ivr.flow.announce import announce
from ivr.flow.table import PATIENCE, Flow, Memory, Says, failed, keep, line, named, say
from ivr.hearing import Answered, Heard, HungUp, PickedUp, Pressed, Summoned, TalkEnded
from ivr.turns import Connect, Gather, HangUp, Key, Moment, Music, Say, Step, Turn
from ivr.words import LANGUAGES

CUSTOMER = Flow("customer", 2)
SILENCES = 2
"""After so many silences and wrong keys it is a voicemail, or nobody who wants to talk."""
TALKED = frozenset({"answered", "completed"})


def begin(heard: PickedUp) -> Turn:
    """Say who calls and why; a person presses 1, a machine is left a message where the line says so."""
    m: Memory = {
        "line": record.to_json(heard.line),
        "language": heard.language if heard.language in LANGUAGES else LANGUAGES[0],
    }
    if heard.message:
        following = heard.next_try.isoformat() if heard.next_try else None
        m = keep(m, leaves=True, next_try=following, now=heard.told_at.isoformat() if heard.told_at else None)
    if heard.machine:
        return end(m, "machine", _message(m) if heard.message else ())
    notice = say(m, "notice.recording") if line(m).recording_notice else ()
    says = (*named(m, "greeting"), *notice, *say(m, "customer.ask", key=Key("1")))
    return CUSTOMER.at(asking, m, Gather(says, timeout=PATIENCE))


@CUSTOMER.state
def asking(m: Memory, heard: Heard) -> Turn:
    """Wanted now? Without a key a short message says who called and that we call again."""
    match heard:
        case Pressed("1"):
            return CUSTOMER.ask(reaching, m, ReachCustomer())
        case _ if m.get("failures", 0) + 1 >= SILENCES:
            short = (*named(m, "greeting"), *say(m, "customer.message"))
            return end(m, "no_key", _message(m) if m.get("leaves") else short)
        case _:
            again = say(m, "customer.ask_again", key=Key("1"))
            return CUSTOMER.at(asking, failed(m), Gather(again, timeout=PATIENCE))


def _message(m: Memory) -> Says:
    """Say who called and when we try next, for whoever listens to it later."""
    who = (*named(m, "greeting"), *say(m, "customer.machine"))
    if not m.get("next_try") or not m.get("now"):
        return (*who, *say(m, "customer.last_try"))
    due = Moment(datetime.fromisoformat(m["next_try"]), datetime.fromisoformat(m["now"]))
    return (*who, *say(m, "customer.next_try", due=due))


@CUSTOMER.state
def reaching(m: Memory, heard: Heard) -> Turn:
    """Into the agent's room, or the agent was lost and we call again."""
    match heard:
        case Answered(RoomReady(room)):
            return _enter(m, room)
        case Answered(AgentLost()):
            return lost(m)
        case Answered(Queued() as place):
            return _hold(keep(m, holds=True), place)
        case Answered(NobodyThere()):
            return _nobody(m)
        case _:
            return CUSTOMER.ask(reaching, m, ReachCustomer())


def _hold(m: Memory, place: Queued, *before: Say) -> Turn:
    says, m = announce(m, place)
    return CUSTOMER.at(holding, m, *before, *says, Music())


@CUSTOMER.state
def holding(m: Memory, heard: Heard) -> Turn:
    """Music, and each time it ends: how long still?"""
    return CUSTOMER.ask(counting, m, HowLong())


@CUSTOMER.state
def counting(m: Memory, heard: Heard) -> Turn:
    """The place in line, told between two rounds of music; nobody stays where nobody will come."""
    match heard:
        case Answered(Queued() as place):
            return _hold(keep(m, again=False), place, *(say(m, "waiting.again") if m.get("again") else ()))
        case Answered(NobodyThere()):
            return _nobody(m)
        case _:
            return CUSTOMER.ask(counting, m, HowLong())


def _nobody(m: Memory) -> Turn:
    return end(m, "nobody_free", say(m, "customer.nobody_free"))


def _enter(m: Memory, room: str) -> Turn:
    return CUSTOMER.at(talking, keep(m, room=room), Connect(room, music=True))


def lost(m: Memory) -> Turn:
    """Apologise: nobody is there to talk to, and we call again."""
    return end(m, "agent_lost", say(m, "customer.agent_lost"))


@CUSTOMER.state
def talking(m: Memory, heard: Heard) -> Turn:
    """In the room until the talk ends."""
    match heard:
        case TalkEnded(status) if status in TALKED:
            return end(m, "talk", say(m, "goodbye.thanks"))
        case TalkEnded():
            return CUSTOMER.ask(counting, keep(m, again=True), HowLong()) if m.get("holds") else lost(m)
        case _:
            return _enter(m, m["room"])


def end(m: Memory, ending: str, *says: Says) -> Turn:
    """Say goodbye and hang up; `ending` remembers how the leg ended."""
    return CUSTOMER.at(ended, keep(m, ending=ending), *sum(says, ()), HangUp())


@CUSTOMER.state
def ended(m: Memory, heard: Heard) -> Turn:
    """Nothing more."""
    return CUSTOMER.at(ended, m, *(() if isinstance(heard, HungUp) else (HangUp(),)))


def hear(step: Step, heard: Heard) -> Turn:
    """Go on from a step; a hang-up and a summons are understood in any state.

    A redirect cuts off what is being said: that the agent was lost is said again from the beginning.
    """
    m = step.memory
    match heard:
        case HungUp() if step.name != "ended":
            return CUSTOMER.at(ended, keep(m, ending="hung_up", left_at=step.name))
        case Summoned(_, "") if step.name != "ended" or m.get("ending") == "agent_lost":
            return lost(m)
        case Summoned(connection, room) if step.name != "ended":
            return _enter(keep(m, connection=connection), room)
        case _:
            return CUSTOMER.states[step.name](m, heard)

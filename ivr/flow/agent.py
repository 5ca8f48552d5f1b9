"""The agent's leg: a whisper, acceptance by key (a voicemail is not an answer), the room."""

from ivr import record
from ivr.asks import AcceptOffer, DeclineOffer, OfferGone, OfferWon
from ivr.flow.table import Flow, Memory, Says, failed, in_language, keep, line, say, worn_out
from ivr.hearing import Answered, Heard, HungUp, PickedUp, Pressed, Summoned, TalkEnded
from ivr.turns import Connect, Gather, HangUp, Key, Minutes, Step, Turn
from ivr.words import LANGUAGES

AGENT = Flow("agent", 1)
PATIENCE = 5
MATTERS = frozenset({"technical", "presales", "complaint", "general", "callback"})
LONGEST_WAIT_MINUTES = 600


def begin(heard: PickedUp) -> Turn:
    """Whisper before the agent accepts; who has clicked already need not press a key."""
    m: Memory = {
        "line": record.to_json(heard.line),
        "language": heard.language if heard.language in LANGUAGES else LANGUAGES[0],
        "matter": heard.matter if heard.matter in MATTERS else "general",
        "waited": heard.waited_seconds,
        "customer": heard.name,
        "promised": heard.promised,
    }
    return _whisper(m) if heard.keypad_accepts else _accept(m)


def _whisper(m: Memory) -> Turn:
    """Line, matter, customer if known, wait, keys: under six seconds, and any key stops it."""
    keys = say(m, "whisper.keys", yes=Key("1"), no=Key("2"))
    return AGENT.at(whisper, m, Gather((*_about(m), *keys), timeout=PATIENCE))


def _about(m: Memory) -> Says:
    facts = line(m)
    which = say(m, "whisper.head_office") if facts.head_office else _branch(m)
    who = say(m, "whisper.customer", customer=m["customer"]) if m["customer"] else ()
    minutes = min(m["waited"] // 60, LONGEST_WAIT_MINUTES)
    waited = say(m, "whisper.waited", wait=Minutes(minutes, minutes)) if m["waited"] > 0 else ()
    owed = say(m, "whisper.promised") if m["promised"] else ()
    return (*which, *say(m, f"whisper.{m['matter']}"), *owed, *who, *waited)


def _branch(m: Memory) -> Says:
    return say(m, "whisper.branch", branch=in_language(line(m).branch, m["language"]))


@AGENT.state
def whisper(m: Memory, heard: Heard) -> Turn:
    """Accept, decline, or the keys once more; who says nothing three times has not answered."""
    match heard:
        case Pressed("1"):
            return _accept(m)
        case Pressed("2"):
            return AGENT.ask(declining, m, DeclineOffer())
        case _ if worn_out(failed(m)):
            return end(m, "unanswered")
        case _:
            keys = say(m, "whisper.keys_again", yes=Key("1"), no=Key("2"))
            return AGENT.at(
                whisper, failed(m), Gather((*say(m, f"whisper.{m['matter']}"), *keys), timeout=PATIENCE)
            )


def _accept(m: Memory) -> Turn:
    return AGENT.ask(accepting, m, AcceptOffer())


@AGENT.state
def accepting(m: Memory, heard: Heard) -> Turn:
    """The call is this agent's, or too late."""
    match heard:
        case Answered(OfferWon(room, rings_customer)):
            return _enter(keep(m, rings_customer=rings_customer), room)
        case Answered(OfferGone()):
            return end(m, "gone", say(m, "agent.gone"))
        case _:
            return _accept(m)


def _enter(m: Memory, room: str) -> Turn:
    if m.get("rings_customer"):
        says = say(m, "agent.calling_customer")
        return AGENT.at(talking, keep(m, room=room), *says, Connect(room, music=True))
    return AGENT.at(talking, keep(m, room=room), Connect(room))


@AGENT.state
def declining(m: Memory, heard: Heard) -> Turn:
    """Whatever the answer, the agent is thanked and freed."""
    match heard:
        case Answered():
            return end(m, "declined", say(m, "agent.declined"))
        case _:
            return AGENT.ask(declining, m, DeclineOffer())


@AGENT.state
def talking(m: Memory, heard: Heard) -> Turn:
    """In the room until the talk ends."""
    match heard:
        case TalkEnded():
            return end(m, "talk")
        case _:
            return AGENT.at(talking, m, Connect(m["room"]))


def end(m: Memory, ending: str, *says: Says) -> Turn:
    """Hang up; `ending` remembers how the leg ended."""
    return AGENT.at(ended, keep(m, ending=ending), *sum(says, ()), HangUp())


@AGENT.state
def ended(m: Memory, heard: Heard) -> Turn:
    """Nothing more."""
    return AGENT.at(ended, m, *(() if isinstance(heard, HungUp) else (HangUp(),)))


def hear(step: Step, heard: Heard) -> Turn:
    """Go on from a step; a hang-up and a summons are understood in any state."""
    m = step.memory
    match heard:
        case HungUp() if step.name != "ended":
            return AGENT.at(ended, keep(m, ending="hung_up", left_at=step.name))
        case Summoned(_, "") if step.name != "ended":
            missed = "agent.customer_missed" if m.get("rings_customer") else "agent.caller_gone"
            return end(m, "alone", say(m, missed))
        case Summoned(connection, room) if step.name != "ended":
            return AGENT.at(talking, keep(m, connection=connection, room=room), Connect(room))
        case _:
            return AGENT.states[step.name](m, heard)

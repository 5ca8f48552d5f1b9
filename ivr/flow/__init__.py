"""The three flows and their one entrance: told the step and what was heard, the next turn.

Pure: the same step and hearing give the same turn, on the version of the flow that the call began with.
"""

from collections.abc import Callable, Mapping, Sequence

from ivr.flow import agent, caller, customer, message
from ivr.flow.agent import AGENT
from ivr.flow.customer import CUSTOMER
from ivr.flow.table import CALLER
from ivr.hearing import Arrived, Heard, HungUp, PickedUp, QueueLeft
from ivr.turns import HangUp, Music, Step, Turn
from ivr.words import LANGUAGES

FLOWS: Mapping[tuple[str, int], Callable[[Step, Heard], Turn]] = {
    (CALLER.name, 1): caller.hear,
    (CALLER.name, CALLER.version): caller.hear,
    (AGENT.name, AGENT.version): agent.hear,
    (CUSTOMER.name, 1): customer.hear,
    (CUSTOMER.name, CUSTOMER.version): customer.hear,
}


def advance(step: Step | None, heard: Heard) -> Turn:
    """Return the next turn of a leg; a step of None begins it.

    A turn asks at most one thing; answer it with `Answered(…)` from the turn's step, until a turn asks
    nothing: its verbs are the document. Raise KeyError for a flow version or a state that this release
    does not know.
    """
    return begin(heard) if step is None else FLOWS[step.flow, step.version](step, heard)


def begins(flow: str, version: int, heard: Heard) -> None:
    """Make sure that a leg that began so would begin on this flow today, in a version that says the same.

    Raise KeyError where it would not: such a leg is played again by the release that led it.
    """
    step = begin(heard).step
    if step.flow != flow or FLOWS.get((flow, version)) is not FLOWS[step.flow, step.version]:
        raise KeyError(f"{flow} {version} is not led by this release, which has {step.flow} {step.version}")


def begin(heard: Heard) -> Turn:
    """Begin a leg by what reached us first: a caller, an agent who picked up, a customer we call back.

    Anything else means that the leg's memory was lost: it is our fault, and a message is taken.
    """
    match heard:
        case Arrived():
            return caller.begin(heard)
        case PickedUp(purpose="callback"):
            return customer.begin(heard)
        case PickedUp():
            return agent.begin(heard)
        case HungUp() | QueueLeft():
            return CALLER.at(message.ended, {"language": "zh-CN"})
        case _:
            return caller.unknown()


def message_taken(languages: Sequence[str]) -> Turn:
    """Return what a caller hears who has left a message after an apology."""
    return message.taken({"languages": list(languages), "language": languages[0]})


def apology(step: Step | None, languages: Sequence[str] = LANGUAGES) -> Turn:
    """Return what a leg hears when something broke on our side; a caller can leave a message.

    `languages` are spoken where nothing is known of the leg. Music stands in for it inside the carrier's
    queue, whose documents cannot record; the next one tries again.
    """
    if step is None:
        return caller.unknown(languages)
    if step.name in ("ended", "talking"):
        return Turn(step, (HangUp(),))
    if step.flow != CALLER.name:
        return agent.end(step.memory, "failure") if step.flow == AGENT.name else customer.lost(step.memory)
    return Turn(step, (Music(),)) if step.name in caller.IN_QUEUE else message.failure(step.memory)

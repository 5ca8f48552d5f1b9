"""What a state of the small centre is: rows, and what people and telephones really do beside them."""

from typing import NamedTuple

NOBODY = -1


class Agent(NamedTuple):
    """An agent's rows (state, live offer, unresolved attempt) and what his telephone really does."""

    state: str = "available"
    call: int = NOBODY
    """The call of the live offer."""
    offer: str = ""
    attempt: str = ""
    mine: bool = False
    """The attempt was made for the live offer."""
    posted: bool = False
    """The carrier has been asked to ring."""
    phone: str = ""
    """Of that attempt: ringing, up (listens), room, gone (ended, not reported)."""
    met: bool = False
    """He has been in one room with the caller of the live offer."""
    calls_in: bool = False
    """He has entered the room of the live offer, and its caller was ordered there."""
    led_in: bool = False
    """The caller of the live offer was given the document of its room, too."""
    doubt: int = NOBODY
    """The call that the documents alone take for a talk of his; his leg's end will tell that it was none."""
    hang_up: bool = False
    """An order to end his leg is to be given."""


class Caller(NamedTuple):
    """A caller's rows (wait, orders) and where he really is."""

    wait: str = ""
    place: str = ""
    """queue, room (with the agent), alone (in a room), after (his room has ended), gone."""
    summon: str = ""
    requeue: str = ""
    known: bool = False
    """The end of the call was reported."""


class Centre(NamedTuple):
    """The whole state; `harm` names what must never happen and did."""

    agents: tuple[Agent, ...]
    callers: tuple[Caller, ...]
    harm: str = ""


Step = tuple[str, int, int]


def start(agents: int, callers: int) -> Centre:
    """Return a quiet centre that nobody has phoned yet."""
    return Centre((Agent(),) * agents, (Caller(),) * callers)


def with_agent(centre: Centre, a: int, **new: object) -> Centre:
    """Change one agent."""
    agents = list(centre.agents)
    agents[a] = agents[a]._replace(**new)
    return centre._replace(agents=tuple(agents))


def with_caller(centre: Centre, c: int, **new: object) -> Centre:
    """Change one caller."""
    callers = list(centre.callers)
    callers[c] = callers[c]._replace(**new)
    return centre._replace(callers=tuple(callers))

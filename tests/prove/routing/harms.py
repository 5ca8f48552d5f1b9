"""What is wrong with a state of the small centre (C1), and when it is quiet."""

from callcenter.routing.rules import ON_A_CALL
from tests.prove.routing.shapes import Agent, Caller, Centre


def harm(centre: Centre) -> str | None:
    """Return what is wrong with a state (C1), None when nothing is."""
    if centre.harm:
        return centre.harm
    for agent in centre.agents:
        if (agent.state in ON_A_CALL) != bool(agent.offer):
            return f"an agent is {agent.state} with {agent.offer or 'no'} offer"
    for c, caller in enumerate(centre.callers):
        wrong = _wrong_with(centre, c, caller)
        if wrong:
            return wrong
    return None


_OFFER_OF_WAIT = {"offered": ("ringing",), "won": ("accepted",)}


def _wrong_with(centre: Centre, c: int, caller: Caller) -> str | None:
    live = [agent.offer for agent in centre.agents if agent.call == c and agent.offer]
    if len(live) > 1:
        return "one caller was given to two agents"
    if caller.wait != "joined" and tuple(live) != _OFFER_OF_WAIT.get(caller.wait, ()):
        return f"a caller is {caller.wait or 'not there'} and his offers are {live}"
    if caller.place in ("queue", "alone") and caller.wait not in ("waiting", "offered", "won"):
        return f"a caller stands in the {caller.place} and his wait is {caller.wait}"
    coming = caller.requeue or any(offer != "ringing" for offer in live)
    if caller.place == "alone" and not coming:
        return "a caller is alone in a room, and nobody leads him out"
    with_him = [a for a in centre.agents if a.call == c and a.mine and a.phone == "room"]
    if caller.place == "room" and len(with_him) != 1:
        return f"a caller talks with {len(with_him)} agents who are his"
    return None


def is_quiet(centre: Centre) -> bool:
    """Say that everybody has phoned and gone, every agent is free, and nothing is left to do."""
    return all(a == Agent() for a in centre.agents) and all(
        c.known and c.wait in ("left", "joined") and not c.summon and not c.requeue for c in centre.callers
    )

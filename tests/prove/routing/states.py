"""C5: every state of a small centre is looked at; its model is held to the product by replaying walks."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tests.prove.routing import replay
from tests.prove.routing.ground import room
from tests.prove.routing.model import Rules
from tests.prove.routing.search import search
from tests.prove.routing.shapes import Agent, Centre, with_agent, with_caller
from tests.prove.verdict import Proof, Trial, Verdict

LARGE = ((2, 2, 1),)
"""Agents, callers at the same time, callers who come when one has gone: two agents and three calls."""
SMALL = ((1, 1, 1), (2, 1, 0), (1, 2, 0))
LARGE_FROM = 0.1
WALKS, STEPS = 1_000, 70
RULES: list[type[Rules]] = [Rules]
"""The rules in force; a planted fault puts its own on top."""


def prove(trial: Trial) -> Verdict:
    """Search, once, since that needs no database; then let the product take walks of the same rules."""
    verdict = Verdict(0)
    sizes = LARGE if trial.scale >= LARGE_FROM else SMALL
    if trial.database.startswith("postgresql"):
        sizes = ()
    steps = 0
    for agents, callers, more in sizes:
        found = search(RULES[-1](), agents, callers, more)
        verdict.trials += found.states
        steps += found.steps
        if found.harm:
            verdict.failed(f"{found.harm}: {found.trace}")
            return verdict
    verdict.measured = {"distinct states": verdict.trials, "steps": steps}
    verdict.measured["steps replayed"] = taken = _replay(trial, verdict)
    verdict.trials += taken
    return verdict


def _replay(trial: Trial, verdict: Verdict) -> int:
    """Take random walks of the model with the product's own verbs; return the steps that were taken."""
    taken = 0
    with room(trial.database, 2, menu=replay.MENU) as floor:
        for number in range(trial.of(WALKS, 4)):
            way = replay.walk(RULES[-1](), 2, 2, STEPS, random.Random(f"{trial.seed}-{number}"))
            differs = replay.replay(floor, way)
            taken += len(way)
            if differs:
                verdict.failed(differs)
            replay.sweep_out(floor)
    return taken


def planted(rules: type[Rules]) -> Callable[[], AbstractContextManager[None]]:
    """Return a fault: other rules for as long as it is planted."""

    @contextmanager
    def plant() -> Iterator[None]:
        RULES.append(rules)
        try:
            yield
        finally:
            RULES.pop()

    return plant


class BusyAgentsAreAsked(Rules):
    """The claim does not look whether the agent is free (a lost lock)."""

    def _is_free(self, agent: Agent) -> bool:
        return agent.state in ("available", "ringing")


class AskedBeforeTheCommit(Rules):
    """The carrier is asked first and SENDING is written afterwards: commit and POST swapped."""

    def is_posted(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Post from the intent, which stays."""
        if agent.attempt == "intent":
            agent = agent._replace(attempt="sending", posted=False)
            yield from (
                with_agent(after, a, attempt="intent") for after in super().is_posted(centre, a, agent)
            )


class UnknownIsTriedAgain(Rules):
    """An attempt whose answer was lost is simply made again."""

    def is_unknown(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Back to the intent."""
        if agent.attempt == "sending":
            yield with_agent(centre, a, attempt="intent", posted=False)


class UnknownMayBeRung(Rules):
    """An agent whose phone may be ringing is rung again."""

    def match(self, centre: Centre, a: int, c: int) -> Iterator[Centre]:
        """Take an unknown attempt for none."""
        if centre.agents[a].attempt == "unknown":
            centre = with_agent(centre, a, attempt="", posted=False)
        yield from super().match(centre, a, c)


class TheCallersEndIsIgnored(Rules):
    """The offer of a caller who has gone is not withdrawn (a missing re-check)."""

    def _caller_gone(self, centre: Centre, a: int, c: int, agent: Agent) -> Centre:
        if agent.offer == "ringing":
            return self._leaves(centre, c)
        return super()._caller_gone(centre, a, c, agent)


class TheLostAgentsCallerIsForgotten(Rules):
    """The caller of an agent who was lost does not go back into the line."""

    def _agent_gone(self, centre: Centre, a: int) -> Centre:
        agent = centre.agents[a]
        if agent.offer == "accepted" and not agent.met:
            return self._free(centre, a)
        return super()._agent_gone(centre, a)


class NobodyIsLedOut(Rules):
    """A caller who was called into a room whose agent has gone is left there."""

    def _agent_gone(self, centre: Centre, a: int) -> Centre:
        c = centre.agents[a].call
        return with_caller(super()._agent_gone(centre, a), c, requeue=centre.callers[c].requeue)


class OvertakenOrdersAreGiven(Rules):
    """A redirect is given though the caller has been led on since."""

    def _torn_away(self, centre: Centre, c: int) -> Centre:
        return centre._replace(harm="a caller is torn out of his talk")


class ListingsAreNotAsked(Rules):
    """What became of an unknown attempt is never found out."""

    def was_never_placed(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Never."""
        yield from ()


class NobodyComesBack(Rules):
    """Wrap-up and rest have no end."""

    def comes_back(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Never."""
        yield from ()


class TheMissedCallersWaitIsKept(Rules):
    """A missed offer is closed and its caller stays offered."""

    def _lose(self, centre: Centre, a: int, state: str) -> Centre:
        c = centre.agents[a].call
        return with_caller(super()._lose(centre, a, state), c, wait=centre.callers[c].wait)


class AnyLegTakesTheOffer(Rules):
    """Who presses the key gets the caller, whoever has him by now (a compare-and-set left out)."""

    def presses(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Take the first caller who is there."""
        if agent.phone == "up" and not agent.mine:
            for c, caller in enumerate(centre.callers):
                if caller.wait in ("offered", "won"):
                    agent = agent._replace(call=c, offer="accepted", state="talking", mine=True)
                    yield self._enters(with_agent(centre, a, **agent._asdict()), a)
                    return
        yield from super().presses(centre, a, agent)


FAULTS: Mapping[str, type[Rules]] = {
    "busy agents are asked": BusyAgentsAreAsked,
    "commit and POST swapped": AskedBeforeTheCommit,
    "unknown is tried again": UnknownIsTriedAgain,
    "unknown may be rung": UnknownMayBeRung,
    "the caller's end is ignored": TheCallersEndIsIgnored,
    "the lost agent's caller is forgotten": TheLostAgentsCallerIsForgotten,
    "nobody is led out": NobodyIsLedOut,
    "overtaken orders are given": OvertakenOrdersAreGiven,
    "listings are not asked": ListingsAreNotAsked,
    "nobody comes back": NobodyComesBack,
    "the missed caller's wait is kept": TheMissedCallersWaitIsKept,
    "any leg takes the offer": AnyLegTakesTheOffer,
}
PROOF = Proof(
    id="C5",
    promise="in no state of a small centre is anybody lost, doubled or stuck",
    prove=prove,
    mutants={name: planted(rules) for name, rules in FAULTS.items()},
    databases=("sqlite", "postgresql"),
    small=0.004,
)

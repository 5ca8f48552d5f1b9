"""C5: every state of a small centre, one after the other, and from each of them a way to quiet.

Two agents and three calls, of which two are there at the same time; the third comes when one of them is over.
States that differ only in which of two agents, or of two callers, is meant are one state.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import permutations

from tests.prove.routing.harms import harm, is_quiet
from tests.prove.routing.model import GIVING_UP, Rules
from tests.prove.routing.shapes import Caller, Centre, Step, start

GONE = Caller("left", "gone", "", "", True)


@dataclass
class Found:
    """What a search saw; `trace` leads to the first harm, or to a state from which nothing leads to quiet."""

    states: int = 0
    steps: int = 0
    quiet: int = 0
    harm: str = ""
    trace: list[Step] = field(default_factory=list)


def search(rules: Rules, agents: int, callers: int, more: int = 0, most: int = 10_000_000) -> Found:
    """Look at every state; stop at the first harm. `more` calls come when one of the callers has gone."""
    walk = _Walk(rules, most)
    walk.from_(start(agents, callers), more)
    if not walk.found.harm:
        walk.ask_for_quiet()
    return walk.found


class _Walk:
    """States are kept as small whole numbers: each distinct agent, caller and state is written down once."""

    def __init__(self, rules: Rules, most: int) -> None:
        self.found = Found()
        self._rules = rules
        self._most = most
        self._number: dict[object, int] = {}
        self._seen: dict[tuple[int, ...], int] = {}
        self._before: list[tuple[int, Step]] = []
        self._into: list[list[int]] = []
        self._quiet: list[int] = []
        self._things: list[object] = []

    def from_(self, first: Centre, more: int) -> None:
        """Go from this state to all that can come."""
        queue = deque([(self._keep(_same(first, more), -1, ("start", -1, -1)), _same(first, more))])
        while queue and not self.found.harm:
            number, (centre, left) = queue.popleft()
            for step, after in self._rules.steps(centre):
                self.found.steps += 1
                one = _same(after, left)
                known = self._seen.get(self._key(one))
                new = self._keep(one, number, step) if known is None else known
                if step[0] not in GIVING_UP:
                    self._into[new].append(number)
                if known is None:
                    queue.append((new, one))
                    self._look(one[0], new)

    def _look(self, centre: Centre, number: int) -> None:
        wrong = harm(centre)
        if wrong or self.found.states >= self._most:
            self.found.harm = wrong or f"there are more than {self._most} states"
            self.found.trace = self._way_to(number)
        if is_quiet(centre):
            self._quiet.append(number)
            self.found.quiet += 1

    def _keep(self, one: "tuple[Centre, int]", before: int, step: Step) -> int:
        self._seen[self._key(one)] = self.found.states
        self._before.append((before, step))
        self._into.append([])
        self.found.states += 1
        return self.found.states - 1

    def _key(self, one: "tuple[Centre, int]") -> tuple[int, ...]:
        centre, left = one
        parts = (*centre.agents, *centre.callers, centre.harm)
        return (*(self._number.setdefault(part, len(self._number)) for part in parts), left)

    def _way_to(self, number: int) -> list[Step]:
        way: list[Step] = []
        while self._before[number][0] >= 0:
            number, step = self._before[number]
            way.append(step)
        return way[::-1]

    def ask_for_quiet(self) -> None:
        """Go back from the quiet states: whoever is not reached could go on for ever, or nowhere."""
        reached, queue = set(self._quiet), deque(self._quiet)
        while queue:
            for before in self._into[queue.popleft()]:
                if before not in reached:
                    reached.add(before)
                    queue.append(before)
        lost = next((number for number in range(self.found.states) if number not in reached), None)
        if lost is not None:
            self.found.harm = "nothing leads to quiet unless somebody gives up"
            self.found.trace = self._way_to(lost)


def _same(centre: Centre, more: int) -> tuple[Centre, int]:
    """Return the one state that stands for all that differ in names only; whoever has gone makes room."""
    callers = list(centre.callers)
    for c, caller in enumerate(callers):
        if (
            caller.known
            and caller.wait in ("left", "joined")
            and all(c not in (a.call, a.doubt) for a in centre.agents)
        ):
            callers[c] = Caller() if more else GONE
            more -= 1 if more else 0
    centre = centre._replace(callers=tuple(callers))
    return min(_renamed(centre)), more


def _renamed(centre: Centre) -> Iterator[Centre]:
    """Yield the state under every order of its callers, its agents sorted."""
    for order in permutations(range(len(centre.callers))):
        new = {old: place for place, old in enumerate(order)}
        agents = sorted(
            a._replace(call=new.get(a.call, a.call), doubt=new.get(a.doubt, a.doubt)) for a in centre.agents
        )
        yield Centre(tuple(agents), tuple(centre.callers[old] for old in order), centre.harm)


Plant = Callable[[], Rules]

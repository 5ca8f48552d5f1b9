"""A machine that walks a flow: every hearing of a finite alphabet in every step that can be reached."""

import json
import marshal
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from ivr.asks import (
    AcceptOffer,
    AgentLost,
    BookCallback,
    CallbackBooked,
    CallbackCancelled,
    CallbackGone,
    CancelCallback,
    DeclineOffer,
    FindAgent,
    FindTicket,
    HowLong,
    KeepCallback,
    KeepMessage,
    LeaveQueue,
    Left,
    MessageKept,
    MoveCallback,
    NobodyThere,
    NumberRead,
    NumberRefused,
    OfferGone,
    OfferWon,
    OpenTicket,
    ProposeTimes,
    Queued,
    ReachCustomer,
    ReadNumber,
    RoomReady,
    TakeTicket,
    TicketFound,
    TicketOpened,
    TicketUnknown,
    Times,
)
from ivr.flow import advance
from ivr.hearing import (
    Answered,
    Heard,
    HungUp,
    Pressed,
    QueueLeft,
    Recorded,
    Silence,
    Spoke,
    Summoned,
    TalkEnded,
)
from ivr.turns import Connect, Enqueue, Music, Say, Step, Turn
from tests.ivr.legs import SATURDAY_NOON, flat

HEARINGS: tuple[Heard, ...] = (
    *(Pressed(key) for key in ("0", "1", "2", "3", "4", "5", "8", "*", "", "9" * 200)),
    Spoke("转人工", 0.9),
    Spoke("喂", 0.2),
    Silence(),
    *(QueueLeft(why) for why in ("leave", "redirected", "queue-full")),
    Summoned(1, "room-1"),
    Summoned(1, ""),
    TalkEnded("answered"),
    TalkEnded("failed"),
    TalkEnded("not_joined"),
    Recorded(12),
    HungUp(),
)
KEY_OF_VERSION_2 = Pressed("9")
TIMES = Times(
    SATURDAY_NOON,
    SATURDAY_NOON + timedelta(hours=1),
    (SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON + timedelta(hours=22)),
)
ANSWERS: Mapping[type, tuple[Any, ...]] = {
    OpenTicket: (TicketOpened("261121001"),),
    TakeTicket: (TicketOpened("261120003"), TicketOpened("261121001")),
    FindAgent: (Queued(1, None, None, False), NobodyThere()),
    HowLong: (
        Queued(1, None, None, False),
        Queued(1, 0, 1, False),
        Queued(2, 3, 5, True),
        Queued(3, None, None, True),
        Queued(4, 6, 9, True, "fewer_agents"),
        NobodyThere(),
    ),
    LeaveQueue: (Left(won=False), Left(won=True)),
    ReadNumber: (
        NumberRead("+8613800138000", "138 0013 8000"),
        NumberRefused("unreadable"),
        NumberRefused("not_allowed"),
        NumberRead("+8613800138000", "138 0013 8000", TIMES),
        NumberRead("+8613800138000", "138 0013 8000", replace(TIMES, others=TIMES.others[:1], abroad=True)),
    ),
    BookCallback: (
        CallbackBooked("138 0013 8000", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON),
        NumberRefused("not_allowed"),
        CallbackBooked(
            "138 0013 8000", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON, chosen=True, abroad=True
        ),
    ),
    KeepCallback: (
        CallbackBooked("138 0013 8000", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON),
        CallbackGone(),
    ),
    ProposeTimes: (TIMES, CallbackGone()),
    MoveCallback: (
        CallbackBooked("138 0013 8000", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON, chosen=True),
        CallbackGone(),
    ),
    CancelCallback: (CallbackCancelled(), CallbackGone()),
    FindTicket: (
        *(TicketFound("261121001", state) for state in ("new", "open", "solved", "closed", "elsewhere")),
        TicketFound("261121001", "open", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON),
        TicketFound("261121001", "new", SATURDAY_NOON - timedelta(hours=3), SATURDAY_NOON),
        TicketUnknown(),
        TicketUnknown(shared=True),
    ),
    KeepMessage: (
        MessageKept("261121002"),
        MessageKept("261121002", SATURDAY_NOON + timedelta(hours=3), SATURDAY_NOON),
    ),
    AcceptOffer: (OfferWon("room-1"), OfferWon("room-1", rings_customer=True), OfferGone()),
    DeclineOffer: (OfferGone(),),
    ReachCustomer: (RoomReady("room-1"), AgentLost(), Queued(2, 3, 5, False), NobodyThere()),
}


def known_to_version_1(answers: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave out what the centre could not answer yet when calls were led by the first version."""
    return tuple(it for it in answers if not (getattr(it, "times", None) or getattr(it, "chosen", False)))


ANSWERS_1 = {ask: known_to_version_1(answers) for ask, answers in ANSWERS.items()}


def key(step: Step) -> str:
    """A step as text: equal texts are equal steps of one walk. The line's facts never change on the way."""
    facts = {name: fact for name, fact in step.memory.items() if name not in ("line", "hours")}
    return _text(step.flow, step.name, marshal.dumps(facts, 2))


@cache
def _text(flow: str, name: str, facts: bytes) -> str:
    """Millions of steps are met, of which some ten thousands differ: each is written out once."""
    return f"{flow} {name} {json.dumps(marshal.loads(facts), sort_keys=True)}"


@dataclass(frozen=True)
class Way:
    """One way from a step: what was heard, where it leads, the document on the way (its turn)."""

    heard: Heard
    to: str
    turn: Turn

    @property
    def sounds(self) -> bool:
        """Whether it holds the caller with music, the queue or a room: such a way may be gone for ever."""
        return any(isinstance(verb, (Music, Enqueue, Connect)) for verb in flat(self.turn))

    @property
    def from_outside(self) -> bool:
        """Whether it is none of the caller's: our summons, or bookkeeping without a document."""
        ours = isinstance(self.heard, Summoned) or self.heard == TalkEnded("not_joined")
        return ours or (self.turn.ask is None and not self.turn.does)


@dataclass
class Graph:
    """Every step met by its key, the ways that the caller alone can go, and every document once."""

    steps: dict[str, Step] = field(default_factory=dict)
    ways: dict[str, set[str]] = field(default_factory=dict)
    documents: dict[Any, tuple[Step | None, Heard, Turn]] = field(default_factory=dict)

    def prompts(self) -> set[str]:
        """The id of every prompt that can be heard."""
        turns = (turn for _, _, turn in self.documents.values())
        return {verb.prompt for turn in turns for verb in flat(turn) if isinstance(verb, Say)}

    def note(self, step: Step | None, heard: Heard, turn: Turn) -> None:
        """Keep one of all documents that say and do the same after the same."""
        if turn.ask is None:
            words = tuple(
                (type(v).__name__, getattr(v, "prompt", ""), getattr(v, "language", "")) for v in flat(turn)
            )
            sign = (step.name if step else None, type(heard).__name__, turn.step.name, words)
            self.documents.setdefault(sign, (step, heard, turn))


def explore(start: Heard, answers: Mapping[type, tuple[Any, ...]] = ANSWERS) -> Graph:
    """Walk breadth first from one beginning until nothing new is met; any exception is the test's."""
    graph = Graph()
    first = advance(None, start)
    graph.note(None, start, first)
    ahead = deque([(key(first.step), first)])
    graph.steps[ahead[0][0]] = first.step
    while ahead:
        here, turn = ahead.popleft()
        ways = [_way(graph, turn.step, heard) for heard in hearings(turn, answers)]
        graph.ways[here] = {way.to for way in ways if not (way.sounds or way.from_outside)}
        for way in ways:
            if way.to not in graph.steps:
                graph.steps[way.to] = way.turn.step
                ahead.append((way.to, way.turn))
    return graph


def _way(graph: Graph, step: Step, heard: Heard) -> Way:
    turn = advance(step, heard)
    graph.note(step, heard, turn)
    return Way(heard, key(turn.step), turn)


def hearings(turn: Turn, answers: Mapping[type, tuple[Any, ...]] = ANSWERS) -> tuple[Heard, ...]:
    """What can be heard after a turn: the answers to what it asks, else anything."""
    if turn.ask is None:
        return (*HEARINGS, KEY_OF_VERSION_2) if turn.step.memory.get("changes") else HEARINGS
    return tuple(Answered(answer) for answer in answers[type(turn.ask)])


def cycle(ways: Mapping[str, set[str]]) -> list[str]:
    """Return the steps of one circle in a graph, or none: depth first, without recursion."""
    done: set[str] = set()
    for start in ways:
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            stack, path, on_path = [(start, iter(ways[start]))], [start], {start}
        while stack:
            here, following = stack[-1]
            there = next(following, None)
            if there is None:
                stack.pop()
                done.add(path.pop())
                on_path.discard(here)
            elif there in on_path:
                return [*path[path.index(there) :], there]
            elif there not in done:
                stack.append((there, iter(ways[there])))
                path.append(there)
                on_path.add(there)
    return []

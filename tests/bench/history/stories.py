"""Calls that really happened: played through the product by simulated telephones, their rows read back.

A story is everything that one caller brought about: one call, or a call and the callback that followed. It
is played alone in the centre, with two agents who can do everything, so that every row belongs to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids, migrate
from callcenter.calls.models import Call
from callcenter.customers.actions import remember_caller
from callcenter.db import Database
from callcenter.lines.models import Line
from callcenter.organisation.models import Branch, Skill
from callcenter.routing.models import AgentState
from callcenter.simulator import answers, busy, rings_out
from callcenter.simulator.behaviours import Behaviour
from callcenter.simulator.handset import Handset
from callcenter.staff.models import Agent, AgentSkill
from callcenter.tables import metadata
from callcenter.tickets.actions import close_ticket, open_ticket
from callcenter.tickets.models import Ticket
from tests.bench.rig import Rig, rig
from tests.xinghe import CHENGDU, GUANGZHOU, HOTLINE

CALLER = "+8613826407951"
AGENTS = ("bench-first", "bench-second")
ADDRESSES = ("+8619926400881", "+8619926400882")
OPEN_AT = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)  # A Monday, 10:00 in China.
CLOSED_AT = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)  # The Sunday before: offices are closed.
TABLES = (
    "customers", "customer_numbers", "calls", "legs", "call_events", "call_words", "waits", "offers",
    "attempts", "carrier_orders", "recordings", "tickets", "ticket_words", "ticket_events", "callbacks",
    "promises", "ring_measures", "agent_state_changes",
)  # fmt: skip
TICKET_LASTS = (timedelta(minutes=40), timedelta(hours=2), timedelta(hours=5), timedelta(days=1, hours=3))
TALKS = "talks"
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Plan:
    """How a story goes: keys pressed, how the agents take it, how long the caller stays in all.

    `wait` is how long nobody is free; `share` its part of all stories of its line and time of day.
    """

    line: str
    keys: tuple[str, ...]
    share: float
    first: tuple[Behaviour, ...] = ()
    second: tuple[Behaviour, ...] = ()
    wait: float = 0.0
    stays: float | str = TALKS
    talk: float = 20.0
    closed: bool = False
    asks_state: bool = False
    then: float = 0.0


@dataclass(frozen=True)
class Recorded:
    """Stories, and what the lines and skills in them are called: `line:+862155550100`, `skill:general`."""

    stories: Sequence["Story"]
    names: Mapping[UUID, str]


@dataclass(frozen=True)
class Story:
    """What one plan left in the tables; `agents` are the ids of the two who played it."""

    plan: Plan
    base: datetime
    rows: Rows
    agents: tuple[UUID, UUID]


def _pick_up(rings: int) -> tuple[Behaviour, ...]:
    return (answers(rings=rings, presses="1"),)


def _answered(line: str, keys: tuple[str, ...], share: float) -> Iterator[Plan]:
    """One choice, picked up at the first ring or the second, or by somebody who was not free at once."""
    for rings, part in ((1, 0.4), (2, 0.45)):
        yield Plan(line, keys, share * part, first=_pick_up(rings))
    yield Plan(line, keys, share * 0.15, first=_pick_up(2), wait=15.0)


def _with_trouble(line: str, keys: tuple[str, ...], share: float) -> Iterator[Plan]:
    """Picked up late, after a long wait, or by the second who was asked."""
    yield Plan(line, keys, share * 0.3, first=_pick_up(4))
    yield Plan(line, keys, share * 0.3, first=_pick_up(1), wait=50.0)
    yield Plan(line, keys, share * 0.3, first=(rings_out(),), second=_pick_up(1))
    yield Plan(line, keys, share * 0.1, first=(busy(),), second=_pick_up(2))


def _gave_up(line: str, keys: tuple[str, ...], share: float) -> Iterator[Plan]:
    """Nobody is free for longer than the caller has patience; or he changes his mind at once."""
    for stays, part in ((5.0, 0.15), (14.0, 0.35), (45.0, 0.5)):
        yield Plan(line, keys, share * part, first=_pick_up(1), wait=400.0, stays=stays)


def _line(line: str, first: str, second: str, *, english: bool) -> Iterator[Plan]:
    yield from _answered(line, (first,), 0.4)
    yield from _with_trouble(line, (first,), 0.1)
    yield from _answered(line, (second,), 0.16)
    yield from _answered(line, ("0",), 0.1)
    if english:
        yield from _answered(line, ("8", first), 0.06)
    yield from _gave_up(line, (first,), 0.08)
    yield Plan(line, (), 0.02, stays=4.0)
    yield Plan(line, ("9",), 0.03, stays=9.0)
    yield Plan(line, ("5", "1"), 0.05, first=_pick_up(2), then=110.0, stays=40.0)


def _office(line: str) -> Iterator[Plan]:
    """Outside the hours: told when to phone again, or a message."""
    yield Plan(line, (), 0.7, stays=15.0, closed=True)
    yield Plan(line, ("2",), 0.3, stays=45.0, closed=True)


def plans() -> list[Plan]:
    """Return all of them."""
    return [
        *_line(HOTLINE, "1", "3", english=True),
        *_line(GUANGZHOU, "1", "3", english=False),
        *_line(CHENGDU, "1", "2", english=False),
        Plan(HOTLINE, ("4",), 0.04, stays=35.0, asks_state=True),
        Plan(CHENGDU, ("4",), 0.04, stays=35.0, asks_state=True),
        *_office(GUANGZHOU),
        *_office(CHENGDU),
    ]


def few() -> list[Plan]:
    """Return one plan of a kind, for whoever has only seconds."""
    return [
        Plan(HOTLINE, ("1",), 0.7, first=_pick_up(2)),
        Plan(HOTLINE, ("1",), 0.1, first=(rings_out(),), second=_pick_up(1)),
        Plan(HOTLINE, ("1",), 0.1, first=_pick_up(1), wait=400.0, stays=12.0),
        Plan(HOTLINE, ("5", "1"), 0.1, first=_pick_up(1), then=60.0, stays=60.0),
        Plan(GUANGZHOU, (), 1.0, stays=15.0, closed=True),
        Plan(GUANGZHOU, ("3",), 1.0, first=_pick_up(1)),
    ]


def record(folder: Path, wanted: Sequence[Plan]) -> Recorded:
    """Play every plan in a database of its own below a folder; return what became of each."""
    url = f"sqlite:///{folder / 'stories.sqlite'}"
    migrate.upgrade(url)
    database = Database(url)
    told: list[Story] = []
    # Each line has its own morning: an office would be closed before the last of all stories.
    for line, closed in sorted({(plan.line, plan.closed) for plan in wanted}):
        with rig(database, CLOSED_AT if closed else OPEN_AT) as centre:
            stage = _Stage(centre, _two_agents(centre))
            told += [stage.play(plan) for plan in wanted if (plan.line, plan.closed) == (line, closed)]
    with database.reading() as session:
        names = named(session)
    database.dispose()
    return Recorded(told, names)


def named(session: Session) -> dict[UUID, str]:
    """Return the lines and skills of a centre by id, each by a name that is the same in every centre."""
    lines = {row.id: f"line:{row.number}" for row in session.execute(sa.select(Line.id, Line.number))}
    return lines | {row.id: f"skill:{row.key}" for row in session.execute(sa.select(Skill.id, Skill.key))}


def _two_agents(centre: Rig) -> tuple[UUID, UUID]:
    """Return the two who can do everything, added where they are not there yet."""
    with centre.work.transaction() as session:
        known = session.scalars(sa.select(Agent).where(Agent.key.in_(AGENTS)).order_by(Agent.key)).all()
        if not known:
            known = add_agents(session, list(zip(AGENTS, ADDRESSES, strict=True)), centre.work.at())
        first, second = known
        first.active = second.active = (
            True  # The centre's file, applied again, retires whom it does not name.
        )
        return first.id, second.id


def add_agents(session: Session, named: Sequence[tuple[str, str]], at: datetime) -> list[Agent]:
    """Add agents (key, address) with every skill and both languages, offline; in the order given."""
    branch = session.scalars(sa.select(Branch.id).where(Branch.head_office)).one()
    skills = session.scalars(sa.select(Skill.id)).all()
    made = [
        Agent(id=ids.new(), key=key, name=key, branch_id=branch, languages=["zh-CN", "en-US"],
              address=address, address_raw=address, active=True)
        for key, address in named
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    for agent in made:
        session.add(AgentState(agent_id=agent.id, state="offline", since=at, version=1))
        session.add_all(AgentSkill(agent_id=agent.id, skill_id=skill, level=1) for skill in skills)
    return made


@dataclass
class _Stage:
    """The centre with its two agents, a story after the other."""

    centre: Rig
    agents: tuple[UUID, UUID]
    _number: int = field(default=0)

    def play(self, plan: Plan) -> Story:
        """Play one plan; raise RuntimeError when anything of it has not come to an end."""
        self._clear()
        self._number += 1
        if plan.asks_state:
            self._has_a_ticket(plan)
        self._take_places(plan)
        before = {
            name: {tuple(row[key] for key in _keys(name)) for row in self._read(name)} for name in TABLES
        }
        self._talk(plan, self.centre.net.phone(CALLER).dials(plan.line, presses=plan.keys))
        self.centre.net.run_for(plan.then + 40)
        self._close_tickets()
        rows = {
            name: [
                row for row in self._read(name) if tuple(row[key] for key in _keys(name)) not in before[name]
            ]
            for name in TABLES
        }
        return Story(plan, min(row["started_at"] for row in rows["calls"]), rows, self.agents)

    def _talk(self, plan: Plan, caller: Handset) -> None:
        """Let the caller stay as planned, and the called customer talk as long."""
        self.centre.net.phone(CALLER).will(answers(rings=2, presses="1", talks_for=plan.talk))
        if plan.stays == TALKS:
            caller.talks_with(None, within=plan.wait + 120)
            caller.waits(plan.talk)
        else:
            caller.waits(float(plan.stays))
        if not caller.ended:
            caller.hangs_up()

    def _take_places(self, plan: Plan) -> None:
        """The first agent is free, or will be after the wait; the second is there if the plan needs him."""
        at, net = self.centre.work.at(), self.centre.net
        for address, taking in zip(ADDRESSES, (plan.first, plan.second), strict=True):
            net.phone(address).will(*(taking or (rings_out(),)))
        # The caller reaches the line a moment after he dialled.
        until = at + timedelta(seconds=plan.wait + 3) if plan.wait else None
        first: dict[str, Any] = {"state": "wrap_up" if until else "available", "until": until}
        first["free_since"] = None if until else at - timedelta(minutes=5)
        second: dict[str, Any] = {"state": "available" if plan.second else "offline", "until": None}
        second["free_since"] = at - timedelta(minutes=2) if plan.second else None
        if not plan.first:
            first |= {"state": "offline", "free_since": None}
        with self.centre.work.transaction() as session:
            for agent, values in zip(self.agents, (first, second), strict=True):
                given = {"since": at, "after": None, "reason": None, **values}
                session.execute(sa.update(AgentState).where(AgentState.agent_id == agent).values(**given))

    def _has_a_ticket(self, plan: Plan) -> None:
        """The caller has phoned before; what he asks about is not part of the story."""
        with self.centre.work.transaction() as session:
            at = self.centre.work.at()
            customer = remember_caller(session, CALLER, CALLER, "zh-CN", at)
            open_ticket(session, kind="general", channel="phone", line_id=None, call_id=None,
                        customer_id=customer, language="zh-CN", at=at, actor="ivr")  # fmt: skip

    def _close_tickets(self) -> None:
        """Somebody does what was asked for, sooner or later."""
        lasts = TICKET_LASTS[self._number % len(TICKET_LASTS)]
        with self.centre.work.transaction() as session:
            for ticket in session.scalars(sa.select(Ticket).where(Ticket.call_id.is_not(None))).all():
                close_ticket(
                    session, ticket.number, ticket.created_at + lasts, "agent:bench", solution="done"
                )

    def _read(self, name: str) -> Sequence[Mapping[str, Any]]:
        table = metadata.tables[name]
        with self.centre.work.db.engine.connect() as connection:
            return [
                dict(row) for row in connection.execute(table.select().order_by(*_order(table))).mappings()
            ]

    def _clear(self) -> None:
        with self.centre.work.transaction() as session:
            for name in ("ticket_counters", *reversed(TABLES)):
                session.execute(metadata.tables[name].delete())
            left = session.scalars(sa.select(Call.id)).all()
        if left or self.centre.net.live_calls():
            raise RuntimeError("a story has not come to its end")
        # The carrier forgets with us: whoever looks back would find the calls of the story before.
        self.centre.net.world.calls.clear()
        self.centre.net.world.recordings.clear()


def _keys(name: str) -> list[str]:
    return [column.name for column in metadata.tables[name].primary_key]


def _order(table: sa.Table) -> list[sa.Column[Any]]:
    return list(table.primary_key)

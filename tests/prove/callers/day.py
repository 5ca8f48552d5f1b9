"""A stretch of a working day with random callers through the whole centre, and a carrier with faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

import sqlalchemy as sa

from callcenter.db import Database
from callcenter.simulator import Network
from callcenter.simulator.faults import Effect, Fault, Kind
from tests import xinghe
from tests.journeys.conftest import MONDAY_MORNING, Hotline, opened
from tests.prove.callers.people import a_customer, an_agent, call_anyhow

NO_LINE = "+862155559999"
NUMBERS = (xinghe.HOTLINE,) * 5 + (xinghe.GUANGZHOU, xinghe.CHENGDU, NO_LINE)
AGENTS = ("zhang-wei", "li-na", "wang-fang", "emily-chen", "chen-jie", "liu-yang")
LUNCH = timedelta(hours=2, minutes=10)
SECONDS_EACH = 5
PATIENCE_SECONDS = 3600
SETTLING_MINUTES = 10
NOTHING_LEFT = {
    "waits": "state IN ('waiting', 'offered', 'won') AND subject_kind = 'call'",
    "offers": "state IN ('ringing', 'accepted', 'joined')",
    "agent_states": "state IN ('ringing', 'talking', 'wrap_up')",
    "attempts": "state IN ('intent', 'sending', 'live', 'unknown')",
    "carrier_orders": "state IN ('pending', 'given')",
    "legs": "ended_at IS NULL",
    "calls": "outcome = 'open' OR ended_at IS NULL",
}
FAULTS: tuple[tuple[Effect, Kind, float], ...] = (
    ("duplicate", "voice", 0.05), ("delay", "voice", 0.05), ("duplicate", "status", 0.1),
    ("reorder", "status", 0.1), ("drop", "status", 0.05), ("delay", "status", 0.05),
    ("duplicate", "conference", 0.1), ("drop", "conference", 0.05), ("delay", "conference", 0.1),
    ("duplicate", "recording", 0.1), ("429", "rest", 0.02), ("500-after-accept", "rest", 0.01),
    ("timeout", "rest", 0.01), ("reset", "rest", 0.01),
)  # fmt: skip


@dataclass(frozen=True)
class Lived:
    """What is left when everybody has gone: the carrier's books, the database, and who meant to stay."""

    net: Network
    engine: sa.Engine
    stayed: dict[str, bool]


@contextmanager
def lived_through(database: Database, seed: int, callers: int) -> Iterator[Lived]:
    """Let so many people call, and wait until the last call is over and the centre has gone home."""
    chance = Random(seed)
    at = MONDAY_MORNING + (LUNCH if seed % 3 == 0 else timedelta())
    with opened(database, seed=seed, at=at) as hotline:
        _prepare(hotline, chance)
        net, stayed = hotline.net, dict[str, bool]()
        for n in range(callers):
            net.at(chance.uniform(0, SECONDS_EACH * callers), partial(_dial, hotline, chance, n, stayed))
        net.run_until(lambda: len(stayed) == callers and not net.live_calls(), PATIENCE_SECONDS)
        _go_home(hotline)
        yield Lived(net, database.engine, stayed)


def _prepare(hotline: Hotline, chance: Random) -> None:
    hotline.open_at(NO_LINE)
    for key in AGENTS:
        hotline.agent(key).will(*an_agent(chance))
    for effect, kind, probability in FAULTS:
        hotline.net.faults.add(Fault(effect, kind, probability, delay=(0.2, 1.5)))


def _dial(hotline: Hotline, chance: Random, n: int, stayed: dict[str, bool]) -> None:
    """Call from a number of one's own, or one that others call from too, or none."""
    own, shared = f"+8613800{n:06}", f"+862155{chance.randint(0, 9):06}"
    telephone = hotline.net.phone(chance.choice((own, own, shared, "anonymous")))
    telephone.phone.lines = 9
    telephone.will(*a_customer(chance))
    world = hotline.net.world
    call = telephone.dials(chance.choice(NUMBERS)).call
    stayed[call.sid] = chance.random() < 0.6
    with world.kernel.lock:
        world.kernel.spawn(call_anyhow(world, call, Random(chance.random()), stayed[call.sid]))


def _go_home(hotline: Hotline) -> None:
    """The carrier mends, the agents leave, and what is promised for later stays promised."""
    hotline.net.faults.clear()
    hotline.net.run_until(lambda: not hotline.net.live_calls(), 900)
    for key in AGENTS:
        xinghe.log_out(hotline.work, key)
    for _ in range(SETTLING_MINUTES * 2):
        hotline.net.run_for(30)
        if not any(rows_left(hotline.work.db.engine).values()) and not _untold(hotline):
            return


def _untold(hotline: Hotline) -> set[str]:
    """Return the calls of which nothing has reached us: those are found at the carrier, a while later."""
    with hotline.work.db.engine.connect() as connection:
        known = set(connection.scalars(sa.text("SELECT sid FROM legs")))
    return hotline.net.world.calls.keys() - known


def rows_left(engine: sa.Engine) -> dict[str, int]:
    """Return how many rows of each table still wait for something."""
    with engine.connect() as connection:
        return {
            table: connection.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {where}")) or 0
            for table, where in NOTHING_LEFT.items()
        }

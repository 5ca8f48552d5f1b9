"""Rows: the arrival and the menu-choice webhook beside a static answer and a straightforward version.

All servers are up all the time and are loaded one after the other, in short slices; a round has one slice of
each, every other round in the opposite order. The calls of an arrival slice are the ones that choose in the
choice slice that follows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import sqlalchemy as sa

from callcenter.bell import connect
from callcenter.calls.models import Call
from callcenter.jobs import Work
from callcenter.routing.models import Wait
from callcenter.tickets.models import Ticket, TicketCounter
from tests.bench import processes, webhooks
from tests.bench.figures import Slice
from tests.bench.ground import Ground
from tests.bench.load import Carrier, Order, Tally
from tests.bench.processes import Server

CONNECTIONS = 16
MARGIN = 1.6
"""How many times the last rate a slice is prepared for."""


@dataclass
class Contestant:
    """The product or the straightforward version: its server, its database, its calls so far."""

    name: str
    server: Server
    work: Work
    arrivals: list[Slice] = field(default_factory=list)
    choices: list[Slice] = field(default_factory=list)
    arrived: int = 0
    chosen: int = 0
    wrong: int = 0
    rate: float = 500.0


@dataclass
class Arena:
    """Everybody who is measured, and the carrier who posts."""

    ground: Ground
    carrier: Carrier
    floor: Server
    product: Contestant
    naive: Contestant
    seed: int
    static: list[Slice] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def callers(self, how_many: int) -> list[tuple[int, str]]:
        """Return new calls: their numbers and who phones."""
        numbers = [next(self._numbers) for _ in range(how_many)]
        return list(webhooks.callers(self.seed + numbers[0], numbers).items())

    def warm_up(self, seconds: float) -> None:
        """Let connections be opened and statements be prepared; nothing of it counts."""
        self.load_static(seconds)
        for who in (self.product, self.naive):
            self.load(who, seconds)
            who.rate = who.arrivals[-1].rate
            who.arrivals.clear()
            who.choices.clear()
        self.static.clear()

    def play_round(self, number: int, static_seconds: float, seconds: float) -> None:
        """Load everybody for one slice each."""
        turns: list[Callable[[], None]] = [
            lambda: self.load_static(static_seconds),
            lambda: self.load(self.product, seconds),
            lambda: self.load(self.naive, seconds),
        ]
        for turn in turns if number % 2 else reversed(turns):
            turn()

    def load_static(self, seconds: float) -> None:
        """Load the floor."""
        request = webhooks.arrived(*self.callers(1)[0])
        order = Order(self.floor.port, [request], webhooks.ARRIVAL_SAYS, seconds, CONNECTIONS, again=True)
        slice, tally = self._slice(self.floor, order)
        if tally.wrong:
            raise RuntimeError(f"the floor itself answered wrongly: {tally.sample!r}")
        self.static.append(slice)

    def load(self, who: Contestant, seconds: float) -> None:
        """Let as many calls arrive as can, then let them choose; then everybody hangs up."""
        calls = self.callers(int(who.rate * seconds * MARGIN) + CONNECTIONS)
        requests = [webhooks.arrived(*call) for call in calls]
        order = Order(who.server.port, requests, webhooks.ARRIVAL_SAYS, seconds, CONNECTIONS)
        slice, tally = self._slice(who.server, order)
        who.arrivals.append(slice)
        who.wrong += tally.wrong
        who.arrived += slice.served
        requests = [webhooks.chose(*calls[position]) for position in sorted(tally.served)]
        order = Order(who.server.port, requests, webhooks.CHOICE_SAYS, seconds, CONNECTIONS)
        slice, tally = self._slice(who.server, order)
        who.choices.append(slice)
        who.wrong += tally.wrong
        who.chosen += slice.served
        self.hang_up(who)

    def hang_up(self, who: Contestant) -> None:
        """Empty the line and the doorbell: a queue that only grows is no call centre."""
        with who.work.transaction() as session:
            gone = {"state": "left", "exit": "hung_up", "ended_at": who.work.at()}
            session.execute(sa.update(Wait).where(Wait.state == "waiting").values(**gone))
        connect(self.ground.redis_url).flushall()

    def _slice(self, server: Server, order: Order) -> tuple[Slice, Tally]:
        cpu, database = server.cpu_seconds, self.ground.database_cpu_seconds()
        tally = self.carrier.closed(order)
        if not tally.answered:
            raise RuntimeError(f"nothing was answered rightly: {tally.sample!r}")
        cpu, database = server.cpu_seconds - cpu, self.ground.database_cpu_seconds() - database
        return Slice(tally.answered, tally.seconds, len(tally.served), cpu, database), tally

    def ring_openly(self, seconds: float, rate: float, seed: int) -> list[float]:
        """Let calls arrive at the product at a rate of their own; return the latencies in seconds."""
        requests = [webhooks.arrived(*call) for call in self.callers(max(int(rate * seconds), 2))]
        order = Order(
            self.product.server.port, requests, webhooks.ARRIVAL_SAYS, seconds, connections=4 * CONNECTIONS
        )
        tally = self.carrier.open(order, seed)
        self.product.arrived += len(tally.served)
        self.product.wrong += tally.wrong
        return tally.latencies


def lost(who: Contestant) -> list[str]:
    """Return what is wrong in the records: calls or tickets that were answered and are not there, gaps.

    Of an answer that was wrong the rows may or may not be there.
    """
    with who.work.db.reading() as session:

        def total(what: Any) -> int:
            return int(session.execute(sa.select(what)).scalar_one() or 0)

        calls, tickets = total(sa.func.count(Call.id)), total(sa.func.count(Ticket.id))
        numbers = total(sa.func.sum(TicketCounter.last))
    said: Sequence[tuple[str, int, int, int]] = (
        ("calls", calls, who.arrived, who.wrong),
        ("tickets", tickets, who.chosen, who.wrong),
        ("ticket numbers", numbers, tickets, 0),
    )
    return [
        f"{who.name}: {there} {what}, not {expected}"
        for what, there, expected, more in said
        if not expected <= there <= expected + more
    ]


@contextmanager
def arena(ground: Ground, seed: int) -> Iterator[Arena]:
    """Yield everybody, started."""
    with ExitStack() as stack:
        carrier = stack.enter_context(Carrier())
        floor = stack.enter_context(processes.static(ground))
        product = _contestant(stack, ground, "product", processes.product)
        naive = _contestant(stack, ground, "naive", processes.naive)
        yield Arena(ground, carrier, floor, product, naive, seed)


def _contestant(stack: ExitStack, ground: Ground, name: str, serve: Any) -> Contestant:
    url = ground.with_centre(name)
    work = stack.enter_context(ground.work(url))
    return Contestant(name, stack.enter_context(serve(ground, url)), work)

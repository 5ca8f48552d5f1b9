"""The carrier's side of a measurement: keeps connections open and posts what was prepared.

It runs in a process of its own that imports little, so that it takes nothing from the interpreter of a
server. An answer counts when its status is 200 and it says what it should: an apology is no answer.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from random import Random
from typing import Any

HOST = "127.0.0.1"
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Order:
    """What to post where: `says` must be in every answer."""

    port: int
    requests: Sequence[bytes]
    says: bytes
    seconds: float
    connections: int = 16
    again: bool = False


@dataclass
class Tally:
    """What came of it. `answered` counts the right answers within `seconds`.

    `served` are the positions of the requests that were answered rightly at all; `latencies` are seconds.
    """

    seconds: float = 0.0
    answered: int = 0
    wrong: int = 0
    sample: bytes = b""
    served: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its whole answer, and back to whoever asked."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._said = b""
        self.position = -1
        self.since = 0.0
        self.busy = False

    def connection_made(self, transport: Any) -> None:
        """Keep the way out."""
        self._transport = transport

    def post(self, position: int, request: bytes, since: float) -> None:
        """Send a request; latency counts from `since`."""
        self.position, self.since, self._said, self.busy = position, since, b"", True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self._said += data
        if is_whole(self._said):
            self.busy = False
            self._run.heard(self, self._said)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever runs this."""
        self._run.lost(self, exc)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def is_whole(said: bytes) -> bool:
    """Say whether an HTTP answer with a Content-Length (or none, as a 204) has arrived."""
    head, end, body = said.partition(b"\r\n\r\n")
    if not end:
        return False
    start = head.lower().find(b"content-length:")
    return start < 0 or len(body) >= int(head[start + 15 :].split(b"\r\n", 1)[0])


class Run(ABC):
    """One measurement: connections, a tally, a way to know when it is over."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.tally = Tally()
        self.idle: deque[Connection] = deque()
        self.all: list[Connection] = []
        self.under_way = 0
        self.begun = 0.0
        self.over = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Open every connection before the first request."""
        loop = asyncio.get_running_loop()
        for _ in range(self.order.connections):
            _, connection = await loop.create_connection(lambda: Connection(self), HOST, self.order.port)
            self.all.append(connection)
        self.idle.extend(self.all)

    def heard(self, connection: Connection, said: bytes) -> None:
        """Note an answer and go on."""
        now = time.perf_counter()
        self.under_way -= 1
        if said.startswith(b"HTTP/1.1 200") and self.order.says in said:
            self._note(connection, now)
        else:
            self.tally.wrong += 1
            self.tally.sample = self.tally.sample or said[:400]
        self.next(connection, now)

    def _note(self, connection: Connection, now: float) -> None:
        self.tally.served.append(connection.position)
        if now - self.begun <= self.order.seconds:
            self.tally.answered += 1
        self.tally.seconds = min(now - self.begun, self.order.seconds)
        self.tally.latencies.append(now - connection.since)

    @abstractmethod
    def next(self, connection: Connection, now: float) -> None:
        """Decide what a connection does after its answer."""

    def lost(self, connection: Connection, exc: Exception | None) -> None:
        """A connection has gone: one that rested too long for the server, or one that was to be answered."""
        if connection.busy and not self.over.done():
            self.over.set_exception(ConnectionError(f"the server hung up: {exc}"))
        elif connection in self.idle:
            self.idle.remove(connection)

    def end(self) -> None:
        """Say that everything has been answered."""
        if not self.over.done():
            self.over.set_result(None)

    def close(self) -> None:
        """Close what was opened."""
        for connection in self.all:
            connection.close()


class Closed(Run):
    """Every connection posts again as soon as it is answered."""

    async def run(self) -> Tally:
        """Post for the order's seconds, or until nothing is left; wait for what is under way."""
        positions = range(len(self.order.requests))
        self._left = iter(cycle(positions) if self.order.again else positions)
        self.begun = time.perf_counter()
        for connection in self.all:
            self.next(connection, self.begun)
        await asyncio.wait_for(self.over, self.order.seconds + PATIENCE_SECONDS)
        return self.tally

    def next(self, connection: Connection, now: float) -> None:
        """Post the next request while there is time."""
        position = next(self._left, None) if now - self.begun < self.order.seconds else None
        if position is not None:
            self.under_way += 1
            connection.post(position, self.order.requests[position], now)
        elif self.under_way == 0:
            self.end()


class Open(Run):
    """Requests leave at their own times, whether or not the ones before were answered.

    Latency counts from the time at which a request should have left, so that a server which stalls cannot
    hide how many would have waited meanwhile.
    """

    def __init__(self, order: Order, seed: int) -> None:
        super().__init__(order)
        self._seed = seed
        self._queue: deque[tuple[int, float]] = deque()
        self._to_come = len(order.requests)

    async def run(self) -> Tally:
        """Post every request, spread over the order's seconds as a Poisson process."""
        loop = asyncio.get_running_loop()
        self.begun = time.perf_counter()
        offset = loop.time() - self.begun
        for position, after in enumerate(
            departures(len(self.order.requests), self.order.seconds, self._seed)
        ):
            due = self.begun + after
            loop.call_at(due + offset, self._leave, position, due)
        await asyncio.wait_for(self.over, self.order.seconds + PATIENCE_SECONDS)
        return self.tally

    def _leave(self, position: int, due: float) -> None:
        self._to_come -= 1
        self.under_way += 1
        if self.idle:
            self.idle.popleft().post(position, self.order.requests[position], due)
        else:
            self._queue.append((position, due))

    def next(self, connection: Connection, now: float) -> None:
        """Send whoever waits for a connection, else rest."""
        if self._queue:
            position, due = self._queue.popleft()
            connection.post(position, self.order.requests[position], due)
            return
        self.idle.append(connection)
        if self.under_way == 0 and self._to_come == 0:
            self.end()


def departures(count: int, seconds: float, seed: int) -> list[float]:
    """Return so many times of a Poisson process in [0, seconds), in order."""
    random = Random(seed)
    return sorted(random.uniform(0, seconds) for _ in range(count))


def closed_loop(order: Order) -> Tally:
    """Run a closed loop here."""
    return asyncio.run(_measured(Closed, order))


def open_loop(order: Order, seed: int) -> Tally:
    """Run an open loop here."""
    return asyncio.run(_measured(Open, order, seed))


async def _measured(kind: type[Any], *details: Any) -> Tally:
    run = kind(*details)
    await run.connect()
    try:
        tally: Tally = await run.run()
        return tally
    finally:
        run.close()


class Carrier(AbstractContextManager["Carrier"]):
    """The process that posts."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def closed(self, order: Order) -> Tally:
        """Run a closed loop there."""
        return self._pool.submit(closed_loop, order).result()

    def open(self, order: Order, seed: int) -> Tally:
        """Run an open loop there."""
        return self._pool.submit(open_loop, order, seed).result()

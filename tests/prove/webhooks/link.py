"""The way from a process to its database, made as long as one likes, or cut: bytes wait, none is lost."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import sqlalchemy as sa

COMMIT = b"COMMIT"


@dataclass
class Link:
    """A TCP port that leads to PostgreSQL; every answer arrives `delay` seconds after it was given.

    While it hangs nothing goes either way. With `holds_commit` it begins to hang at the next COMMIT.
    """

    port: int
    delay: float = 0.0
    holds_commit: bool = False
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _open: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)

    def hang(self) -> None:
        """Let nothing through."""
        self._open.clear()

    def go_on(self) -> None:
        """Let everything through that has waited."""
        self.held.clear()
        self._open.set()

    def url(self, database: str) -> str:
        """Return a database's address through this link."""
        made = sa.make_url(database)
        return made.set(host="127.0.0.1", port=self.port, query={}).render_as_string(hide_password=False)


@contextmanager
def link(database: str) -> Iterator[Link]:
    """Yield a link to the server of a database; its pumps are in a thread of their own."""
    plain = sa.make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        host, port = connection.info.host, connection.info.port
    loop = asyncio.new_event_loop()
    made = Link(0, _loop=loop)
    made.go_on()

    async def serve() -> asyncio.Server:
        async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far = await _connect(host, port)
            await asyncio.gather(_pump(made, reader, far[1], 0.0), _pump(made, far[0], writer, None))

        return await asyncio.start_server(through, "127.0.0.1", 0)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.go_on()
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    """Close the door and let every pump end."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


async def _pump(
    made: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float | None
) -> None:
    """Carry bytes one way in their order; each part leaves when its time has come and the way is open."""
    parts: deque[tuple[float, bytes]] = deque()
    ready, loop = asyncio.Event(), asyncio.get_running_loop()

    async def deliver() -> None:
        while True:
            await ready.wait()
            while parts:
                due, part = parts.popleft()
                await _until(made, due)
                sink.write(part)
                with suppress(ConnectionError):
                    await sink.drain()
            ready.clear()

    delivering = loop.create_task(deliver())
    with suppress(ConnectionError):
        while part := await source.read(65536):
            if delay is not None and made.holds_commit and COMMIT in part:
                made.holds_commit = False
                made.hang()
                made.held.set()
            parts.append((loop.time() + (made.delay if delay is None else delay), part))
            ready.set()
    while parts:
        await _tick()
    delivering.cancel()
    sink.close()


async def _until(made: Link, due: float) -> None:
    loop = asyncio.get_running_loop()
    while (left := due - loop.time()) > 0 or not made._open.is_set():
        await _tick(max(left, 0.002))


async def _tick(seconds: float = 0.002) -> None:
    """Let so much time pass on this loop."""
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_later(seconds, passed.set_result, None)
    await passed

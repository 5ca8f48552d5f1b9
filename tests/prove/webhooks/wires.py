"""How a proof's webhooks reach the product: over sockets to a real web process, or straight into it.

Straight in is for small sizes and for planted faults, which must be in this very process. Over sockets the
server is `callcenter web` as operators start it, with a Valkey of its own and no worker.
"""

import asyncio
import json
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import structlog

from tests.bench.processes import free_port
from tests.prove.planting import is_planted
from tests.prove.verdict import Trial
from tests.waiting import until

SOCKETS_FROM = 0.01
"""The scale from which a proof runs against a web process."""
PATIENCE_SECONDS = 60.0
REST_SECONDS = 2.0
"""Less than the five seconds after which the server closes a connection that rests."""
HOST = "hotline.example.com"


@dataclass(frozen=True)
class Request:
    """One HTTP request as it goes over the wire; `target` is path and query, not decoded."""

    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "POST"

    def head(self) -> bytes:
        """Return the request line and the headers."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {told}" for name, told in self._all())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _all(self) -> tuple[tuple[str, str], ...]:
        named = {name.lower() for name, _ in self.headers}
        length = () if "content-length" in named or "transfer-encoding" in named else self._length()
        host = () if "host" in named else (("Host", HOST),)
        return (*host, *self.headers, *length)

    def _length(self) -> tuple[tuple[str, str], ...]:
        return (("Content-Length", str(len(self.body))),)

    def scope(self) -> dict[str, Any]:
        """Return the same as an ASGI server hands it over."""
        from urllib.parse import unquote

        path, _, query = self.target.partition("?")
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": self.method,
            "scheme": "http", "path": unquote(path), "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"), "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "headers": [(name.lower().encode(), told.encode("latin-1")) for name, told in self._all()],
        }  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when the connection was closed without an answer."""

    status: int
    body: bytes = b""


class Wire(Protocol):
    """Carries requests."""

    async def send(self, request: Request) -> Answer:
        """Carry one and return its answer."""


TRIES = 8


async def delivered(wire: Wire, request: Request) -> tuple[Answer, int]:
    """Send until it was taken; return the answer and how often it was not.

    An apology and a 500 keep nothing: on a machine that others use, the database's turn may come too late.
    """
    answer = await wire.send(request)
    for again in range(TRIES):
        if not is_apology(answer) and answer.status < 500:
            return answer, again
        answer = await wire.send(request)
    return answer, TRIES


def is_apology(answer: Answer) -> bool:
    """Say whether a document is the deadline's: it leads to addresses that nothing else leads to."""
    return b"/twilio/fallback/thanks" in answer.body or b"?tries=" in answer.body


@dataclass
class Straight:
    """Into an application in this process."""

    app: Any

    async def send(self, request: Request) -> Answer:
        """Run the application; an exception that escapes it is a 500, as a server would have it."""
        told: dict[str, Any] = {"status": 500, "body": b""}
        said = False

        async def receive() -> dict[str, Any]:
            nonlocal said
            if said:
                return {"type": "http.disconnect"}
            said = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            else:
                told["body"] += message.get("body", b"")

        try:
            await self.app(request.scope(), receive, send)
        except Exception:  # A server would answer whatever escapes with a 500.
            return Answer(500)
        return Answer(told["status"], told["body"])


@dataclass
class Sockets:
    """Over keep-alive connections to a server on this machine."""

    port: int
    _idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def send(self, request: Request) -> Answer:
        """Send on a connection that has not rested long, or a new one: the server closes those that do."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = self._rested() or await self._connect()
            try:
                writer.write(request.head() + request.body)
                answer, stays = await _answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                answer, stays = Answer(0), False
            if stays:
                self._idle.append((asyncio.get_running_loop().time(), reader, writer))
            else:
                writer.close()
            return answer

    def _rested(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        oldest = asyncio.get_running_loop().time() - REST_SECONDS
        while self._idle:
            since, reader, writer = self._idle.pop()
            if since > oldest:
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def close(self) -> None:
        """Hang up."""
        for _, _, writer in self._idle:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    """Read one answer; say too whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    told = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(told.get("content-length", "0")))
    return Answer(int(first.split(" ")[1]), body), told.get("connection", "").lower() != "close"


@dataclass
class Clock:
    """The product's clock, in a file that every process reads; it can be set forward."""

    path: Path

    @classmethod
    @contextmanager
    def on_a_file(cls) -> "Iterator[Clock]":
        """Yield a clock that goes right."""
        with tempfile.TemporaryDirectory(prefix="callcenter-clock-") as folder:
            clock = cls(Path(folder) / "clock.json")
            clock.set(timedelta())
            yield clock

    def set(self, ahead: timedelta) -> None:
        """Let it be so much ahead of this machine's."""
        told = {"since": datetime.now(UTC).isoformat(), "offset_seconds": ahead.total_seconds(), "rate": 1}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(told))
        fresh.replace(self.path)


@asynccontextmanager
async def door(trial: Trial, deadline: float = 60.0, clock: Clock | None = None) -> AsyncIterator[Wire]:
    """Yield the way into the product on the trial's database, the example centre open, everybody at work.

    In this process the deadline of a webhook is a minute, so that a busy machine makes no apologies.
    """
    open_centre(trial.database)
    if trial.scale < SOCKETS_FROM or is_planted():
        with in_process(trial.database, deadline, clock) as app:
            yield Straight(app)
        return
    with web_process(trial.database, clock) as server:
        wire = Sockets(server.port)
        yield wire
        await wire.close()


def open_centre(url: str) -> None:
    """Apply the example's file and log everybody in."""
    import sqlalchemy as sa

    from callcenter.staff.models import Agent
    from tests import xinghe

    with working(url) as work:
        xinghe.open_centre(work)
        with work.db.reading() as session:
            keys = list(session.scalars(sa.select(Agent.key)))
        xinghe.log_in(work, *keys)


@contextmanager
def working(url: str, clock: Clock | None = None) -> Iterator[Any]:
    """Yield a Work on a database, with a carrier in memory and no doorbell."""
    from callcenter.carrier.twin import Twin
    from callcenter.clock import system
    from callcenter.db import Database
    from callcenter.jobs import Work
    from callcenter.wiring import _from_file as clock_of_file
    from tests.bench.ground import SECRET
    from tests.web.twilio import PUBLIC_URL

    database = Database(url)
    try:
        now = clock_of_file(clock.path) if clock else system
        yield Work(database, Twin(), now, PUBLIC_URL, SECRET)
    finally:
        database.dispose()


@contextmanager
def in_process(url: str, deadline: float, clock: Clock | None = None) -> Iterator[Any]:
    """Yield the application itself; what it logs of refusals is not shown."""
    from callcenter.settings import load_settings
    from callcenter.spool import Spool
    from callcenter.web import twilio
    from callcenter.web.apology import Tongues
    from callcenter.web.app import create_app
    from callcenter.web.recovery import Recovery
    from tests.bench.ground import SECRET
    from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN

    known = {
        "PUBLIC_URL": PUBLIC_URL, "SECRET_KEY": SECRET, "DATABASE_URL": "sqlite:///not-used.sqlite",
        "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
    }  # fmt: skip
    late = patch.object(twilio, "DEADLINE_SECONDS", deadline)
    with tempfile.TemporaryDirectory(prefix="callcenter-spool-") as spool, late, _quietly():
        settings = load_settings(known | {"SPOOL_DIR": spool})
        with working(url, clock) as work:
            app = create_app(work, settings)
            app.state.look = Recovery(work, Spool(settings.spool_dir), Tongues()).look
            yield app


@contextmanager
def _quietly() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(processors=[_dropped])
    try:
        yield
    finally:
        structlog.configure(**before)


def _dropped(*_: object) -> Any:
    raise structlog.DropEvent


SERVED: dict[str, Any] = {"limit_concurrency": None}
"""How the product is served in a thread, beside what `callcenter web` says."""


@contextmanager
def web_thread(url: str) -> Iterator[Any]:
    """Yield the product served over sockets in a thread of this process, where faults can be planted."""
    import uvicorn

    from tests.bench.serve import UVICORN

    with in_process(url, 60.0) as app:
        how = UVICORN | {"lifespan": "off"} | SERVED
        server = uvicorn.Server(uvicorn.Config(app, port=free_port(), **how))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, 20)
        try:
            yield server.config
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def served(trial: Trial) -> Iterator[Any]:
    """Yield a server with the example centre: a web process, or a thread at a small size."""
    open_centre(trial.database)
    kind = web_thread if trial.scale < SOCKETS_FROM or is_planted() else web_process
    with kind(trial.database) as server:
        yield server


@contextmanager
def web_process(url: str, clock: Clock | None = None) -> Iterator[Any]:
    """Yield `callcenter web` on a database: its port, and what it costs."""
    from callcenter.embedded import EmbeddedValkey
    from tests.bench.ground import Ground
    from tests.bench.processes import product

    with tempfile.TemporaryDirectory(prefix="callcenter-prove-") as made:
        folder = Path(made)
        valkey = EmbeddedValkey(folder / "valkey")
        valkey.start()
        try:
            other = {"SPOOL_DIR": str(folder / "spool")}
            if clock:
                other |= {"CALLCENTER_MODE": "test", "CALLCENTER_TEST_CLOCK": str(clock.path)}
            with product(Ground(folder, "", valkey.url, valkey, None), url, **other) as server:
                yield server
        finally:
            valkey.stop()

"""A centre whose parts can be taken away, on the simulated network's clock, and callers who speak."""

import contextlib
import fcntl
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import event
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import SelfRinging, Ticker
from callcenter.db import Database
from callcenter.jobs import Work, perform
from callcenter.settings import load_settings
from callcenter.simulator import Network, Settings, VirtualClock, WebhookRequest, WebhookResponse
from callcenter.simulator.handset import Handset
from callcenter.simulator.in_process import InProcess
from callcenter.spool import Spool
from callcenter.web import twilio as bridge
from callcenter.web.apology import Tongues
from callcenter.web.app import create_app
from callcenter.web.recovery import Recovery
from tests import xinghe
from tests.journeys.conftest import carry
from tests.prove.heard.proxy import Wire

MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in China.
PUBLIC_URL = "https://hotline.example.com"
STATIC_URL = "https://static.example.net"
ACCOUNT, TOKEN = "AC" + "5" * 32, "the auth token of these proofs"
SECRET = "a secret key that only these proofs know"
DEADLINE_SECONDS, NEVER = 0.2, 60.0
"""Of this machine's time: what a hung webhook costs; where none hangs, a busy machine makes none late."""
MESSAGE = "我是王小明，系统打不开了，请回电。"


class Killed(BaseException):
    """The worker has received SIGKILL: nothing after this point is done by it."""


class Bell:
    """Hands jobs to the rig, unless Redis is away or the worker is dead."""

    def __init__(self) -> None:
        self.rung: deque[tuple[str, str]] = deque()
        self.away = False

    def ring(self, name: str, subject_id: str) -> bool:
        """Hand a job over."""
        if not self.away:
            self.rung.append((name, subject_id))
        return not self.away


class Inline:
    """An executor that does its work at once."""

    def submit(self, function: Callable[..., None], *given: object) -> None:
        """Call it."""
        function(*given)


@dataclass
class Rig:
    """The centre, its telephones, and what can be taken from it."""

    net: Network
    work: Work
    web: TestClient
    bell: Bell
    recovery: Recovery
    wire: Wire | None
    spool: Path
    static: dict[str, bytes] = field(default_factory=dict)
    stuck: bool = False
    dead: bool = False
    broken: bool = False
    callers: list[Handset] = field(default_factory=list)
    spoken: dict[str, int] = field(default_factory=dict)
    deaths: int = 0

    def post(self, request: WebhookRequest) -> WebhookResponse:
        """Carry a webhook to the application, or to whoever serves the static texts."""
        target = urlsplit(request.url)
        if request.url.startswith(STATIC_URL):
            return WebhookResponse(200, "text/xml", self.static[target.path])
        if self.dead:
            raise ConnectionRefusedError("nobody listens")
        if self.broken and not target.path.startswith("/twilio/fallback"):
            return WebhookResponse(502, "text/html", b"bad gateway")
        return carry(self.web, request)

    def calls(self, number: str, to: str = xinghe.HOTLINE, keys: tuple[str, ...] = ()) -> Handset:
        """Let somebody dial who presses these keys and leaves a message after every tone."""
        caller = self.net.phone(number).dials(to, presses=keys)
        self.callers.append(caller)
        return caller

    def speak(self) -> None:
        """Everybody who hears the tone says what he wants, once a tone."""
        for caller in self.callers:
            tones = sum(1 for moment in caller.call.ear.moments if moment.text == "beep")
            if caller.call.keypad is not None and tones > self.spoken.get(caller.sid, 0):
                self.spoken[caller.sid] = tones
                caller.speaks(MESSAGE)

    def tick(self) -> None:
        """What the clock and the web process's own thread do beside the calls; a part that hangs does not."""
        if not self.stuck and not self.dead:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self.ticker.tick()
            self.recovery.look()

    def run_jobs(self) -> None:
        """Be the worker; the job that one dies of is lost, and another one goes on with the next."""
        while self.bell.rung and not self.stuck:
            with contextlib.suppress(sa.exc.SQLAlchemyError, Killed):
                perform(self.work, *self.bell.rung.popleft())

    @cached_property
    def ticker(self) -> Ticker:
        """The clock, which does the work itself while Redis is away."""
        ringing = SelfRinging(self.bell, Inline())  # type: ignore[arg-type]
        ringing.work = replace(self.work, bell=ringing)
        return Ticker(ringing.work)

    @contextmanager
    def database_hung(self) -> Iterator[None]:
        """PostgreSQL takes connections and says nothing; on SQLite somebody keeps the writers' turn."""
        self.stuck = True
        with ExitStack() as stack:
            if self.wire is not None:
                self.wire.hang()
                stack.callback(self.wire.mend)
            else:
                lock = stack.enter_context(Path(f"{self.work.db.engine.url.database}.lock").open("a"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        self.stuck = False

    @contextmanager
    def database_down(self) -> Iterator[None]:
        """PostgreSQL is not there."""
        assert self.wire is not None
        self.wire.cut()
        yield
        self.wire.mend()

    @contextmanager
    def redis_down(self) -> Iterator[None]:
        """Redis is not there: whatever was rung and not taken is lost as well."""
        self.bell.rung.clear()
        self.bell.away = True
        yield
        self.bell.away = False

    @contextmanager
    def worker_killed(self, verb: str, *, acted: bool) -> Iterator[None]:
        """Kill the worker at its next request of this kind to the carrier, just before it or just after."""
        real, before = getattr(self.work.carrier, verb), self.deaths

        def dies(*given: Any) -> Any:
            if self.deaths > before:
                return real(*given)
            self.deaths += 1
            if acted:
                real(*given)
            raise Killed

        with patch.object(self.work.carrier, verb, dies):
            yield

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """Nothing can be written: not into the database, not into the spool."""

        def refuse(*given: object) -> None:
            if str(given[2]).lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
                raise sa.exc.OperationalError(str(given[2]), None, OSError(28, "No space left on device"))

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        event.listen(self.work.db.engine, "before_cursor_execute", refuse)
        with patch.object(Spool, "keep", full):
            yield
        event.remove(self.work.db.engine, "before_cursor_execute", refuse)

    @contextmanager
    def application_dead(self) -> Iterator[None]:
        """Nobody listens, nothing is swept, no job is done, and the spool's disk went with the machine."""
        self.dead = True
        with self.redis_down():
            yield
        self.dead = False


@contextmanager
def centre(url: str, seed: int, *, wired: bool) -> Iterator[Rig]:
    """The example centre on this database, nobody at work."""
    clock = VirtualClock(MONDAY_MORNING)
    options = Settings(account_sid=ACCOUNT, auth_token=TOKEN, calls_per_second=10.0, seed=seed)
    net = Network(clock=clock, settings=options)
    wire = Wire(url) if wired and url.startswith("postgresql") else None
    carrier = TwilioCarrier(ACCOUNT, TOKEN, transport=InProcess(net.rest))
    bell = Bell()
    work = Work(Database(wire.url if wire else url), carrier, clock.now, PUBLIC_URL, SECRET, bell)
    with ExitStack() as stack:
        stack.enter_context(capture_logs())  # A trace for every apology would be all that is seen.
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="callcenter-heard-"))) / "spool"
        deadline = DEADLINE_SECONDS if wired else NEVER
        stack.enter_context(patch.object(bridge, "DEADLINE_SECONDS", deadline))
        for name in ("start", "stop"):  # Its rounds are those of the network's clock here.
            stack.enter_context(patch.object(Recovery, name, lambda _: None))
        xinghe.open_centre(work)
        web = stack.enter_context(TestClient(create_app(work, _settings(folder)), base_url=PUBLIC_URL))
        rig = Rig(net, work, web, bell, Recovery(work, Spool(folder), Tongues()), wire, folder)
        net.post = rig.post
        net.every(1, rig.tick)
        net.every(0.5, rig.speak)
        net.after_each(rig.run_jobs)
        net.run_for(2)
        yield rig
        if wire is not None:
            wire.mend()


def _settings(folder: Path):  # type: ignore[no-untyped-def]
    given = {"PUBLIC_URL": PUBLIC_URL, "SECRET_KEY": SECRET, "TWILIO_ACCOUNT_SID": ACCOUNT}
    given |= {"TWILIO_AUTH_TOKEN": TOKEN, "SPOOL_DIR": str(folder)}
    return load_settings(given)

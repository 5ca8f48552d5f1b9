"""The whole centre in one process on the simulator's clock: tests read as telephone calls.

The application answers real HTTP requests (through ASGI), the real Twilio SDK places the calls, the jobs
run when their bell rings, the clock ticks every virtual second.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from callcenter.access.actions import issue_token
from callcenter.calls.models import Call
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import Ticker
from callcenter.db import Database
from callcenter.jobs import Work, perform
from callcenter.organisation.queries import centre
from callcenter.settings import Settings as ApplicationSettings
from callcenter.settings import load_settings
from callcenter.simulator import Network, Settings, VirtualClock, WebhookRequest, WebhookResponse
from callcenter.simulator.in_process import InProcess
from callcenter.simulator.network import Telephone
from callcenter.switchboard.replay import DIFFERENT, Played, replay
from callcenter.web import twilio as bridge
from callcenter.web.app import create_app
from tests import xinghe

MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in China.
PUBLIC_URL = "https://hotline.example.com"
API_URL = "http://127.0.0.1:8001"
ACCOUNT = "AC" + "5" * 32
TOKEN = "the auth token of the journeys"
SECRET = "a secret key that only these journeys know"
Shift = Callable[[datetime], datetime]


class Bell:
    """Keeps the jobs that were rung until the rig performs them."""

    def __init__(self) -> None:
        self.rung: deque[tuple[str, str]] = deque()
        self.away = False

    def ring(self, name: str, subject_id: str) -> bool:
        """Remember a job; while Redis is away, lose it."""
        if not self.away:
            self.rung.append((name, subject_id))
        return not self.away


@dataclass
class Hotline:
    """The centre under test, its telephones, and what its records say."""

    work: Work
    net: Network
    web: TestClient
    bell: Bell
    ticker: Ticker
    tokens: dict[str, str] = field(default_factory=dict)

    def open_at(self, number: str) -> None:
        """Point a line's number at the application, as in Twilio's console."""
        self.net.number(
            number,
            f"{PUBLIC_URL}/twilio/voice",
            fallback_url=f"{PUBLIC_URL}/twilio/fallback",
            status_callback=f"{PUBLIC_URL}/twilio/status",
        )

    def agent(self, key: str) -> Telephone:
        """Log an agent in and return the telephone on the desk."""
        xinghe.log_in(self.work, key)
        self.run_jobs()
        self.net.run_for(1)
        return self.net.phone(xinghe.address(self.work, key), key)

    def phone(self, number: str = "+8613800138000") -> Telephone:
        """Return a customer's telephone."""
        return self.net.phone(number)

    def policy(self, **numbers: int) -> None:
        """Set the handbook's numbers for this test."""
        with self.work.transaction() as session:
            home = centre(session)
            home.policies = home.policies | numbers

    def rests(self, seconds: float) -> None:
        """Let time pass in which nobody is on the phone; of every five minutes two seconds are lived."""
        until = self.net.now() + timedelta(seconds=seconds)
        while (left := (until - self.net.now()).total_seconds()) > 0:
            self.net.clock.sleep(timedelta(seconds=min(300, left) - 2))  # type: ignore[attr-defined]
            self.net.run_for(2)

    def run_jobs(self) -> None:
        """Perform everything whose bell has rung."""
        while self.bell.rung:
            perform(self.work, *self.bell.rung.popleft())

    def call(self, sid: str) -> dict[str, Any]:
        """Read a call's story back, as a supervisor does."""
        return self.get(f"/calls/{sid}")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask the API as a supervisor."""
        answer = self.web.get(
            f"/api/v1{path}", params=query, headers={"Authorization": f"Bearer {self.supervisor}"}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @property
    def supervisor(self) -> str:
        """A supervisor's token."""
        if "supervisor" not in self.tokens:
            with self.work.transaction() as session:
                self.tokens["supervisor"] = issue_token(
                    session, role="supervisor", name="test", at=self.work.at(), actor="test"
                )
        return self.tokens["supervisor"]

    def rows(self, model: Any, *where: Any) -> list[Any]:
        """Look straight into a table."""
        with self.work.db.reading() as session:
            keys = sa.inspect(model).primary_key
            return list(session.scalars(sa.select(model).where(*where).order_by(*keys)))

    def played_again(self) -> list[Played]:
        """Play every call again from its events; return the turns that differ (decision 11)."""
        with self.work.db.reading() as session:
            played = [each for call in session.scalars(sa.select(Call)) for each in replay(session, call)]
        return [each for each in played if each.verdict == DIFFERENT]

    def settle(self, seconds: float = 5) -> None:
        """Let the last webhooks arrive."""
        self.net.run_for(seconds)

    def assert_clean(self) -> None:
        """Nothing that Twilio would refuse, and nobody left behind in the records."""
        assert self.net.warnings == []
        assert self.net.live_calls() == []
        assert [row.sid for row in self.rows(Call, Call.outcome == "open")] == []


def carry(web: TestClient, request: WebhookRequest) -> WebhookResponse:
    """Carry a webhook into the application, as ASGI has it: a client's comforts cost more than our answer."""
    assert web.portal is not None
    return web.portal.call(_asked, web.app, request)


async def _asked(app: ASGIApp, request: WebhookRequest) -> WebhookResponse:
    target, answer = urlsplit(request.url), dict[str, Any]()
    headers = {**request.headers, "Host": target.netloc}
    scope = {
        "type": "http", "http_version": "1.1", "method": request.method, "scheme": target.scheme,
        "path": unquote(target.path), "raw_path": target.path.encode(), "query_string": target.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": (target.hostname, 443), "client": ("192.0.2.1", 50000), "root_path": "",
    }  # fmt: skip
    body = b""

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal body
        answer.update(message)
        body += message.get("body", b"")

    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in answer["headers"]}
    return WebhookResponse(answer["status"], told.get("content-type", ""), body)


def _settings(spool: str) -> ApplicationSettings:
    return load_settings(
        {
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": SECRET,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DATABASE_URL": "sqlite:///not-used.sqlite",
            "SPOOL_DIR": spool,
        }
    )


@contextmanager
def opened(
    database: Database, *, seed: int = 1, at: datetime = MONDAY_MORNING, shift: Shift = lambda at: at
) -> Iterator[Hotline]:
    """Yield the example centre, on a Monday morning unless told otherwise, nobody logged in.

    `shift` makes the product's time of the network's.

    Every other webhook reaches another web process: nothing of a call may live in one (reliability F). The
    deadline of a webhook runs on this machine's clock, which a busy machine outruns.
    """
    clock = VirtualClock(at)
    options = Settings(account_sid=ACCOUNT, auth_token=TOKEN, calls_per_second=10.0, seed=seed)
    webs: list[TestClient] = []
    turns = count()
    net = Network(
        lambda request: carry(webs[next(turns) % len(webs)], request), clock=clock, settings=options
    )
    carrier = TwilioCarrier(ACCOUNT, TOKEN, api_url=API_URL, transport=InProcess(net.rest))
    bell = Bell()
    work = Work(database, carrier, lambda: shift(clock.now()), PUBLIC_URL, SECRET, bell)
    other = replace(work, db=Database(database.url))
    with (
        patch.object(bridge, "DEADLINE_SECONDS", 60.0),
        TemporaryDirectory(prefix="callcenter-spool-") as spool,
        TestClient(create_app(work, _settings(spool)), base_url=PUBLIC_URL) as web,
        TestClient(create_app(other, _settings(spool)), base_url=PUBLIC_URL) as second,
    ):
        webs.extend((web, second))
        rig = Hotline(work, net, web, bell, Ticker(work))
        xinghe.open_centre(work)
        for number in (xinghe.HOTLINE, xinghe.GUANGZHOU, xinghe.CHENGDU):
            rig.open_at(number)
        net.every(1, rig.ticker.tick)
        net.after_each(rig.run_jobs)
        yield rig


@pytest.fixture
def hotline(database: Database) -> Iterator[Hotline]:
    """The example centre under test; whatever the test does, its calls can be played again."""
    with opened(database) as rig:
        yield rig
        assert rig.played_again() == [], "every call of a journey gives the same TwiML again"

"""The whole centre in one process on the simulator's clock: real webhooks, real jobs, real sweeps.

What is simulated is the telephone network and the time; what answers is the product.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from unittest.mock import patch
from urllib.parse import urlsplit

from starlette.testclient import TestClient

from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import Ticker
from callcenter.db import Database
from callcenter.jobs import Work, perform
from callcenter.settings import load_settings
from callcenter.simulator import Network, Settings, VirtualClock, WebhookRequest, WebhookResponse
from callcenter.simulator.in_process import InProcess
from callcenter.web import twilio as bridge
from callcenter.web.app import create_app
from tests import xinghe
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN

API_URL = "http://127.0.0.1:8001"
SECRET = "only these measurements know this sentence"
NEVER = 3600.0


@dataclass
class Bell:
    """Keeps the jobs that were rung until the rig performs them."""

    rung: deque[tuple[str, str]] = field(default_factory=deque)

    def ring(self, name: str, subject_id: str) -> bool:
        """Remember a job."""
        self.rung.append((name, subject_id))
        return True


@dataclass
class Rig:
    """A centre and its telephones."""

    work: Work
    net: Network
    bell: Bell
    web: TestClient

    def post(self, request: WebhookRequest) -> WebhookResponse:
        """Carry a webhook into the application."""
        target = urlsplit(request.url)
        path = target.path + (f"?{target.query}" if target.query else "")
        headers = {**request.headers, "Host": target.netloc}
        answer = self.web.request(request.method, path, content=request.body, headers=headers)
        return WebhookResponse(answer.status_code, answer.headers.get("content-type", ""), answer.content)

    def run_jobs(self) -> None:
        """Perform everything whose bell has rung."""
        while self.bell.rung:
            perform(self.work, *self.bell.rung.popleft())


@contextmanager
def rig(database: Database, at: datetime, *, tick_seconds: float = 1.0) -> Iterator[Rig]:
    """Yield the example's centre at an instant, everybody offline, its numbers announced.

    The deadline of a webhook runs on this machine's clock, which the simulator's outruns.
    """
    clock, bell = VirtualClock(at), Bell()
    options = Settings(account_sid=ACCOUNT, auth_token=TOKEN, calls_per_second=10.0)
    net = Network(clock=clock, settings=options)
    carrier = TwilioCarrier(ACCOUNT, TOKEN, api_url=API_URL, transport=InProcess(net.rest))
    work = Work(database, carrier, clock.now, PUBLIC_URL, SECRET, bell)
    settings = load_settings(
        {"PUBLIC_URL": PUBLIC_URL, "SECRET_KEY": SECRET, "DATABASE_URL": "sqlite:///not-used.sqlite",
         "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    )  # fmt: skip
    patience = patch.object(bridge, "DEADLINE_SECONDS", NEVER)
    with patience, TestClient(create_app(work, settings), base_url=PUBLIC_URL) as web:
        made = Rig(work, net, bell, web)
        net.post = made.post
        xinghe.open_centre(work)
        for number in (xinghe.HOTLINE, xinghe.GUANGZHOU, xinghe.CHENGDU):
            net.number(
                number,
                f"{PUBLIC_URL}/twilio/voice",
                fallback_url=f"{PUBLIC_URL}/twilio/fallback",
                status_callback=f"{PUBLIC_URL}/twilio/status",
            )
        net.every(tick_seconds, Ticker(work).tick)
        net.after_each(made.run_jobs)
        yield made

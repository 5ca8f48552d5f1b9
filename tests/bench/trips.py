"""Row: database round trips of every webhook of whole telephone calls.

The simulated network plays the calls against the application in this process, one webhook at a time, so
that the round trips between a webhook's start and its answer are that webhook's. Each kind of webhook is
counted after the connection has prepared its statements, and its median is taken.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import Ticker
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.settings import load_settings
from callcenter.simulator import Network, Settings, VirtualClock, WebhookRequest, WebhookResponse
from callcenter.simulator.in_process import InProcess
from callcenter.web.app import create_app
from tests import xinghe
from tests.bench.figures import spread
from tests.bench.goals import TRIPS_ARRIVAL, TRIPS_CHOICE, TRIPS_WORST, Row
from tests.bench.ground import SECRET, Ground
from tests.bench.wire import Tap, tap
from tests.doubles import RememberingBell
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN

API_URL = "http://127.0.0.1:8001"
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WARM = 6
TICK_SECONDS = 5
HOW = "counted on the wire: ReadyForQuery, BEGIN, COMMIT and pool pings included"
_PROOF = re.compile(r"/(leg|progress)/[^/]+/[^/]+")


def measure(ground: Ground, calls: int) -> list[Row]:
    """Play calls that an agent answers and calls that end in a callback; return the rows."""
    with tap(ground.server_url) as way, _rig(ground, way) as rig:
        for _ in range(WARM + calls):
            rig.answered_call()
            rig.booked_callback()
    counted = {name: median(trips[WARM:]) for name, trips in rig.trips.items() if len(trips) > WARM}
    worst = max(counted, key=counted.__getitem__)
    every = dict(sorted(counted.items(), key=lambda item: -item[1]))
    return [
        Row(TRIPS_ARRIVAL, spread([counted["voice"]]), HOW),
        Row(TRIPS_CHOICE, spread([counted["voice/keys:opens ticket"]]), HOW),
        Row(TRIPS_WORST, spread([counted[worst]]), f"{worst}, of {len(counted)} kinds", beside=every),
    ]


class _Rig:
    """The application, the network and the tap between."""

    def __init__(self, work: Work, bell: RememberingBell, way: Tap, net: Network) -> None:
        self.trips: dict[str, list[int]] = defaultdict(list)
        self._work = work
        self._bell = bell
        self._way = way
        self.net = net

    def carry(self, web: TestClient, request: WebhookRequest) -> WebhookResponse:
        """Carry a webhook into the application, counting."""
        target = urlsplit(request.url)
        before = self._way.trips
        answer = web.request(
            request.method,
            target.path,
            content=request.body,
            headers={**request.headers, "Host": target.netloc},
        )
        if request.method == "POST":
            name = kind(target.path, request.body, answer.content)
            self.trips[name].append(self._way.trips - before)
        return WebhookResponse(answer.status_code, answer.headers.get("content-type", ""), answer.content)

    def answered_call(self) -> None:
        """A caller asks a technical question, an agent takes it, they talk, they hang up."""
        caller = self.net.phone(f"+86138001{len(self.trips['voice']):05}").dials(
            xinghe.HOTLINE, presses=("1",)
        )
        agent = self.net.phone(xinghe.address(self._work, "zhang-wei"), "zhang-wei")
        caller.talks_with(agent, within=60)
        caller.hangs_up()
        self.net.run_for(40)

    def booked_callback(self) -> None:
        """A caller books a callback and hangs up."""
        number = f"+86139001{len(self.trips['voice']):05}"
        caller = self.net.phone(number).dials(xinghe.HOTLINE, presses=("5", "1"))
        self.net.run_for(30)
        caller.hangs_up()
        self.net.run_for(10)


def kind(path: str, body: bytes, answer: bytes) -> str:
    """Name a webhook by its address without what differs from call to call, and by what it told."""
    form = parse_qs(body.decode())
    name = re.sub(r"/\d+$", "", _PROOF.sub(r"/\1", path).removeprefix("/twilio/"))
    if "StatusCallbackEvent" in form:
        return f"{name}:{form['StatusCallbackEvent'][0]}"
    if name in ("progress", "status"):
        return f"{name}:{form['CallStatus'][0]}"
    return f"{name}:opens ticket" if name == "voice/keys" and b"<Enqueue" in answer else name


@contextmanager
def _rig(ground: Ground, way: Tap) -> Iterator[_Rig]:
    """Yield the whole centre in one process on the simulator's clock, zhang-wei at work."""
    clock, bell = VirtualClock(MONDAY_MORNING), RememberingBell()
    net = Network(
        lambda request: rig.carry(web, request),
        clock=clock,
        settings=Settings(account_sid=ACCOUNT, auth_token=TOKEN, calls_per_second=10.0),
    )
    carrier = TwilioCarrier(ACCOUNT, TOKEN, api_url=API_URL)
    carrier._client.http_client.session.mount(API_URL, InProcess(net.rest))
    database_url = ground.database("trips")
    work = Work(Database(way.url(database_url)), carrier, clock.now, PUBLIC_URL, SECRET, bell)
    rig = _Rig(work, bell, way, net)
    settings = {"PUBLIC_URL": PUBLIC_URL, "SECRET_KEY": SECRET, "DATABASE_URL": database_url,
                "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}  # fmt: skip
    with TestClient(create_app(work, load_settings(settings)), base_url=PUBLIC_URL) as web:
        xinghe.open_centre(work)
        xinghe.log_in(work, "zhang-wei")
        net.number(
            xinghe.HOTLINE, f"{PUBLIC_URL}/twilio/voice", status_callback=f"{PUBLIC_URL}/twilio/status"
        )
        net.phone(xinghe.address(work, "zhang-wei"), "zhang-wei").answers(rings=2, presses="1")
        net.every(TICK_SECONDS, Ticker(work).tick)
        net.after_each(lambda: bell.drain(work))
        yield rig

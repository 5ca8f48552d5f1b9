"""Many simulated callers: the simulator in a process of its own, told over HTTP whom to let call.

Callers come and stay as on any day: arrivals are a Poisson process, stays are exponential, so many are in
the centre at any time as arrive in a mean stay. To get there sooner the first ones come faster; none of them
leaves before the others are there, which an exponential stay does not notice.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psutil

from tests.bench import processes
from tests.bench.ground import Ground, cpu_seconds
from tests.waiting import until
from tests.web.twilio import ACCOUNT, TOKEN
from tests.xinghe import HOTLINE

PATIENCE_SECONDS = 30.0
PICKS_UP_AFTER = 2.0
PLACES_A_SECOND = 200.0


@dataclass(frozen=True)
class Crowd:
    """How many callers are held, how long one stays on average, how fast they come at first (all in seconds).

    `steady_seconds` is how long it goes on at its own pace once everybody is there.
    """

    held: int
    mean_stay: float
    first_pace: float
    steady_seconds: float
    seed: int
    waiting: float = 0.15

    @property
    def pace(self) -> float:
        """Return the arrivals a second that replace those who leave."""
        return self.held / self.mean_stay

    @property
    def full_after(self) -> float:
        """Return when everybody is there."""
        return self.held / self.first_pace


@dataclass(frozen=True)
class Coming:
    """Somebody phones `at` and stays for `stay`, both in seconds; `waits` presses a key nobody answers to."""

    at: float
    stay: float
    waits: bool
    number: str


def crowd(wanted: Crowd) -> list[Coming]:
    """Return who comes when, in order; the same for a seed."""
    random, coming, at = Random(wanted.seed), [], 0.0
    while at < wanted.full_after + wanted.steady_seconds:
        filling = len(coming) < wanted.held
        at += random.expovariate(wanted.first_pace if filling else wanted.pace)
        stay = random.expovariate(1 / wanted.mean_stay) + max(0.0, wanted.full_after - at)
        coming.append(
            Coming(at, stay, random.random() < wanted.waiting, f"+86137{random.randrange(10**8):08}")
        )
    return coming


@dataclass
class Telephones:
    """A simulator that runs, and what it says of itself."""

    port: int
    process: psutil.Process
    wire: http.client.HTTPConnection
    started: list[str] = field(default_factory=list)

    def ask(self, path: str, body: Any = None, method: str = "") -> Any:
        """Ask its own API; raise RuntimeError for any error."""
        content = None if body is None else json.dumps(body)
        verb = method or ("GET" if body is None else "POST")
        # A connection that rests is closed by the server after a while: each question has its own.
        self.wire.request(verb, f"/simulator/{path}", content, {"Connection": "close"})
        answer = self.wire.getresponse()
        told = json.loads(answer.read())
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {told}")
        return told

    def dial(self, one: Coming, key: str) -> None:
        """Let somebody phone, press a key in the menu, and hang up when his time is over."""
        order = {"to": HOTLINE, "from": one.number, "press": [key], "hangup_after": one.stay}
        self.started.append(self.ask("calls", order)["id"])

    def load(self) -> dict[str, Any]:
        """Return what it says of its own lateness and of the webhooks since the last clearing."""
        told: dict[str, Any] = self.ask("load")
        return told

    def clear(self) -> None:
        """Let it begin to count anew."""
        self.ask("load", method="DELETE")

    @property
    def cpu_seconds(self) -> float:
        """CPU used so far."""
        return cpu_seconds(self.process)


@dataclass(frozen=True)
class Steady:
    """What was seen while everybody was there: the simulator's own counts, its CPU, who was held."""

    seconds: float
    load: dict[str, Any]
    cpu_share: float
    filling: dict[str, Any]

    @property
    def webhooks_a_second(self) -> float:
        """Return the rate."""
        return float(self.load["webhooks"]) / self.seconds

    @property
    def held(self) -> int:
        """Return how many calls of customers and agents were alive at the end."""
        return int(self.load["live_calls"])


def hold(telephones: Telephones, wanted: Crowd, keys: Sequence[str] = ("1", "2")) -> Steady:
    """Let the crowd come; return what was seen from the moment when everybody was there."""
    begun, filling = time.perf_counter(), None
    for one in crowd(wanted):
        if filling is None and one.at >= wanted.full_after:
            filling = telephones.load()
            telephones.clear()
            since, cpu = time.perf_counter(), telephones.cpu_seconds
        time.sleep(max(0.0, begun + one.at - time.perf_counter()))
        telephones.dial(one, keys[one.waits])
    assert filling is not None
    seconds = time.perf_counter() - since
    return Steady(seconds, telephones.load(), (telephones.cpu_seconds - cpu) / seconds, filling)


@contextmanager
def telephones(
    ground: Ground, public_url: str, port: int, core: int | None = None, **other: Any
) -> Iterator[Telephones]:
    """Run a simulator, on one core where it is named; telephones that nobody configures are agents'.

    `other` is what else its configuration says.
    """
    agent = {"conduct": "answers", "after": PICKS_UP_AFTER, "presses": ["1"]}
    settings = {"account_sid": ACCOUNT, "auth_token": TOKEN, "calls_per_second": PLACES_A_SECOND}
    config = ground.folder / f"simulator-{port}.json"
    numbers = {"public_url": public_url, "numbers": [HOTLINE], "port": port}
    config.write_text(json.dumps(numbers | {"strangers": agent, "settings": settings} | other))
    command = [sys.executable, "-m", "callcenter.cli", "simulate", "serve", str(config)]
    with processes.background(ground, f"simulator-{port}", command) as process:
        if core is not None:
            process.cpu_affinity([core])
        until(lambda: _answers(port), PATIENCE_SECONDS)
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        yield Telephones(port, process, wire)
        wire.close()


def _answers(port: int) -> bool:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        wire.request("GET", "/simulator/health")
        return wire.getresponse().status == 200
    except OSError:
        return False
    finally:
        wire.close()

"""Row: from the commit that frees an agent to the request that asks the carrier to ring him, 500 waiting.

The worker is the product's own process, with Valkey and PostgreSQL as in production. The carrier is an HTTP
server that notes when each request to place a call arrived and answers as Twilio does; nothing rings. Agents
become free at random moments, by the product's own action, as often as a thousand do who talk five minutes
each, and are kept by the offer that they get. Nobody waits for the one before: what he left behind is not in
the way of the next, unless he comes that soon.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import sqlalchemy as sa

from callcenter import ids
from callcenter.bell import RqDoorbell, workers
from callcenter.jobs import Work
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import Wait
from callcenter.staff.models import Agent
from tests.bench import processes
from tests.bench.figures import percentile, spread
from tests.bench.goals import RINGING, Row
from tests.bench.ground import SECRET, Ground
from tests.bench.history.copying import tidy
from tests.bench.history.stories import add_agents
from tests.factories import centre as factory
from tests.waiting import until
from tests.web.twilio import PUBLIC_URL

WAITING = 500
PATIENCE_SECONDS = 20.0
WARM = 5
FREED_A_SECOND = 1000 / 300


class Ledger:
    """When each number was asked to be rung, by two clocks: one to measure with, one to compare with rows."""

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}
        self.times: list[float] = []

    def note(self, number: str) -> None:
        """Keep the first time."""
        self.times.append(time.time())
        self.asked.setdefault(number, time.perf_counter())


def measure(ground: Ground, agents: int, seed: int) -> list[Row]:
    """Free agents at random moments; return the row."""
    url = ground.database("ringing")
    ledger = Ledger()
    with recording_carrier(ledger) as api_url, ground.work(url) as silent:
        work = Work(silent.db, silent.carrier, silent.now, PUBLIC_URL, SECRET, RqDoorbell(ground.redis_url))
        people = _centre(work, agents + WARM)
        tidy(url)
        with _worker(ground, url, api_url):
            _ring(work, ledger, people[:WARM], Random(seed))
            taken = _ring(work, ledger, people[WARM:], Random(seed))
    counted = [seconds * 1e3 for seconds in taken]
    p50, p99 = percentile(counted, 0.5), percentile(counted, 0.99)
    beside = {"p50_ms": p50, "most_ms": max(counted), "agents": len(counted), "waiting": WAITING}
    return [Row(RINGING, spread([p99]), f"its own p50: {p50:.0f} ms, {len(counted)} agents", beside=beside)]


def _centre(work: Work, agents: int) -> list[tuple[UUID, str]]:
    """Make a centre, its agents, who are away, and 500 who wait."""
    with work.transaction() as session:
        factory.centre(session)
        line, skill = factory.line(session), factory.skill(session)
        at = work.at()
        made = _people(session, agents, at)
        session.execute(
            sa.insert(Wait),
            [
                {"id": ids.new(), "subject_kind": "call", "subject_id": ids.new(), "line_id": line.id,
                 "skill_id": skill, "language": "zh-CN", "priority": 0, "entered_at": at,
                 "state": "waiting", "connection": 0}
                for _ in range(WAITING)
            ],
        )  # fmt: skip
        return [(agent.id, agent.address) for agent in made]


def _people(session: Any, agents: int, at: Any) -> list[Agent]:
    named = [(f"agent-{n}", f"+86199{n:08}") for n in range(agents)]
    return add_agents(session, named, at)


def _ring(work: Work, ledger: Ledger, people: Sequence[tuple[UUID, str]], random: Random) -> list[float]:
    """Free people at random moments; return the seconds of each from the commit to the request for him."""
    begun, due = [], time.perf_counter()
    for agent_id, _ in people:
        due += random.expovariate(FREED_A_SECOND)
        time.sleep(max(0.0, due - time.perf_counter()))
        begun.append(_free(work, agent_id))
    until(lambda: all(address in ledger.asked for _, address in people), PATIENCE_SECONDS)
    return [ledger.asked[address] - since for since, (_, address) in zip(begun, people, strict=True)]


def _free(work: Work, agent_id: UUID) -> float:
    """Let an agent become free; return when, a moment before the commit.

    The bell rings after the commit: its time belongs to the way to the carrier.
    """
    with work.transaction() as session:
        set_agent_state(session, agent_id, "available", None, work.at(), "bench")
        return time.perf_counter()


@contextmanager
def _worker(ground: Ground, url: str, api_url: str) -> Iterator[None]:
    """Run the product's worker, and wait until it listens."""
    with processes.running(ground, url, api_url, "worker"):
        until(lambda: workers(ground.redis_url) > 0, PATIENCE_SECONDS)
        yield


@contextmanager
def recording_carrier(ledger: Ledger) -> Iterator[str]:
    """Serve the one REST address that places calls."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave together: apart, the second would wait 40 ms for the first to be acknowledged.
        wbufsize = -1

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            ledger.note(form["To"][0])
            body = json.dumps({"sid": f"CA{ids.new().hex}", "status": "queued"}).encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

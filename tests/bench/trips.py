"""Row: database round trips of every kind of webhook that whole telephone calls bring about.

The simulated network plays the calls against the application in this process, one webhook at a time, so
that the round trips between a webhook's start and its answer are that webhook's. The worst of each kind
counts. Left out are webhooks that opened a connection, and everything before the first call was over: a
process reads the configuration once.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from urllib.parse import parse_qs, urlsplit

from callcenter.db import Database
from callcenter.simulator import WebhookRequest, WebhookResponse
from tests.bench.figures import spread
from tests.bench.goals import TRIPS_ARRIVAL, TRIPS_CHOICE, TRIPS_WORST, Row
from tests.bench.ground import Ground
from tests.bench.plays import NOBODYS, PLAYS, Stage
from tests.bench.rig import Rig, rig
from tests.bench.wire import Tap, tap
from tests.web.twilio import PUBLIC_URL

MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TICK_SECONDS = 5.0
HOW = "counted on the wire: ReadyForQuery, BEGIN, COMMIT and pool pings included"
_NAMES_ONE = re.compile(r"/(?:(leg|progress)/[^/]+/[^/]+|(recording/room)/[^/]+)")
Counts = Mapping[str, Sequence[int]]


def measure(ground: Ground, _calls: int) -> list[Row]:
    """Play every kind of call; return the rows."""
    return rows(count(ground.server_url, ground.database("trips")))


def rows(counts: Counts) -> list[Row]:
    """Return the rows of what was counted."""
    worst = {name: max(trips) for name, trips in counts.items()}
    name = max(worst, key=worst.__getitem__)
    every = dict(sorted(worst.items(), key=lambda item: -item[1]))
    return [
        Row(TRIPS_ARRIVAL, spread([median(counts["voice"])]), HOW),
        Row(TRIPS_CHOICE, spread([median(counts["voice/keys:opens ticket"])]), HOW),
        Row(TRIPS_WORST, spread([worst[name]]), f"{name}, of {len(worst)} kinds", beside=every),
    ]


def count(server_url: str, database_url: str) -> Counts:
    """Return how many round trips each webhook of each kind needed, over all plays, on an empty database."""
    with tap(server_url) as way:
        database = Database(way.url(database_url))
        with rig(database, MONDAY_MORNING, tick_seconds=TICK_SECONDS) as centre:
            counter = _Counter(centre, way)
            centre.net.number(
                NOBODYS, f"{PUBLIC_URL}/twilio/voice", status_callback=f"{PUBLIC_URL}/twilio/status"
            )
            stage = Stage(centre)
            PLAYS[0](stage)
            counter.counts.clear()
            for play in PLAYS:
                play(stage)
        database.dispose()
    return counter.counts


class _Counter:
    """Carries webhooks into the application, counting."""

    def __init__(self, centre: Rig, way: Tap) -> None:
        self.counts: dict[str, list[int]] = defaultdict(list)
        self._way = way
        self._carry = centre.post
        centre.net.post = self.post

    def post(self, request: WebhookRequest) -> WebhookResponse:
        """Carry one."""
        before = self._way.trips, self._way.connections
        answer = self._carry(request)
        if request.method == "POST" and self._way.connections == before[1]:
            name = kind(urlsplit(request.url).path, request.body, answer.body)
            self.counts[name].append(self._way.trips - before[0])
        return answer


def kind(path: str, body: bytes, answer: bytes) -> str:
    """Name a webhook by its address without what differs from call to call, and by what it told."""
    form = parse_qs(body.decode())
    name = re.sub(
        r"/\d+$", "", _NAMES_ONE.sub(lambda it: f"/{it[1] or it[2]}", path).removeprefix("/twilio/")
    )
    if "StatusCallbackEvent" in form:
        return f"{name}:{form['StatusCallbackEvent'][0]}"
    if name in ("progress", "status"):
        return f"{name}:{form['CallStatus'][0]}"
    return f"{name}:opens ticket" if name == "voice/keys" and b"<Enqueue" in answer else name

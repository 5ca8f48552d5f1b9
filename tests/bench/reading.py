"""Rows: what supervisors read among a year of calls: the list with every filter, a story, a month's figures.

A real web process answers over HTTP, one request at a time; what is measured is the whole answer. The list is
asked with each filter of the API alone, with filters that find little or nothing, and far back. The month
is the last one, its days closed as the clock closes them: open are the last day, and the last week's tickets.
"""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from callcenter.access.actions import issue_token
from callcenter.calls.models import Call
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.staff.models import Agent
from callcenter.standards.formulas import CALLS, TICKETS
from callcenter.standards.jobs import close
from callcenter.standards.queries import Due, closed_places
from callcenter.tickets.models import Ticket
from tests.bench import processes
from tests.bench.figures import percentile, spread
from tests.bench.goals import LIST, LIST_WORST, MONTH, STORY, Row
from tests.bench.ground import Ground
from tests.bench.scale import Scale

API = "/api/v1"
STORIES = 25
OPEN_DAYS = {CALLS: 1, TICKETS: 8}
"""Of the last month; a part closes so many days after."""


@dataclass
class Reader:
    """A supervisor at a web process."""

    wire: http.client.HTTPConnection
    token: str

    def get(self, path: str, query: dict[str, Any] | None = None) -> tuple[float, Any]:
        """Return the milliseconds of an answer, and the answer; raise RuntimeError for any but 200."""
        target = f"{API}{path}?{urlencode(query)}" if query else f"{API}{path}"
        begun = time.perf_counter()
        self.wire.request("GET", target, headers={"Authorization": f"Bearer {self.token}"})
        answer = self.wire.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{target} answered {answer.status}: {body[:300]!r}")
        return took, json.loads(body)


def measure(ground: Ground, scale: Scale) -> list[Row]:
    """Return the rows."""
    url = ground.with_history(scale.history, scale.seed)
    with ground.work(url) as work:
        asked, month_asked, sids = filters(work), _month(work), _some_sids(work, STORIES)
        with _reader(ground, url, work) as reader:
            lists = {name: _p50(reader, "/calls", query, scale.reads) for name, query in asked.items()}
            stories = [reader.get(f"/calls/{sid}")[0] for sid in sids for _ in range(2)]
            reader.get("/standards", month_asked)
            months = [reader.get("/standards", month_asked)[0] for _ in range(max(3, scale.reads // 8))]
    return _rows(f"{scale.history:,} calls", lists, stories, months)


def _rows(calls: str, lists: dict[str, float], stories: list[float], months: list[float]) -> list[Row]:
    worst = max(lists, key=lists.__getitem__)
    ordered = dict(sorted(lists.items(), key=lambda item: -item[1]))
    story = spread([percentile(stories, 0.5)])
    return [
        Row(LIST, spread([lists["newest"]]), f"{calls}; over HTTP, one at a time"),
        Row(LIST_WORST, spread([lists[worst]]), f"{worst}, of {len(lists)} filters; {calls}", beside=ordered),
        Row(STORY, story, calls, beside={"p99_ms": percentile(stories, 0.99)}),
        Row(MONTH, spread(months), f"{calls}; its last day and the last week's tickets are counted anew"),
    ]


def filters(work: Work) -> dict[str, dict[str, Any]]:
    """Return queries of the call list by what they ask."""
    with work.db.reading() as session:
        call = session.execute(_old_call()).scalar_one()
        agent = session.scalars(sa.select(Agent.key).where(Agent.id == call.agent_id)).one()
        ticket = session.scalars(sa.select(Ticket.number).where(Ticket.call_id == call.id)).first()
    number, sid = str(call.from_number), str(call.sid)
    start = call.started_at - timedelta(hours=1)
    period = {"started_after": start.isoformat(), "started_before": call.started_at.isoformat()}
    one_day = {"day_from": call.day.isoformat(), "day_to": call.day.isoformat()}
    return {
        "newest": {}, "biggest page": {"limit": 200},
        "line": {"line": "hotline"}, "smallest line": {"line": "chengdu"},
        "line and day": {"line": "chengdu", **one_day}, "day": one_day, "hour": period,
        "agent": {"agent": agent}, "agent without calls": {"agent": "liu-yang"},
        "agent and outcome": {"agent": agent, "outcome": "abandoned_in_queue"},
        "agent, outcome, day": {"agent": agent, "outcome": "answered", **one_day},
        "outcome answered": {"outcome": "answered"}, "outcome rare": {"outcome": "abandoned_short"},
        "outcome never": {"outcome": "blocked"}, "outcomes never": {"outcome": "failed,blocked,overflow"},
        "outcome never, line": {"outcome": "failed", "line": "guangzhou"},
        "inbound": {"direction": "inbound"}, "outbound": {"direction": "outbound"},
        "outbound, unknown outcome": {"direction": "outbound", "outcome": "not_reached"},
        "from": {"from": number}, "from nobody": {"from": "+8613000000001"},
        "to the line": {"to": call.to_number}, "to a customer": {"to": number},
        "to nobody": {"to": "+8613000000001"},
        "last 4 digits": {"q": number[-4:]}, "last 8 digits": {"q": number[-8:]},
        "last digits of nobody": {"q": "00000001"}, "last digits of the line": {"q": call.to_number[-4:]},
        "search sid": {"q": sid}, "search number": {"q": number}, "search ticket": {"q": ticket or "1"},
        "search nothing": {"q": "no such thing"}, "search and day": {"q": number[-4:], **one_day},
        "queued": {"queued": "true"}, "not queued": {"queued": "false"}, "ended": {"ended": "true"},
        "open": {"ended": "false"},
        "short": {"short": "true"}, "short of an agent": {"short": "true", "agent": agent},
        "ring judged": {"ring": "judged"}, "ring measurable": {"ring": "measurable"},
        "ring estimated": {"ring": "estimated"}, "ring accepted": {"ring": "accepted"},
        "first offer judged": {"ring": "first_offer_judged"},
        "ring estimated, line": {"ring": "estimated", "line": "chengdu"},
        "ring of an agent": {"ring": "judged", "agent": agent},
        "estimated ring of an agent": {"ring": "estimated", "agent": agent},
        "ring of an agent without calls": {"ring": "judged", "agent": "liu-yang"},
        "first offers of an agent": {"ring": "first_offer_judged", "agent": agent},
        "first offers of an agent without calls": {"ring": "first_offer_judged", "agent": "liu-yang"},
        "before long ago": {"started_before": call.started_at.isoformat()},
    }  # fmt: skip


def _old_call() -> sa.Select[Call]:
    """Return an answered call from the middle of the history."""
    middle = sa.select(
        sa.func.min(Call.started_at) + (sa.func.max(Call.started_at) - sa.func.min(Call.started_at)) / 2
    ).scalar_subquery()
    return (
        sa.select(Call)
        .where(Call.started_at >= middle, Call.outcome == "answered", Call.direction == "inbound")
        .order_by(Call.started_at)
        .limit(1)
    )


def _some_sids(work: Work, how_many: int) -> Sequence[str]:
    """Return the SIDs of answered calls from all over the year."""
    with work.db.reading() as session:
        first, last = session.execute(
            sa.select(sa.func.min(Call.started_at), sa.func.max(Call.started_at))
        ).one()
        step = (last - first) / (how_many + 1)
        found = (session.scalars(_answered_after(first + step * n)).first() for n in range(how_many))
        return [str(sid) for sid in found if sid]


def _answered_after(at: datetime) -> sa.Select[str | None]:
    return (
        sa.select(Call.sid)
        .where(Call.started_at >= at, Call.outcome == "answered")
        .order_by(Call.started_at)
        .limit(1)
    )


def _month(work: Work) -> dict[str, str]:
    """Return the busiest line and the last thirty days, closed as far as they would be by then."""
    with work.db.reading() as session:
        last = session.execute(sa.select(sa.func.max(Call.day))).scalar_one()
        line_id = session.execute(sa.select(Line.id).where(Line.key == "hotline")).scalar_one()
    first = last - timedelta(days=29)
    for part, open_days in OPEN_DAYS.items():
        for number in range(30 - open_days):
            _close(work, Due(part, line_id, first + timedelta(days=number)))
    return {"line": "hotline", "from": first.isoformat(), "to": last.isoformat()}


def _close(work: Work, due: Due) -> None:
    """Close a day, unless an earlier run on this database has."""
    with work.db.reading() as session:
        closed = due.line_id in closed_places(session, due.part, due.day)
    if not closed:
        close(work.db, due, work.at())


def _p50(reader: Reader, path: str, query: dict[str, Any], times: int) -> float:
    reader.get(path, query)
    return percentile([reader.get(path, query)[0] for _ in range(times)], 0.5)


@contextmanager
def _reader(ground: Ground, url: str, work: Work) -> Iterator[Reader]:
    with work.transaction() as session:
        token = issue_token(session, role="supervisor", name="bench", at=work.at(), actor="bench")
    with processes.product(ground, url) as server:
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        yield Reader(wire, token)
        wire.close()

"""Row: how late a promised callback is when Redis was wiped before it was due, and once more just after.

Worker and clock are the product's own processes; the carrier is a server that notes when the agent of each
callback was asked to be rung. The row in the database is all that is left of a promise.
"""

import time
from datetime import timedelta

import sqlalchemy as sa

from callcenter.bell import connect, workers
from callcenter.callbacks.actions import book_callback
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from tests.bench.figures import spread
from tests.bench.goals import WIPED, Row
from tests.bench.ground import Ground
from tests.bench.processes import running
from tests.bench.ringing import PATIENCE_SECONDS, Ledger, recording_carrier
from tests.waiting import until
from tests.xinghe import HOTLINE

APART = timedelta(seconds=3)
BEFORE = AFTER = 0.3


def measure(ground: Ground, callbacks: int) -> list[Row]:
    """Book callbacks a few seconds apart, wipe around each due time; return the row, the worst of them."""
    url, ledger = ground.with_centre("wiped"), Ledger()
    with (
        recording_carrier(ledger) as api_url,
        ground.work(url) as work,
        running(ground, url, api_url, "worker"),
        running(ground, url, api_url, "clock"),
    ):
        until(lambda: workers(ground.redis_url) > 0, PATIENCE_SECONDS)
        due = _book(work, callbacks)
        for place, at in enumerate(due):
            for instant in (at - BEFORE, at + AFTER):
                until(lambda then=instant: time.time() >= then, PATIENCE_SECONDS)  # type: ignore[misc]
                connect(ground.redis_url).flushall()
            until(lambda wanted=place: len(ledger.times) > wanted, PATIENCE_SECONDS)  # type: ignore[misc]
    late = [asked - at for asked, at in zip(ledger.times, due, strict=False)]
    said = f"the worst of {len(late)}; the clock looks every second"
    return [Row(WIPED, spread([max(late)]), said, beside={"least_s": min(late)})]


def _book(work: Work, callbacks: int) -> list[float]:
    """Promise calls; return when each is due."""
    first = work.at() + timedelta(seconds=5)
    due = [first + APART * place for place in range(callbacks)]
    with work.transaction() as session:
        line = session.scalars(sa.select(Line.id).where(Line.number == HOTLINE)).one()
        skill = session.scalars(sa.select(Skill.id).where(Skill.key == "general")).one()
        for place, at in enumerate(due):
            book_callback(
                session, number=f"+86138001380{place:02}", line_id=line, skill_id=skill, language="zh-CN",
                at=work.at(), actor="bench", due_at=at,
            )  # fmt: skip
    return [at.timestamp() for at in due]

"""A8: every webhook is answered in time however far the database is, and no apology hides half a deed.

In time is measured at full size only; whether what was answered is TwiML, and what is left behind, always.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from statistics import quantiles
from xml.etree import ElementTree

import sqlalchemy as sa

from tests.prove.planting import fault, is_planted
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.link import Link, link
from tests.prove.webhooks.stories import Caller, Post
from tests.prove.webhooks.wires import (
    SOCKETS_FROM,
    Answer,
    Sockets,
    Straight,
    Wire,
    in_process,
    is_apology,
    open_centre,
    web_process,
)

PER_SECOND = 20
SECONDS = 60
P99_SECONDS = {0.0: 0.3, 0.2: 1.0, 0.5: 2.0}
"""What is added to a round trip, and how long 99 of 100 answers may take."""
HUNG_SECONDS = 3.5
SMALL_DEADLINE = 0.5
VERBS = frozenset(
    {"Say", "Play", "Gather", "Record", "Redirect", "Enqueue", "Leave", "Hangup", "Pause", "Dial"}
)


@dataclass
class Timing:
    """Sends webhooks at their times and notes how long each answer took, from when it was due."""

    wire: Wire
    verdict: Verdict
    took: list[float] = field(default_factory=list)
    apologised: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)

    async def post(self, post: Post, call: str, due: float = 0.0) -> Answer:
        """Send a webhook when it is due; it must be answered with TwiML."""
        loop = asyncio.get_running_loop()
        begun = max(due, loop.time())
        await _until(begun)
        answer = await self.wire.send(post.request)
        self.took.append(loop.time() - begun)
        self.verdict.trials += 1
        if answer.status != 200 or not is_twiml(answer.body):
            self.verdict.failed(f"{post.request.target} was answered with {answer.status}, no TwiML")
        (self.apologised if is_apology(answer) else self.answered).add(call)
        return answer


def is_twiml(body: bytes) -> bool:
    """Say whether a document is one that the carrier would carry out."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return False
    return root.tag == "Response" and len(root) > 0 and all(verb.tag in VERBS for verb in root)


async def _until(moment: float) -> None:
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_at(moment, passed.set_result, None)
    await passed


def prove(trial: Trial) -> Verdict:
    """Answer 20 webhooks a second over longer and longer ways, then while nothing comes back at all."""
    open_centre(trial.database)
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict, numbers = Verdict(0), iter(range(1, 1_000_000, 1_000))
    with link(trial.database) as way:
        async with _near(trial, way) as wire:
            if is_timed(trial):
                for delay, limit in P99_SECONDS.items():
                    way.delay = delay
                    await _far(wire, trial, next(numbers), delay, limit, verdict)
                way.delay = 0.0
            await _cut(wire, way, trial, next(numbers), verdict)
            await _cut_at_commit(wire, way, trial, next(numbers), verdict)
    return verdict


def is_timed(trial: Trial) -> bool:
    """Say whether this run is a measurement."""
    return trial.scale >= SOCKETS_FROM and not is_planted()


@asynccontextmanager
async def _near(trial: Trial, way: Link) -> AsyncIterator[Wire]:
    """Yield the way into a process whose database is behind the link."""
    if not is_timed(trial):
        with in_process(way.url(trial.database), SMALL_DEADLINE) as app:
            yield Straight(app)
        return
    with web_process(way.url(trial.database)) as server:
        wire = Sockets(server.port)
        yield wire
        await wire.close()


async def _far(wire: Wire, trial: Trial, first: int, delay: float, limit: float, verdict: Verdict) -> None:
    """Let calls come in and press a key two seconds later; count what is slow."""
    timing = Timing(wire, verdict)
    calls = trial.of(PER_SECOND * SECONDS // 2, least=20)
    begun = asyncio.get_running_loop().time() + 0.5

    async def one(number: int) -> None:
        arrives, presses = _calls(first + number)
        due = begun + 2 * number / PER_SECOND
        answer = await timing.post(arrives, presses.request.target, due)
        if not is_apology(answer):
            await timing.post(presses, str(number), due + 2)

    await asyncio.gather(*(one(number) for number in range(calls)))
    p99 = quantiles(timing.took, n=100)[98]
    verdict.measured[f"+{delay * 1000:.0f} ms"] = (
        f"p50 {quantiles(timing.took, n=2)[0]:.3f} s, p99 {p99:.3f} s"
    )
    if p99 > limit:
        verdict.failed(f"with {delay} s more, 99 of 100 answers took {p99:.2f} s, not {limit}")


def _calls(number: int) -> tuple[Post, Post]:
    caller = Caller(number, datetime.now(UTC))
    return caller.voice("/twilio/voice"), caller.voice("/twilio/voice/keys/1", Digits="1")


async def _cut(wire: Wire, way: Link, trial: Trial, first: int, verdict: Verdict) -> None:
    """Cut the way between a greeting and the key; what was apologised for must not have happened."""
    timing = Timing(wire, verdict)
    count = min(trial.of(PER_SECOND * SECONDS, least=6), 120)
    made = {number: _calls(first + number) for number in range(count)}
    for number, (arrives, _) in list(made.items()):
        if is_apology(await timing.post(arrives, "greeting")):
            del made[number]
    timing = replace(timing, took=[], apologised=set(), answered=set())
    way.hang()
    due = asyncio.get_running_loop().time()
    spread = 1 / PER_SECOND if is_timed(trial) else 0
    await asyncio.gather(
        *(
            timing.post(presses, _sid(first + number), due + number * spread)
            for number, (_, presses) in made.items()
        )
    )
    way.go_on()
    _judge_slowest(trial, timing, "hung", verdict)
    await _quiet(trial.database, wire)
    judge(trial.database, timing, verdict)


async def _cut_at_commit(wire: Wire, way: Link, trial: Trial, first: int, verdict: Verdict) -> None:
    """Cut the way at a COMMIT, one call after the other; what was kept all the same is taken back."""
    timing = Timing(wire, verdict)
    for number in range(min(trial.of(20, least=3), 20)):
        arrives, presses = _calls(first + number)
        if is_apology(await timing.post(arrives, "greeting")):
            continue
        way.holds_commit = True
        await timing.post(presses, _sid(first + number))
        way.holds_commit = False
        way.go_on()
    _judge_slowest(trial, timing, "hung at COMMIT", verdict)
    if not timing.apologised - {"greeting"}:
        verdict.failed("no COMMIT was held: nothing was tried")
    await _quiet(trial.database, wire)
    judge(trial.database, timing, verdict)


def _judge_slowest(trial: Trial, timing: Timing, what: str, verdict: Verdict) -> None:
    if is_timed(trial):
        verdict.measured[what] = f"slowest {max(timing.took):.2f} s, {len(timing.apologised)} apologies"
        if max(timing.took) > HUNG_SECONDS:
            verdict.failed(f"while it was {what} an answer took {max(timing.took):.2f} s")


def _sid(number: int) -> str:
    return Caller(number, datetime.now(UTC)).sid


_BUSY = """SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
_NOTES = "SELECT count(*) FROM call_events WHERE kind = 'apology'"


async def _quiet(url: str, wire: Wire) -> None:
    """Wait until nothing is under way in the database and every apology's note has come home."""
    engine, loop = sa.create_engine(url, isolation_level="AUTOCOMMIT"), asyncio.get_running_loop()
    rests, notes, until = 0, -1, loop.time() + 30
    with engine.connect() as connection:
        while rests < 3 and loop.time() < until:
            await _until(loop.time() + (0.05 if isinstance(wire, Straight) else 1.0))
            if isinstance(wire, Straight):
                wire.app.state.look()
            now = connection.execute(sa.text(_NOTES)).scalar_one()
            busy = connection.execute(sa.text(_BUSY)).scalar_one()
            rests, notes = (rests + 1, now) if now == notes and not busy else (0, now)
    engine.dispose()


_STATE = """SELECT l.sid,
 (SELECT count(*) FROM call_events e WHERE e.leg_sid = l.sid AND e.key = '1') AS turns,
 (SELECT count(*) FROM tickets t WHERE t.call_id = l.call_id) AS tickets,
 (SELECT count(*) FROM waits w WHERE w.call_id = l.call_id
  AND w.state IN ('waiting', 'offered', 'won')) AS waits
 FROM legs l"""


def judge(url: str, timing: Timing, verdict: Verdict) -> None:
    """Compare what callers heard with what is there: all of a turn and its line, or nothing to wait for."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = {row.sid: row for row in connection.execute(sa.text(_STATE))}
    engine.dispose()
    for sid in sorted(timing.answered - {"greeting"}):
        if (rows[sid].turns, rows[sid].tickets, rows[sid].waits) != (1, 1, 1):
            verdict.failed(f"{sid} was answered, and {rows[sid]} is there")
    for sid in sorted(timing.apologised - {"greeting"}):
        if rows[sid].waits or rows[sid].tickets != rows[sid].turns:
            verdict.failed(f"{sid} heard the apology, and {rows[sid]} is there")


A8 = Proof(
    id="A8",
    promise="every webhook is answered in time, and nothing half-done is behind an apology",
    prove=prove,
    mutants={
        "the thread does not ask before it commits": fault(
            ("callcenter.web.twilio.Claim.take", plants.always)
        ),
        "nothing is taken back": fault(("callcenter.switchboard.progress.take_back", plants.nothing)),
        "a late answer is an error": fault(("callcenter.web.twilio.Bridge._apologise", plants.an_error)),
    },
    databases=("postgresql",),
    small=0.004,
    alone=True,
)

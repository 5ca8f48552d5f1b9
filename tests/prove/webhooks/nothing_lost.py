"""A1: nothing lost, nothing doubled, no state that goes back, whatever comes twice, late or out of order."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import sqlalchemy as sa

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.attempts import lay_out
from tests.prove.webhooks.stories import Post, Story, doubled, inbound, placed
from tests.prove.webhooks.wires import Wire, delivered, door

CALLS = 28_000
"""So many that what is told of them is 100,000 webhooks."""
AT_ONCE = 12


@dataclass
class Sending:
    """Sends stories, and counts what it sent."""

    wire: Wire
    random: Random
    verdict: Verdict
    webhooks: int = 0
    apologies: int = 0
    later: list[Post] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    async def tell(self, story: Story) -> None:
        """Send a story's webhooks one after the other; all of the first of each kind are doubled."""
        first = story.kind not in self.kinds
        self.kinds.add(story.kind)
        for post, way in list(doubled(story.posts, self.random, all_of_them=first)):
            if way == "together":
                await asyncio.gather(self.post(post), self.post(post))
            else:
                await self.post(post)
            if way == "again":
                self.later.append(post)
        self.later.extend(story.late)

    async def post(self, post: Post) -> None:
        """Send until it is answered with something else than an apology, which keeps nothing."""
        answer, apologies = await delivered(self.wire, post.request)
        self.webhooks += 1 + apologies
        self.apologies += apologies
        if answer.status != (200 if post.voice else 204):
            self.verdict.failed(f"{post.request.target} was answered with {answer.status}")
        if post.hangs_up and b"<Hangup" not in answer.body:
            self.verdict.failed(f"{post.request.target} after the end was answered with more than a hang-up")


def prove(trial: Trial) -> Verdict:
    """Tell the stories of so many calls, many at once, then read what is in the database."""
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict, random = Verdict(0), Random(trial.seed)
    async with door(trial) as wire:
        sending = Sending(wire, random, verdict)
        stories = write(trial, random)
        await all_of(stories, sending.tell)
        random.shuffle(sending.later)
        await all_of(sending.later, sending.post)
    judge(trial.database, stories, verdict)
    verdict.trials = len(stories)
    verdict.measured = {"webhooks": sending.webhooks, "apologies": sending.apologies}
    return verdict


def write(trial: Trial, random: Random) -> list[Story]:
    """Write the stories: three of five are callers, two are legs that we placed."""
    count = trial.of(CALLS, least=10)
    now = datetime.now(UTC)
    numbers = range(1, count + 1)
    legs = lay_out(trial.database, [number for number in numbers if number % 5 >= 3])
    return [
        placed(number, now, *legs[number], random) if number in legs else inbound(number, now)
        for number in numbers
    ]


async def all_of(items: Sequence[Any], do: Any) -> None:
    """Do it with each, a dozen at once."""
    waiting = iter(items)

    async def one_after_the_other() -> None:
        for item in waiting:
            await do(item)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


_CALLS = """SELECT l.sid, l.state, l.turn, l.initiated_at, l.ringing_at, l.answered_at, l.ended_at,
 c.outcome, c.ended_at AS over, l.attempt_id, a.state AS attempt FROM legs l
 LEFT JOIN calls c ON c.id = l.call_id LEFT JOIN attempts a ON a.sid = l.sid"""
_TICKETS = "SELECT c.sid, t.kind FROM tickets t JOIN calls c ON c.id = t.call_id"
_EVENTS = "SELECT leg_sid AS sid, kind FROM call_events"
_LEFT = {
    "waits that live": "SELECT count(*) FROM waits WHERE state IN ('waiting', 'offered', 'won')",
    "calls that are open": "SELECT count(*) FROM calls WHERE outcome = 'open'",
    "offers that live": "SELECT count(*) FROM offers WHERE state IN ('ringing', 'accepted', 'joined')",
    "tickets without a call": "SELECT count(*) FROM tickets WHERE call_id IS NULL",
    "counts of sequence numbers that were skipped": "SELECT (SELECT coalesce(sum(last), 0) FROM"
    " ticket_counters) - (SELECT count(*) FROM tickets)",
}


def judge(url: str, stories: Iterable[Story], verdict: Verdict) -> None:
    """Compare every call with its story; whatever no story tells must not be there."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = {row["sid"]: row for row in connection.execute(sa.text(_CALLS)).mappings()}
        tickets = _grouped(connection, _TICKETS)
        events = _grouped(connection, _EVENTS)
        for what, query in _LEFT.items():
            if found := connection.execute(sa.text(query)).scalar_one():
                verdict.failed(f"{found} {what}")
    engine.dispose()
    known = {story.sid for story in stories}
    for stranger in sorted(set(rows) - known):
        verdict.failed(f"{stranger} is a leg that nobody told of")
    for story in stories:
        row = rows.get(story.sid)
        wrong = _compare(story, row, tickets[story.sid], events[story.sid]) if row else ["was lost"]
        for sentence in wrong:
            verdict.failed(f"{story.kind} {story.sid}: {sentence}")


def _grouped(connection: sa.Connection, query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for sid, kind in connection.execute(sa.text(query)):
        found[sid].append(kind)
    return found


def _compare(story: Story, row: Any, tickets: list[str], events: list[str]) -> list[str]:
    """Return what is wrong with one call."""
    stamps = {name: _instant(row[name]) for name in story.stamps}
    checks = {
        f"state {row['state']}, not {story.state}": row["state"] == story.state,
        f"outcome {row['outcome']}": row["outcome"] in story.outcomes,
        "not over": row["over"] is not None,
        f"tickets {tickets}, not {list(story.tickets)}": tuple(tickets) == story.tickets,
        f"{events.count('turn')} documents, not {story.turns}": events.count("turn") == story.turns
        and row["turn"] == story.turns,
        f"stamps {stamps}": stamps == story.stamps,
        f"{events.count('status')} statuses": events.count("status") == _statuses(story),
        f"attempt {row['attempt']}": story.attempt is None or row["attempt"] == "ended",
    }
    return [sentence for sentence, true in checks.items() if not true]


def _statuses(story: Story) -> int:
    return sum(
        not post.voice and b"CallStatus=in-progress&D" not in post.request.body
        for post in (*story.posts, *story.late)
    )


def _instant(value: Any) -> datetime | None:
    """Read a time as either database gives it."""
    if value is None:
        return None
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


A1 = Proof(
    id="A1",
    promise="nothing lost, nothing doubled: every call ends as its webhooks in order would have it",
    prove=prove,
    mutants={
        "the end of a leg is overwritten": fault(("callcenter.calls.rules.next_state", plants.last_word)),
        "arrival is taken for the carrier's stamp": fault(("callcenter.web.progress._stamp", plants.arrival)),
        "a call that has ended goes on": fault(("callcenter.switchboard.inbound.go_on", plants.go_on)),
        "nothing is locked, nor looked for": fault(
            ("callcenter.calls.queries.leg_by_sid", plants.unlocked),
            ("callcenter.calls.queries.call_by_id", plants.unlocked_call),
            ("callcenter.switchboard.answers.ticket_of_call", plants.nothing),
            ("callcenter.switchboard.ahead.ask_ticket_of_sid", plants.no_answer),
        ),
    },
    small=0.0006,
)

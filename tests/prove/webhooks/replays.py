"""A5: a signature has no time stamp, so replays validate for ever; they must do nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.attempts import lay_out
from tests.prove.webhooks.books import books, differences
from tests.prove.webhooks.nothing_lost import all_of
from tests.prove.webhooks.stories import Post, inbound, placed
from tests.prove.webhooks.wires import Clock, Wire, delivered, door

REQUESTS = 10_000
PER_STORY = 3.3
DELAYS = {"1 s": timedelta(seconds=1), "10 min": timedelta(minutes=10), "30 days": timedelta(days=30)}


@dataclass
class Telling:
    """Sends stories once, in order; every fourth one is left unfinished."""

    wire: Wire
    sent: list[Post] = field(default_factory=list)

    async def tell(self, numbered: tuple[int, list[Post]]) -> None:
        """Send one story."""
        number, posts = numbered
        for post in posts[:-1] if number % 4 == 0 and len(posts) > 1 else posts:
            await delivered(self.wire, post.request)
            self.sent.append(post)


def prove(trial: Trial) -> Verdict:
    """Tell stories; replay every request of theirs at three later times; compare all tables."""
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict, random = Verdict(0), Random(trial.seed)
    async with _ready(trial) as (wire, clock):
        telling = Telling(wire)
        await all_of(_stories(trial, random), telling.tell)
        for name, delay in DELAYS.items():
            clock.set(delay)
            random.shuffle(telling.sent)
            before = books(trial.database)
            await _replay(wire, telling.sent, name, verdict)
            for change in differences(before, books(trial.database)):
                verdict.failed(f"after {name}: {change}")
    verdict.measured = {"requests": len(telling.sent)}
    return verdict


@asynccontextmanager
async def _ready(trial: Trial) -> AsyncIterator[tuple[Wire, Clock]]:
    with Clock.on_a_file() as clock:
        async with door(trial, clock=clock) as wire:
            yield wire, clock


def _stories(trial: Trial, random: Random) -> list[tuple[int, list[Post]]]:
    numbers = range(1, 1 + trial.of(round(REQUESTS / PER_STORY), least=10))
    legs = lay_out(trial.database, [number for number in numbers if number % 5 >= 3])
    now = datetime.now(UTC)
    told = [
        placed(number, now, *legs[number], random) if number in legs else inbound(number, now)
        for number in numbers
    ]
    return [(number, [*story.posts, *story.late]) for number, story in enumerate(told)]


async def _replay(wire: Wire, posts: list[Post], name: str, verdict: Verdict) -> None:
    async def again(post: Post) -> None:
        answer, _ = await delivered(wire, post.request)
        verdict.trials += 1
        if answer.status not in (200, 204):
            verdict.failed(f"{post.request.target} after {name} was answered with {answer.status}")

    await all_of(posts, again)


A5 = Proof(
    id="A5",
    promise="a request that is replayed after a second, ten minutes or thirty days has no effect",
    prove=prove,
    mutants={
        "an event's key has its time of arrival in it": fault(
            ("callcenter.switchboard.progress._note", plants.note_again)
        ),
        "a second report makes a second recording": fault(
            ("callcenter.switchboard.progress.keep_recording", plants.keep_again)
        ),
        "a second report of a message makes a second ticket": fault(
            ("callcenter.switchboard.answers.ticket_of_call", plants.nothing)
        ),
    },
    small=0.004,
)

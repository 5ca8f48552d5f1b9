"""A2: a request that comes again gets the very same document, and has its effects once."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.nothing_lost import all_of, judge
from tests.prove.webhooks.stories import Post, Story, inbound
from tests.prove.webhooks.wires import Wire, delivered, door, is_apology

DOCUMENTS = 10_000
PER_STORY = 15 / 7
"""Requests for documents in a story, over all kinds."""
EXCUSED = 0.05
"""A deadline's apology is no second answer; one for each repetition is a fault of ours."""


@dataclass
class Repeating:
    """Sends each request for a document two to five times, three of ten times all at once."""

    wire: Wire
    random: Random
    verdict: Verdict
    apologies: int = 0

    async def tell(self, story: Story) -> None:
        """Send a story in its order."""
        for post in story.posts:
            if post.voice:
                await self._repeat(post, self.random.randint(2, 5), at_once=self.random.random() < 0.3)
            else:
                await delivered(self.wire, post.request)

    async def _repeat(self, post: Post, times: int, *, at_once: bool) -> None:
        if at_once:
            answers = await asyncio.gather(*(self.wire.send(post.request) for _ in range(times)))
        else:
            answers = [await self.wire.send(post.request) for _ in range(times)]
        self.apologies += sum(map(is_apology, answers))
        taken, _ = await delivered(self.wire, post.request)
        documents = {(each.status, each.body) for each in (*answers, taken) if not is_apology(each)}
        self.verdict.trials += 1
        if len(documents) != 1 or next(iter(documents))[0] != 200:
            self.verdict.failed(f"{post.request.target} had {len(documents)} answers")


def prove(trial: Trial) -> Verdict:
    """Tell stories with every request repeated; each request's answers must be one, its effects too."""
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict, now = Verdict(0), datetime.now(UTC)
    stories = [
        inbound(number, now) for number in range(1, 1 + trial.of(round(DOCUMENTS / PER_STORY), least=7))
    ]
    async with door(trial) as wire:
        repeating = Repeating(wire, Random(trial.seed), verdict)
        await all_of(stories, repeating.tell)
    judge(trial.database, stories, verdict)
    if repeating.apologies > verdict.trials * EXCUSED:
        verdict.failed(f"{repeating.apologies} apologies are more than deadlines explain")
    verdict.measured = {"stories": len(stories), "apologies": repeating.apologies}
    return verdict


A2 = Proof(
    id="A2",
    promise="a request that comes again gets the same document, byte for byte, with its effects once",
    prove=prove,
    mutants={
        "what was answered is forgotten": fault(("callcenter.calls.queries.stored_document", plants.nothing)),
        "nothing is locked, nor looked for": fault(
            ("callcenter.calls.queries.leg_by_sid", plants.unlocked),
            ("callcenter.calls.queries.call_by_id", plants.unlocked_call),
            ("callcenter.switchboard.answers.ticket_of_call", plants.nothing),
            ("callcenter.switchboard.ahead.ask_ticket_of_sid", plants.no_answer),
        ),
        "every request begins a turn of its own": fault(
            ("callcenter.switchboard.driver._is_current", plants.always),
            ("callcenter.calls.queries.stored_document", plants.nothing),
        ),
    },
    small=0.0015,
)

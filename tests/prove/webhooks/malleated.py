"""A4: signed, but not as it was sent: the same signed text cut into other fields changes nothing."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from urllib.parse import parse_qsl, urlencode

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.attempts import lay_out
from tests.prove.webhooks.forms import Pairs, signature
from tests.prove.webhooks.nothing_lost import all_of, judge
from tests.prove.webhooks.stories import Post, Story, inbound, placed
from tests.prove.webhooks.wires import Request, Straight, Wire, delivered, door, in_process
from tests.web.twilio import PUBLIC_URL

REQUESTS = 5_000
PER_STORY = 3.2
VARIANTS = 20


def variants(request: Request) -> Iterator[Request]:
    """Return requests that are signed alike: fields merged, boundaries moved, the address in the body."""
    pairs = sorted(set(parse_qsl(request.body.decode(), keep_blank_values=True)))
    for target, sent in _cuts(request.target, pairs):
        if (target, sorted(set(sent))) != (request.target, pairs) and _alike(request, target, sent):
            yield Request(target, urlencode(sent).encode(), request.headers)


def _alike(request: Request, target: str, pairs: Pairs) -> bool:
    return signature(PUBLIC_URL + target, pairs) == dict(request.headers)["X-Twilio-Signature"]


def _takes_the_keys(request: Request, cut: Request) -> bool:
    """Say whether a cut takes from a request what the caller has pressed: no other has more to spoil."""
    return b"Digits=" in request.body and b"Digits=" not in cut.body and cut.target == request.target


def _cuts(target: str, pairs: Pairs) -> Iterator[tuple[str, Pairs]]:
    for here in range(len(pairs)):
        for sent in (*_merged(pairs, here), *_moved(pairs, here)):
            yield target, sent
    for length in range(1, len(target) - 1):
        yield target[:-length], [(target[-length:], ""), *pairs]
        yield target[:-length], [(target[-length:] + pairs[0][0], pairs[0][1]), *pairs[1:]]
    text = "".join(name + value for name, value in pairs)
    for length in (1, 10, len("AccountSid"), 60, len(text)):
        yield target + text[:length], [(text[length : length + 7], text[length + 7 :])]
    yield target, [(text[:10], text[10:])]
    yield target, [*pairs, *pairs]


def _merged(pairs: Pairs, here: int) -> Iterator[Pairs]:
    """Let a value take the next field, or all that follow."""
    before, (name, value), after = pairs[:here], pairs[here], pairs[here + 1 :]
    if after:
        yield [*before, (name, value + "".join(after[0])), *after[1:]]
        yield [*before, (name, value + "".join("".join(pair) for pair in after))]


def _moved(pairs: Pairs, here: int) -> Iterator[Pairs]:
    """Move the boundary inside a field, or the one behind it."""
    before, (name, value), after = pairs[:here], pairs[here], pairs[here + 1 :]
    yield [*before, (name + value[:1], value[1:]), *after]
    yield [*before, (name + value, ""), *after]
    yield [*before, (name[:-1], name[-1] + value), *after]
    yield [*before, (name, value[:-1]), (value[-1:], ""), *after]
    if after:
        following, told = after[0]
        rest = told + "".join("".join(pair) for pair in after[1:])
        yield [*before, (name, value + following[0]), (following[1:], told), *after[1:]]
        yield [*before, (name, value + following[0]), (following[1:], rest)]
        yield [*before, (name, value[:-1]), (value[-1:] + following, told), *after[1:]]


@dataclass
class Malleating:
    """Sends every webhook of a story in other cuts before and after the true one."""

    wire: Wire
    straight: Wire
    random: Random
    verdict: Verdict
    refused: int = 0
    as_true: int = 0

    async def tell(self, story: Story) -> None:
        """Send a story in its order."""
        for post in (*story.posts, *story.late):
            cuts = list(variants(post.request))
            self.random.shuffle(cuts)
            cuts.sort(key=lambda cut: not _takes_the_keys(post.request, cut))
            await self._try(cuts[: VARIANTS // 2])
            await self._true(post)
            await self._try(cuts[VARIANTS // 2 : VARIANTS])

    async def _try(self, cuts: list[Request]) -> None:
        for number, cut in enumerate(cuts):
            answer = await (self.wire if number == 0 else self.straight).send(cut)
            self.verdict.trials += 1
            if answer.status in (200, 204):
                self.as_true += 1
            elif answer.status in (400, 403, 404, 405):
                self.refused += 1
            else:
                self.verdict.failed(f"{cut.target} {cut.body[:200]!r} was answered with {answer.status}")

    async def _true(self, post: Post) -> None:
        answer, _ = await delivered(self.wire, post.request)
        if answer.status != (200 if post.voice else 204):
            self.verdict.failed(f"{post.request.target} itself was answered with {answer.status}")


def prove(trial: Trial) -> Verdict:
    """Tell stories among their malleated twins; every call must become what its story says."""
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict, random = Verdict(0), Random(trial.seed)
    async with door(trial) as wire:
        numbers = range(1, 1 + trial.of(round(REQUESTS / PER_STORY), least=10))
        legs = lay_out(trial.database, [number for number in numbers if number % 5 >= 3])
        now = datetime.now(UTC)
        stories = [
            placed(number, now, *legs[number], random) if number in legs else inbound(number, now)
            for number in numbers
        ]
        with in_process(trial.database, 60.0) as app:
            malleating = Malleating(wire, Straight(app), random, verdict)
            await all_of(stories, malleating.tell)
    judge(trial.database, stories, verdict)
    verdict.measured = {"refused": malleating.refused, "as_the_true_one": malleating.as_true}
    return verdict


A4 = Proof(
    id="A4",
    promise="what is signed alike but cut otherwise changes nothing that the true request does not",
    prove=prove,
    mutants={
        "boundaries are not looked at": fault(("callcenter.web.twilio.are_kept", plants.always)),
        "only names are looked at": fault(("callcenter.web.twilio.are_kept", plants.names_only)),
        "a gather without a key is silence": fault(("callcenter.web.voice._READERS", plants.READERS)),
        "a SID need only begin like one": fault(("callcenter.web.twilio._SIDS", plants.LOOSE_SIDS)),
    },
    databases=("sqlite", "postgresql"),
    small=0.02,
)

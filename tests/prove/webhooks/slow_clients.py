"""A7: whoever sends a byte now and then is let go, and disturbs nobody meanwhile."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest.mock import patch

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.forms import form, signed
from tests.prove.webhooks.nothing_lost import Sending, all_of, judge
from tests.prove.webhooks.stories import inbound
from tests.prove.webhooks.wires import SOCKETS_FROM, Request, Sockets, served

SOCKETS = 1_000
STORIES = 700
PATIENCE, SMALL_PATIENCE = 1.0, 0.2
"""Seconds; in a small proof so few that they pass while the calls are told."""
LET_GO_SECONDS = 8.0
"""Much longer than patience lasts: who is still there then is there for ever."""


@dataclass
class Slow:
    """Somebody who sends a signed request a byte at a time, and never the last one."""

    port: int
    number: int
    pause: float
    answered: bytes = b""

    async def drip(self) -> None:
        """Send until the server hangs up."""
        request = signed("/twilio/voice", form(f"CA{self.number:032x}", "+8613600000000"))
        text = request.head() + request.body
        begun = len(text) // 2 if self.number % 2 else 0
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text[:begun])
        listening = asyncio.create_task(reader.read())
        with suppress(ConnectionError):
            for byte in text[begun:-1]:
                if listening.done():
                    break
                writer.write(bytes([byte]))
                await asyncio.wait({listening}, timeout=self.pause)
            self.answered = await listening
        writer.close()


def prove(trial: Trial) -> Verdict:
    """Tell stories beside so many slow sockets; each of those must be let go."""
    small = trial.scale < SOCKETS_FROM
    patience = SMALL_PATIENCE if small else PATIENCE
    with patch("callcenter.web.patience.SECONDS", patience), served(trial) as server:
        return asyncio.run(
            _prove(trial, server.port, 0.05 if small else 1.0, LET_GO_SECONDS if small else 30, patience)
        )


async def _prove(trial: Trial, port: int, pause: float, let_go: float, patience: float) -> Verdict:
    verdict, wire = Verdict(0), Sockets(port)
    slow = [Slow(port, 10_000_000 + number, pause) for number in range(trial.of(SOCKETS, least=30))]
    dripping = [asyncio.create_task(each.drip()) for each in slow]
    stories = [inbound(number, datetime.now(UTC)) for number in range(1, 1 + trial.of(STORIES, least=7))]
    sending = Sending(wire, Random(trial.seed), verdict)
    await all_of(stories, sending.tell)
    await all_of(sending.later, sending.post)
    await _comes_back(wire, stories[0].posts[0].request, patience, verdict)
    await wire.close()
    await _let_go(dripping, let_go, verdict)
    for each in slow:
        if each.answered and not each.answered.startswith(b"HTTP/1.1 4"):
            verdict.failed(f"half a request was answered with {each.answered[:40]!r}")
    judge(trial.database, stories, verdict)
    verdict.trials = sending.webhooks
    verdict.measured = {"slow_sockets": len(slow), "apologies": sending.apologies}
    return verdict


async def _comes_back(wire: Sockets, request: Request, patience: float, verdict: Verdict) -> None:
    """Who rests between two whole requests for longer than half a one is waited for is not let go."""
    await wire.send(request)
    loop = asyncio.get_running_loop()
    rested = loop.create_future()
    loop.call_later(1.5 * patience, rested.set_result, None)
    await rested
    if (await wire.send(request)).status == 0:
        verdict.failed("a connection on which nothing was late has been closed")


async def _let_go(dripping: list[Any], seconds: float, verdict: Verdict) -> None:
    _, held = await asyncio.wait(dripping, timeout=seconds)
    if held:
        verdict.failed(f"{len(held)} slow sockets are still held after {seconds} s")
    for each in held:
        each.cancel()
    await _ended(asyncio.gather(*held, return_exceptions=True))


async def _ended(everything: Awaitable[Any]) -> None:
    await everything


A7 = Proof(
    id="A7",
    promise="sockets that send a byte a second disturb no webhook, and are let go",
    prove=prove,
    mutants={
        "nobody is ever let go": fault(("callcenter.web.patience.Patient._wait", plants.nothing)),
        "twenty connections are enough": fault(
            ("tests.prove.webhooks.wires.SERVED", {"limit_concurrency": 20})
        ),
        "nobody may rest": fault(("tests.prove.webhooks.wires.SERVED", {"timeout_keep_alive": 0})),
        "patience ends for everybody": fault(("callcenter.web.patience.Patient._be_content", plants.nothing)),
    },
    databases=("sqlite", "postgresql"),
    small=0.005,
    alone=True,
)

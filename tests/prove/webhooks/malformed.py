"""A6: what is too large or no form is refused before it is believed, or even kept in memory."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from typing import Any

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.books import books, differences
from tests.prove.webhooks.forms import form, signed
from tests.prove.webhooks.wires import Request, Sockets, served

ROUNDS = 100
CHUNK = b"x" * 65_536
CHUNKED_BYTES = 1_000_000_000
MORE_THAN_BUFFERS = 100_000_000
GROWTH_MB = 30
REFUSED = frozenset({400, 403, 413})
CALL, PHONE = f"CA{7:032x}", "+8613600000001"


def requests() -> list[tuple[str, Request]]:
    """Return what nobody should send, signed where it can be."""
    plain = form(CALL, PHONE)
    real = signed("/twilio/voice", plain)
    return [
        ("64 KB and more", signed("/twilio/voice", plain | {"x": "x" * 66_000})),
        ("10 MB", signed("/twilio/voice", plain | {"x": "x" * 10_000_000})),
        ("201 fields", signed("/twilio/voice", plain | {f"x{number}": "" for number in range(200)})),
        ("100,000 fields", replace(real, body=b"&".join(b"a%d=1" % number for number in range(100_000)))),
        ("20,000 empty fields", replace(real, body=b"a&" * 20_000)),
        ("NUL", signed("/twilio/voice", plain | {"From": "+86\x00138"})),
        ("bad UTF-8", replace(real, body=real.body + b"&a=%FF%FE")),
        ("bytes that are no ASCII", replace(real, body=real.body + b"&a=\xff\xfe")),
    ]


def prove(trial: Trial) -> Verdict:
    """Send it again and again, then without end; the server must refuse, stay small, and still answer."""
    with served(trial) as server:
        before = books(trial.database)
        verdict = asyncio.run(_prove(trial, server))
        for change in differences(before, books(trial.database)):
            verdict.failed(f"what was refused has changed {change}")
        asyncio.run(_still_answers(server.port, verdict))
    return verdict


async def _prove(trial: Trial, server: Any) -> Verdict:
    verdict, wire = Verdict(0), Sockets(server.port)
    for _ in range(2):
        await _refused(wire, verdict)
    begun = _megabytes(server)
    for _ in range(trial.of(ROUNDS)):
        await _refused(wire, verdict)
    await _endless(server.port, trial.of(CHUNKED_BYTES, least=2_000_000), verdict)
    grown = _megabytes(server) - begun
    verdict.measured = {"growth": f"{grown:.1f} MB"}
    if grown >= GROWTH_MB:
        verdict.failed(f"memory grew by {grown:.1f} MB")
    await wire.close()
    return verdict


def _megabytes(server: Any) -> float:
    """Return a process's memory; a thread has none of its own."""
    return float(getattr(server, "resident_mb", 0.0))


async def _refused(wire: Sockets, verdict: Verdict) -> None:
    for name, request in requests():
        answer = await wire.send(request)
        verdict.trials += 1
        if answer.status not in REFUSED and not (answer.status == 0 and len(request.body) > 1_000_000):
            verdict.failed(f"{name}: answered with {answer.status}")


async def _endless(port: int, size: int, verdict: Verdict) -> None:
    """Send a body in chunks until it is all there, or the server has had enough."""
    head = Request(
        "/twilio/voice", headers=(("Transfer-Encoding", "chunked"), ("Content-Type", "a/b"))
    ).head()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    sent = 0
    with suppress(ConnectionError):
        for part in repeat(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK), size // len(CHUNK)):
            writer.write(part)
            await writer.drain()
            sent += len(CHUNK)
        writer.write(b"0\r\n\r\n")  # Whoever has read all of it answers now.
    with suppress(ConnectionError):
        answer = await reader.read(100)
        if not answer.startswith(b"HTTP/1.1 413"):
            verdict.failed(f"an endless body was answered with {answer!r}")
    verdict.trials += 1
    if sent > size // 2 and size > MORE_THAN_BUFFERS:
        verdict.failed(f"{sent} bytes of an endless body were read")
    writer.close()


async def _still_answers(port: int, verdict: Verdict) -> None:
    wire = Sockets(port)
    answer = await wire.send(signed("/twilio/voice", form(CALL, PHONE)))
    await wire.close()
    if answer.status != 200 or b"<Gather" not in answer.body:
        verdict.failed(f"afterwards a call was answered with {answer.status}")


A6 = Proof(
    id="A6",
    promise="what is too large or malformed is refused, and memory does not grow",
    prove=prove,
    mutants={
        "any size is read": fault(("callcenter.web.twilio.MOST_BYTES", 10**9)),
        "any number of fields is read": fault(("callcenter.web.form.MOST_FIELDS", 10**9)),
        "NUL is let in": fault(
            ("callcenter.web.form._has_nul", plants.nothing),
            ("callcenter.web.webhook.Webhook.is_clean", plants.always),
        ),
    },
    databases=("sqlite", "postgresql"),
    small=0.002,
    alone=True,
)

"""Row: signature, form and TwiML, the CPU of a webhook without any database.

The bridge's own endpoint is driven by hand, so that this is exactly what a webhook goes through: the body
is read, the form parsed, the signature checked, a greeting rendered, the answer counted. Its floor is the
stock way: the whole body, `parse_qsl`, a RequestValidator, the same rendering.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from callcenter.jobs import Work
from callcenter.spool import Spool
from callcenter.switchboard.driver import Addresses
from callcenter.switchboard.facts import line_now
from callcenter.switchboard.inbound import BASE, find_line
from callcenter.web.apology import Tongues
from callcenter.web.emergency import Emergency
from callcenter.web.signature import SignatureCheck
from callcenter.web.twilio import Bridge
from ivr.flow import advance
from ivr.hearing import Arrived
from ivr.twiml import render
from tests.bench import webhooks
from tests.bench.figures import spread
from tests.bench.goals import DOOR, Row
from tests.bench.ground import Ground
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN
from tests.xinghe import HOTLINE

BATCH = 200
Endpoint = Callable[[Request], Awaitable[Response]]


def measure(ground: Ground, batches: int) -> list[Row]:
    """Return the row, batches of both ways in turn."""
    with ground.work(ground.with_centre("door")) as work:
        say = partial(render, *_greeting(work, work.at()))
        emergency = Emergency(PUBLIC_URL, Spool(ground.folder / "spool"), Tongues())
        bridge = Bridge(work, SignatureCheck(TOKEN, PUBLIC_URL), ACCOUNT, emergency)
        ours: Endpoint = bridge.memory(lambda _: say())
        ways = {"ours": ours, "stock": _stock(say)}
        request = webhooks.arrived(1, "+8613800138000")
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(batches + 1):
            for name, endpoint in ways.items():
                taken[name].append(cpu_us(endpoint, request))
    ours_us, stock_us = (spread(taken[name][1:]) for name in ways)
    rendering = _rendering_us(say)
    floor = f"stock way {stock_us.middle:.0f} us; rendering alone {rendering:.0f} us"
    beside = {"stock_us": stock_us.middle, "rendering_us": rendering}
    return [Row(DOOR, ours_us, floor, beside=beside)]


def cpu_us(endpoint: Endpoint, request: bytes) -> float:
    """Return the CPU microseconds of one request, over a batch."""
    scope, body = parsed(request)
    begun = time.thread_time_ns()
    for _ in range(BATCH):
        drive(endpoint, dict(scope), body)
    return (time.thread_time_ns() - begun) / BATCH / 1e3


def drive(endpoint: Endpoint, scope: dict[str, Any], body: bytes) -> Response:
    """Run an endpoint that never has to wait; raise RuntimeError when it answers anything but 200."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    running: Any = endpoint(Request(scope, receive))
    try:
        running.send(None)
    except StopIteration as end:
        response: Response = end.value
        if response.status_code != 200:
            raise RuntimeError(f"the door answered {response.status_code}") from None
        return response
    raise RuntimeError("the door waited for something")


def parsed(request: bytes) -> tuple[dict[str, Any], bytes]:
    """Return an HTTP request as the server hands it over: an ASGI scope, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    path = first.split(b" ")[1]
    headers = [line.split(b": ", 1) for line in lines]
    return {
        "type": "http", "method": "POST", "path": path.decode(), "raw_path": path, "query_string": b"",
        "headers": [(name.lower(), value) for name, value in headers], "path_params": {},
    }, body  # fmt: skip


def _greeting(work: Work, at: datetime) -> tuple[Any, Any]:
    """Return the turn of the hotline's first document, and the addresses in it."""
    with work.db.reading() as session:
        line = find_line(session, HOTLINE)
        assert line is not None
        now = line_now(session, line, at)
    turn = advance(None, Arrived(now.facts, now.hours, "+8613800138000"))
    return turn, Addresses(PUBLIC_URL, BASE).after(1)


def _stock(say: Callable[[], str]) -> Endpoint:
    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        validator = RequestValidator(TOKEN)  # type: ignore[no-untyped-call]
        signature = request.headers["X-Twilio-Signature"]
        if not validator.validate(PUBLIC_URL + webhooks.ARRIVAL_PATH, form, signature):
            return Response(status_code=403)
        return Response(say(), media_type="text/xml")

    return answer


def _rendering_us(say: Callable[[], str]) -> float:
    begun = time.thread_time_ns()
    for _ in range(BATCH):
        say()
    return (time.thread_time_ns() - begun) / BATCH / 1e3

"""The stream of the pages: hints by cookie, a beat that says how fresh they are, an end when signed out."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.requests import Request

from callcenter.access.accounts import sign_out_everywhere
from callcenter.notices.actions import announce
from callcenter.web.api.events import Tailer
from callcenter.web.pages import live
from callcenter.web.pages.front import Front
from callcenter.web.pages.live import Live
from tests.doubles import SettableTime
from tests.web.pages.conftest import COOKIE, House


def request(house: House, name: str) -> Request:
    secret = house.browser(name).cookies[COOKIE]
    headers = [(b"cookie", f"{COOKIE}={secret}".encode())]
    return Request(
        {"type": "http", "method": "GET", "path": "/live", "headers": headers, "query_string": b""}
    )


async def first(stream: AsyncIterator[dict[str, str]], event: str) -> Any:
    async with asyncio.timeout(20):
        async for told in stream:
            if told["event"] == event:
                return json.loads(told["data"])
    raise AssertionError(f"the stream ended without {event}")


def stream_of(house: House) -> tuple[Live, Request]:
    tailer = Tailer(house.work, every_seconds=0.02)
    return Live(Front(house.work), tailer, beat_seconds=0.05), request(house, "agent")


def test_a_hint_and_a_beat_arrive(house: House) -> None:
    streams, asked = stream_of(house)

    async def listen() -> None:
        stream = streams._stream(asked)
        hello = await first(stream, "hello")
        assert hello["at"] == hello["read_at"] == house.work.at().isoformat()
        house.given(lambda session: announce(session, "queue", "7", house.work.at()))
        assert (await first(stream, "queue"))["id"] == "7"
        assert "read_at" in await first(stream, "beat")

    asyncio.run(listen())


def test_a_beat_tells_that_the_feed_is_old(
    house: House, monkeypatch: pytest.MonkeyPatch, time: SettableTime
) -> None:
    streams, asked = stream_of(house)

    async def listen() -> None:
        stream = streams._stream(asked)
        await first(stream, "hello")
        old = house.work.at()

        def away() -> None:
            raise OperationalError("SELECT 1", {}, Exception("gone"))

        monkeypatch.setattr(streams._tailer, "_recent", away)
        time.moves(minutes=1)
        told = [await first(stream, "beat") for _ in range(3)][-1]
        assert (told["read_at"], told["at"]) == (old.isoformat(), time.at.isoformat())

    asyncio.run(listen())


def test_whoever_is_signed_out_is_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.1)
    streams, asked = stream_of(house)

    async def listen() -> None:
        stream = streams._stream(asked)
        await first(stream, "hello")
        house.given(lambda s: sign_out_everywhere(s, "agent", at=house.work.at(), actor="test"))
        assert await first(stream, "signed_out") == {}

    asyncio.run(listen())


def test_nobody_listens_without_a_cookie(house: House) -> None:
    assert house.browser().get("/live").status_code == 401
    assert house.browser("agent").post("/live").status_code == 405

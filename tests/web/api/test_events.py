"""Live events: hints of what changes from now on, once each, by a real server over a real connection."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import aclosing, closing
from typing import Any

import httpx2
import pytest
import uvicorn

from callcenter.jobs import Work
from callcenter.notices.actions import announce
from callcenter.web.api.events import HELLO, MOST_UNREAD, OVERLAP, Hint, Tailer
from tests.web.api.conftest import House


def say(work: Work, *subjects: str, **at: Any) -> None:
    with work.transaction() as session:
        for subject in subjects:
            announce(session, "call", subject, at.get("at", work.at()))


def run(work: Work, scenario: Any) -> None:
    """Run a scenario with a tailer that looks as often as it can, and at most half a minute."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scenario(Tailer(work, every_seconds=0.001))

    asyncio.run(bounded())


async def ids(stream: Any, count: int) -> list[str]:
    return [(await anext(stream))["id"] for _ in range(count)]


def test_what_was_before_is_not_told_and_what_comes_is_told_once(work: Work) -> None:
    say(work, "before")

    async def scenario(tailer: Tailer) -> None:
        async with aclosing(tailer.listen()) as stream:
            assert await anext(stream) == HELLO
            await asyncio.to_thread(say, work, "one", "two")
            assert await ids(stream, 2) == ["one", "two"]
            await asyncio.to_thread(say, work, "three")
            assert await ids(stream, 1) == ["three"]

    run(work, scenario)


def test_a_hint_that_was_committed_late_is_told(work: Work) -> None:
    """Ids are not in commit order: a slow transaction's hint appears seconds in the past."""

    async def scenario(tailer: Tailer) -> None:
        async with aclosing(tailer.listen()) as stream:
            await anext(stream)
            await asyncio.to_thread(say, work, "quick")
            assert await ids(stream, 1) == ["quick"]
            await asyncio.to_thread(say, work, "slow", at=work.at() - OVERLAP / 2)
            assert await ids(stream, 1) == ["slow"]

    run(work, scenario)


def test_every_listener_is_told_and_the_last_one_ends_the_tailing(work: Work) -> None:
    async def scenario(tailer: Tailer) -> None:
        first, second = tailer.listen(), tailer.listen()
        await anext(first)
        await anext(second)
        await asyncio.to_thread(say, work, "both")
        assert await ids(first, 1) == await ids(second, 1) == ["both"]
        await first.aclose()
        await asyncio.to_thread(say, work, "second")
        assert await ids(second, 1) == ["second"]
        await second.aclose()
        third = tailer.listen()
        assert await anext(third) == HELLO
        await asyncio.to_thread(say, work, "third")
        assert await ids(third, 1) == ["third"]
        await third.aclose()

    run(work, scenario)


def test_a_listener_who_does_not_read_is_let_go_and_the_others_are_not(work: Work) -> None:
    async def scenario(tailer: Tailer) -> None:
        sleeper, reader = tailer.listen(), tailer.listen()
        await anext(sleeper)
        await anext(reader)
        for number in range(MOST_UNREAD + 1):
            tailer._give({**HELLO, "id": str(number)})
            assert await ids(reader, 1) == [str(number)]
        assert [hint async for hint in sleeper] == []
        await reader.aclose()

    run(work, scenario)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The application on a real server, for a response has to be read while it is written."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/events"
        server.should_exit = True
        thread.join(30)


def blocks(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Read server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    event: dict[str, str] = {}
    for line in lines:
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def test_hints_arrive_over_http(house: House, address: str) -> None:
    headers = dict(house.client("agent", house.wang).headers)
    with httpx2.stream("GET", address, headers=headers, timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = blocks(response.iter_lines())
        assert next(events)["event"] == "hello"
        say(house.work, "0190")
        hint = next(events)
    told: Hint = json.loads(hint["data"])
    assert (hint["event"], told["type"], told["id"]) == ("call", "call", "0190")
    assert hint["id"] == told["version"]


def test_nobody_listens_without_a_token(address: str) -> None:
    assert httpx2.get(address, timeout=30).status_code == 401

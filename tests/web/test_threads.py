"""A database that hangs does not eat a process's threads: whoever gives up leaves his thread its place."""

import asyncio
import threading

import anyio
import pytest

from callcenter.web import threads as module
from callcenter.web.threads import Threads
from tests.waiting import until


# reliability.md F, "database hung": every caller hears a sentence, for as long as it lasts.
def test_those_who_no_longer_wait_leave_no_threads_behind() -> None:
    gate, begun, threads = threading.Event(), [], Threads(3)

    def hangs() -> None:
        begun.append(threading.get_ident())
        assert gate.wait(20)

    async def callers() -> None:
        for _ in range(12):
            with pytest.raises(TimeoutError):
                await threads.run(hangs, within=0.02)
        assert len(begun) == 3
        gate.set()
        assert await threads.run(lambda: "it answers again", within=20) == "it answers again"

    anyio.run(callers)


def test_a_place_is_free_again_whatever_the_function_did() -> None:
    threads = Threads(1)

    def fails() -> None:
        raise LookupError

    async def callers() -> None:
        for _ in range(3):
            with pytest.raises(LookupError):
                await threads.run(fails, within=20)

    anyio.run(callers)


def test_who_outlives_his_loop_ends_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, ended, crashes = threading.Event(), threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", crashes.append)

    def hangs() -> None:
        gate.wait(20)
        ended.set()

    async def leaves() -> None:
        with anyio.move_on_after(0.05):
            await Threads(1).run(hangs, within=20)

    before = threading.active_count()
    anyio.run(leaves)
    gate.set()
    assert ended.wait(20)
    until(lambda: threading.active_count() <= before, 20)
    assert crashes == []


# CPython, threading: "can't start new thread" is a RuntimeError; a machine that is short of them has some
# again a moment later.
def test_a_thread_that_could_not_be_started_takes_no_place_and_does_nothing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads, done = Threads(1), list[str]()

    def refuses(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def callers() -> None:
        with monkeypatch.context() as short, pytest.raises(RuntimeError):
            short.setattr(threading.Thread, "start", refuses)
            await threads.run(lambda: done.append("for somebody who was apologised to"), within=20)
        await threads.run(lambda: done.append("for the next one"), within=20)

    anyio.run(callers)
    assert done == ["for the next one"]


# More at once than there are places, then nobody for a while: all threads have ended, and none is counted on.
def test_after_a_rush_and_a_rest_the_next_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.02)
    threads, before = Threads(2), threading.active_count()

    async def rush() -> None:
        gate = threading.Event()

        async def opens() -> bool:
            gate.set()
            return True

        waiting = [threads.run(lambda: gate.wait(20), within=20) for _ in range(7)]
        assert all(await asyncio.gather(*waiting, opens()))

    async def callers() -> None:
        for _ in range(3):
            await rush()
            until(lambda: threading.active_count() <= before, 20)
            assert await threads.run(lambda: "served", within=20) == "served"

    asyncio.run(callers())

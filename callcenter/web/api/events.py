"""Live events: hints that something changed, to be read again; one tailer a process for all listeners.

Ids are not in commit order, so the tailer reads the last ten seconds of the feed again and again and
passes on what it has not passed on before. A listener who reconnects refetches: nothing is replayed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import anyio.to_thread
from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from callcenter.jobs import Work
from callcenter.notices.queries import since
from callcenter.web.api.layer import Door, address_of
from callcenter.web.api.problems import Problem, problem_response

OVERLAP = timedelta(seconds=10)
EVERY_SECONDS = 0.5
PING_SECONDS = 15
# A stream ends after this long, so that a token that was revoked does not listen for ever.
STREAM_SECONDS = 900
MOST_UNREAD = 1000

Hint = dict[str, str]
HELLO: Hint = {"type": "hello", "id": "", "version": "0"}
BEAT: Hint = {"type": "beat", "id": "", "version": "0"}


class Tailer:
    """Follows the feed while somebody listens."""

    def __init__(self, work: Work, every_seconds: float = EVERY_SECONDS) -> None:
        self._work = work
        self._every = every_seconds
        self._listeners: set[asyncio.Queue[Hint | None]] = set()
        self._known: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self.read_at: datetime | None = None
        """When the feed was read last: how fresh everything is that is told."""

    async def listen(self, beat_seconds: float | None = None) -> AsyncIterator[Hint]:
        """Yield hello, then hints of what changes from then on, and a beat whenever nothing did for a while.

        It ends when this listener reads too slowly, or the tailer has failed: reconnect and refetch.
        """
        queue: asyncio.Queue[Hint | None] = asyncio.Queue(MOST_UNREAD)
        self._listeners.add(queue)
        self._start()
        try:
            await self._started.wait()
            yield HELLO
            while (hint := await self._next(queue, beat_seconds)) is not None:
                yield hint
        finally:
            self._leave(queue)

    @staticmethod
    async def _next(queue: asyncio.Queue[Hint | None], beat_seconds: float | None) -> Hint | None:
        try:
            async with asyncio.timeout(beat_seconds):
                return await queue.get()
        except TimeoutError:
            return BEAT

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._started.clear()
            self._task = asyncio.create_task(self._follow())

    def _leave(self, queue: asyncio.Queue[Hint | None]) -> None:
        self._listeners.discard(queue)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self) -> None:
        """Learn what is old, then pass on what is new; a database that does not answer is asked again."""
        try:
            await self._ask_patiently(self._learn)
            self._started.set()
            while True:
                await asyncio.sleep(self._every)
                await self._ask_patiently(self._pass_on)
        except Exception:
            for queue in list(self._listeners):
                self._end(queue)
            raise

    async def _ask_patiently(self, step: Callable[[list[tuple[int, Hint]]], None]) -> None:
        while True:
            with suppress(SQLAlchemyError):
                step(await anyio.to_thread.run_sync(self._recent))
                return
            await asyncio.sleep(self._every)

    def _learn(self, rows: list[tuple[int, Hint]]) -> None:
        self._known = {number for number, _ in rows}

    def _pass_on(self, rows: list[tuple[int, Hint]]) -> None:
        for number, hint in rows:
            if number not in self._known:
                self._give(hint)
        self._learn(rows)

    def _give(self, hint: Hint) -> None:
        for queue in list(self._listeners):
            if queue.full():
                self._end(queue)
            else:
                queue.put_nowait(hint)

    def _end(self, queue: asyncio.Queue[Hint | None]) -> None:
        """Let a listener go: what he has not read is of no use, he will refetch."""
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    def _recent(self) -> list[tuple[int, Hint]]:
        at = self._work.at()
        with self._work.db.reading() as session:
            rows = since(session, at - OVERLAP)
        self.read_at = at
        return [(row.id, {"type": row.type, "id": row.subject_id, "version": str(row.id)}) for row in rows]


class Events:
    """The ASGI application of /events."""

    def __init__(self, door: Door, tailer: Tailer | None = None) -> None:
        self._door = door
        self._tailer = tailer or Tailer(door.work)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream hints to whoever has a token."""
        request = Request(scope, receive)
        try:
            if request.method != "GET":
                raise Problem(405, headers={"Allow": "GET"})
            presented = request.headers.get("authorization", "")
            await anyio.to_thread.run_sync(self._door.admit, address_of(request), presented, "agent")
        except Problem as problem:
            refusal = problem_response(problem, request.headers.get("accept-language", ""))
            await refusal(scope, receive, send)
            return
        await EventSourceResponse(self._stream(), ping=PING_SECONDS)(scope, receive, send)

    async def _stream(self) -> AsyncIterator[dict[str, str]]:
        with suppress(TimeoutError):
            async with asyncio.timeout(STREAM_SECONDS):
                async for hint in self._tailer.listen():
                    yield {"event": hint["type"], "id": hint["version"], "data": json.dumps(hint)}

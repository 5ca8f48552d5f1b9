"""Live events for pages: the API's hints, by the browser's cookie, with a beat that says how fresh they are.

A beat tells when the feed was last read: a database that is away stops the pages' "live", not only a line
that is cut. Whoever was signed out is told so within a quarter of a minute.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio.to_thread
from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callcenter.access.rules import NOBODY
from callcenter.web.api.events import STREAM_SECONDS, Tailer
from callcenter.web.pages.front import Front
from callcenter.web.pages.visitors import who_visits

BEAT_SECONDS, CHECK_SECONDS = 5.0, 15.0


class Live:
    """The ASGI application of /live."""

    def __init__(self, front: Front, tailer: Tailer, beat_seconds: float = BEAT_SECONDS) -> None:
        self._front, self._tailer, self._beat = front, tailer, beat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream hints and beats to whoever is signed in, or to a kiosk."""
        request = Request(scope, receive)
        if request.method != "GET":
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
        elif not await self._is_let_in(request):
            await Response(status_code=401)(scope, receive, send)
        else:
            await EventSourceResponse(self._stream(request), ping=STREAM_SECONDS)(scope, receive, send)

    async def _is_let_in(self, request: Request) -> bool:
        """Ask whether the browser is signed in; that the database does not answer is no reason to end."""
        with suppress(SQLAlchemyError):
            return await anyio.to_thread.run_sync(self._knows, request)
        return True

    def _knows(self, request: Request) -> bool:
        """Listening is not looking: an open page alone keeps nobody signed in."""
        work, cookies = self._front.work, self._front.cookies.read(request.headers)
        return who_visits(work, cookies, work.at(), remember=False).role != NOBODY

    async def _stream(self, request: Request) -> AsyncIterator[dict[str, str]]:
        checked = asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout(STREAM_SECONDS):
                async for hint in self._tailer.listen(self._beat):
                    now = asyncio.get_running_loop().time()
                    if now - checked >= CHECK_SECONDS:
                        checked = now
                        if not await self._is_let_in(request):
                            yield {"event": "signed_out", "data": "{}"}
                            return
                    yield {"event": hint["type"], "data": json.dumps(hint if hint["id"] else self._fresh())}

    def _fresh(self) -> dict[str, str]:
        """Say when the feed was read last and what time it is now: a page's own clock may be wrong."""
        read_at, at = self._tailer.read_at, self._front.work.at()
        return {"read_at": (read_at or at).isoformat(), "at": at.isoformat()}

"""The JSON API: every resource's endpoints as routes, and the document that describes them."""

from collections.abc import Callable, Mapping
from functools import cache

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from callcenter.jobs import Work
from callcenter.web.api import agents, callbacks, calls, lines, promises, standards, tasks, tickets
from callcenter.web.api.events import Events, Tailer
from callcenter.web.api.layer import THREADS, Door, Endpoint, Resource
from callcenter.web.api.openapi import describe
from callcenter.web.api.problems import Problem, problem_response

PREFIX = "/api/v1"
ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint
    for resource in (calls, tickets, callbacks, promises, agents, lines, standards, tasks)
    for endpoint in resource.api.endpoints
)


def routes(work: Work, tailer: Tailer | None = None) -> list[BaseRoute]:
    """Return one route a path, to be mounted at /api/v1; whatever else is asked there is a 404 problem."""
    limiter, door = anyio.CapacityLimiter(THREADS), Door(work)
    return [
        *(Route(path, Resource(door, methods, limiter)) for path, methods in by_path().items()),
        Route("/events", Events(door, tailer)),
        Route("/openapi.json", _Fixed(_document)),
        Route("/{path:path}", _Fixed(None)),
    ]


def by_path() -> Mapping[str, Mapping[str, Endpoint]]:
    """Return the endpoints of each path by method."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return paths


@cache
def _document() -> Response:
    """Describe the API when somebody first asks: a process should not start later for it."""
    return JSONResponse(describe(ENDPOINTS, PREFIX))


class _Fixed:
    """Answers a reader with the same response always; without one, that there is nothing here."""

    def __init__(self, response: Callable[[], Response] | None) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if self._response is not None and request.method in ("GET", "HEAD"):
            return self._response()
        problem = Problem(404) if self._response is None else Problem(405, headers={"Allow": "GET"})
        return problem_response(problem, request.headers.get("accept-language", ""))

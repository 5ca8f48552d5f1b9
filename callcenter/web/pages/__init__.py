"""The pages: server-rendered, one function each; docs/pages.md is the house style."""

from collections.abc import Awaitable, Callable, Mapping

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from callcenter.jobs import Work
from callcenter.web.api.events import Tailer
from callcenter.web.pages import (
    accounts,
    assets,
    audit_log,
    callbacks,
    calls,
    desk,
    home,
    me,
    promises,
    sign_in,
    tasks,
    tickets,
    wallboard,
)
from callcenter.web.pages.asked import Endpoint
from callcenter.web.pages.front import Front, Resource
from callcenter.web.pages.live import Live

THREADS = 16
MODULES = (
    home, sign_in, me, desk, wallboard, calls, tickets, callbacks, promises, tasks, audit_log, accounts,
)  # fmt: skip
ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for module in MODULES for endpoint in module.pages.endpoints)


def by_path() -> Mapping[str, Mapping[str, Endpoint]]:
    """Return the endpoints of each path by method."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return paths


def routes(work: Work, tailer: Tailer) -> list[BaseRoute]:
    """Return the pages' routes; paths with a parameter stand behind those without."""
    front, limiter = Front(work), anyio.CapacityLimiter(THREADS)
    paths = sorted(by_path().items(), key=lambda item: "{" in item[0])
    return [
        *(Route(path, Resource(front, methods, limiter)) for path, methods in paths),
        Route("/live", Live(front, tailer)),
        assets.mount(),
    ]


def nothing_here(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a person at an address that no route knows: an error page."""
    return Resource(Front(work), {}, anyio.CapacityLimiter(THREADS)).respond

"""The API's own thin layer: an endpoint is a typed function, the rest is read from its annotations.

`def list_tickets(asked: Asked, query: TicketQuery) -> Page[TicketItem]` validates the query and renders the
page; `body` likewise. One Route a path, so that 405 carries every method; one thread and one session a
request, committed after the function has returned.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_type_hints

import anyio.to_thread
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callcenter.access.actions import claim_key, keep_answer
from callcenter.access.queries import authenticate
from callcenter.access.rules import Principal, prefix_of
from callcenter.errors import CallCenterError, Sentence
from callcenter.jobs import Work
from callcenter.web.api.problems import Problem, invalid_fields, problem_of, problem_response
from callcenter.web.api.wrong import WrongTokens

log = structlog.get_logger()
THREADS = 16
MOST_KEY_CHARACTERS = 255
MOST_BODY_BYTES = 65_536
JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """One request as an endpoint sees it: who asks, when, about what, in which session."""

    work: Work
    session: Session
    who: Principal
    at: datetime
    path: Mapping[str, str]
    languages: str


@dataclass(frozen=True)
class Endpoint:
    """A method of a path: the function, the least role, the models that its annotations name."""

    method: str
    path: str
    call: Callable[..., BaseModel]
    role: str
    status: int
    writes: bool
    creates: bool
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: type[BaseModel]


@dataclass
class Api:
    """The endpoints of a resource, collected by decorating functions."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, *, role: str, writes: bool = False) -> Callable[..., Any]:
        """Register a reading endpoint; `writes` where the reading itself is written down."""
        return self._register("GET", path, role=role, writes=writes)

    def post(self, path: str, *, role: str, creates: bool = False) -> Callable[..., Any]:
        """Register an order, or with `creates` one that makes something and takes an Idempotency-Key."""
        return self._register("POST", path, role=role, writes=True, creates=creates)

    def patch(self, path: str, *, role: str) -> Callable[..., Any]:
        """Register a change."""
        return self._register("PATCH", path, role=role, writes=True)

    def _register(
        self, method: str, path: str, *, role: str, writes: bool, creates: bool = False
    ) -> Callable[..., Any]:
        def keep(call: Callable[..., BaseModel]) -> Callable[..., BaseModel]:
            hints = get_type_hints(call)
            status = 201 if creates else 200
            models = (hints.get("query"), hints.get("body"), hints["return"])
            self.endpoints.append(Endpoint(method, path, call, role, status, writes, creates, *models))
            return call

        return keep


@dataclass(frozen=True)
class Raw:
    """What a thread needs of a request: everything read, nothing awaited."""

    path: Mapping[str, str]
    query: list[tuple[str, str]]
    headers: Headers
    body: bytes
    url: str
    address: str


class Resource:
    """The ASGI application of one path: every method it has, a problem for any other."""

    def __init__(
        self, door: "Door", endpoints: Mapping[str, Endpoint], limiter: anyio.CapacityLimiter
    ) -> None:
        self._door = door
        self._endpoints = endpoints
        self._limiter = limiter
        self._path = next(iter(endpoints.values())).path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except Problem as problem:
            response = problem_response(problem, request.headers.get("accept-language", ""))
        except Exception:
            # A program reads this: it is told in the form it knows, and people read the log.
            log.exception("api.failed", method=request.method, endpoint=self._path)
            response = problem_response(Problem(500), request.headers.get("accept-language", ""))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = self._endpoints.get(method)
        if endpoint is None:
            raise Problem(405, headers={"Allow": ", ".join(sorted(self._endpoints))})
        if any("\0" in name for name in request.path_params.values()):
            raise Problem(404)  # PostgreSQL cannot even be asked for a name with NUL in it.
        raw = Raw(
            request.path_params,
            request.query_params.multi_items(),
            request.headers,
            await _body(request) if endpoint.body else b"",
            request.url.path,
            address_of(request),
        )
        return await anyio.to_thread.run_sync(serve, self._door, endpoint, raw, limiter=self._limiter)


async def _body(request: Request) -> bytes:
    """Read the body, at most so many bytes of it."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                raise Problem(413, Sentence("A body has at most {} bytes.", MOST_BODY_BYTES))
    except ClientDisconnect as gone:
        raise Problem(400) from gone
    return body


def serve(door: "Door", endpoint: Endpoint, raw: Raw) -> Response:
    """Answer one request in this thread: authenticate, validate, act, commit, render."""
    work = door.work
    try:
        who = door.admit(raw.address, raw.headers.get("authorization", ""), endpoint.role)
        arguments = _arguments(endpoint, raw)
        with work.transaction() if endpoint.writes else work.db.reading() as session:
            asked = Asked(work, session, who, work.at(), raw.path, raw.headers.get("accept-language", ""))
            status, content = _once(endpoint, raw, asked, arguments)
    except (CallCenterError, OperationalError, PoolExhausted) as error:
        raise problem_of(error) from error
    return Response(content, status, media_type=JSON, headers={"Cache-Control": "no-store"})


@dataclass(frozen=True)
class Door:
    """Where tokens are looked at; one a process, for it counts the wrong ones."""

    work: Work
    wrong: WrongTokens = field(default_factory=WrongTokens)

    def admit(self, address: str, authorization: str, role: str) -> Principal:
        """Return who carries this token; raise 401 for nobody, 429 after many, 403 for too low a role."""
        scheme, _, presented = authorization.partition(" ")
        token = presented.strip() if scheme.lower() == "bearer" else ""
        with self.work.db.reading() as session:
            who = authenticate(session, token, self.work.at()) if token else None
        if who is None:
            raise self._refusal(address, token)
        if not who.may(role):
            raise Problem(403, Sentence("This needs the role {}.", role))
        return who

    def _refusal(self, address: str, token: str) -> Problem:
        """Refuse nobody, and whoever has sent too many wrong tokens for a while."""
        seconds = self.wrong.add(address, prefix_of(token), self.work.at()) if token else 0
        if not seconds:
            return Problem(401, headers={"WWW-Authenticate": "Bearer"})
        return Problem(
            429,
            Sentence("Too many wrong tokens: wait {} seconds.", seconds),
            headers={"Retry-After": str(seconds)},
        )


def address_of(request: Request) -> str:
    """Return the socket's other end; what a header says of it can be anybody's invention."""
    return request.client.host if request.client else ""


def _arguments(endpoint: Endpoint, raw: Raw) -> dict[str, BaseModel]:
    arguments: dict[str, BaseModel] = {}
    try:
        if endpoint.query is not None:
            arguments["query"] = endpoint.query.model_validate(_single(raw.query))
        if endpoint.body is not None:
            arguments["body"] = endpoint.body.model_validate_json(_json(raw))
    except ValidationError as error:
        raise invalid_fields(error) from error
    return arguments


def _single(items: list[tuple[str, str]]) -> dict[str, str]:
    """Return the query as one value a name; a name that comes twice has no meaning here."""
    values = dict(items)
    if len(values) != len(items):
        raise Problem(422, "A query parameter is given more than once.")
    return values


def _json(raw: Raw) -> bytes:
    """Return the body; nothing at all is an empty object, so that orders without values need no body."""
    if not raw.body:
        return b"{}"
    if raw.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Problem(415)
    return raw.body


def _once(
    endpoint: Endpoint, raw: Raw, asked: Asked, arguments: Mapping[str, BaseModel]
) -> tuple[int, bytes]:
    """Act, or give the answer again that this Idempotency-Key has had; a new body under an old key is 422."""
    key = raw.headers.get("idempotency-key") if endpoint.creates else None
    if key is None:
        return endpoint.status, _render(endpoint, asked, arguments)
    if not 0 < len(key) <= MOST_KEY_CHARACTERS:
        raise Problem(422, Sentence("An Idempotency-Key has 1 to {} characters.", MOST_KEY_CHARACTERS))
    name = f"{asked.who.prefix}:{_digest(key.encode())}"
    request = _digest(raw.url.encode(), raw.body)
    known = claim_key(asked.session, name, request, asked.at)
    if known is None:
        content = _render(endpoint, asked, arguments)
        keep_answer(asked.session, name, {"status": endpoint.status, "content": content.decode()})
        return endpoint.status, content
    if known.request_digest != request:
        raise Problem(422, "This Idempotency-Key was used for a different request.")
    return known.answer["status"], known.answer["content"].encode()


def _render(endpoint: Endpoint, asked: Asked, arguments: Mapping[str, BaseModel]) -> bytes:
    answer = endpoint.call(asked, **arguments)
    asked.session.flush()
    return answer.model_dump_json(by_alias=True).encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()

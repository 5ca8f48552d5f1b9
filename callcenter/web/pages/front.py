"""Where requests for pages arrive: one Route a path, one thread and one session a request.

Whatever goes wrong is a page too, in the reader's language, with the number under which the log has it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import anyio.to_thread
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from callcenter import ids
from callcenter.access.rules import NOBODY, Visitor
from callcenter.errors import CallCenterError, Sentence
from callcenter.jobs import Work
from callcenter.web.api.layer import MOST_BODY_BYTES
from callcenter.web.api.problems import TITLES, Problem, invalid_fields, problem_of
from callcenter.web.form import is_form
from callcenter.web.pages.asked import Answer, Asked, Endpoint, Go, Page, Reader
from callcenter.web.pages.headers import HEADERS, HTTPS, PRIVATE
from callcenter.web.pages.rendering import render
from callcenter.web.pages.visitors import (
    ANYBODY,
    LANGUAGE,
    SAID,
    THEME,
    Cookies,
    address_of,
    is_from_elsewhere,
    local,
    who_visits,
)
from callcenter.web.pages.words import CHINESE, ENGLISH, in_language, wished

log = structlog.get_logger()
SAID_SECONDS = 30
ONLY_OWN = ("/me/password", "/sign-out", "/language", "/theme")
"""Where somebody may go whose password was made by somebody else, until it is changed."""


@dataclass(frozen=True)
class Raw:
    """What a thread needs of a request: everything read, nothing awaited."""

    request: Request
    body: bytes | None

    @property
    def is_read(self) -> bool:
        """Whether it only looks."""
        return self.request.method in ("GET", "HEAD")


class Front:
    """What the pages of one process share."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.cookies = Cookies.of(work.public_url)
        self._headers = {**HEADERS, **PRIVATE, **(HTTPS if self.cookies.secure else {})}

    def answer(self, endpoint: Endpoint | None, raw: Raw) -> Response:
        """Answer one request in this thread; without an endpoint, that there is nothing here."""
        kept = self.cookies.read(raw.request.headers)
        try:
            who = who_visits(self.work, kept, self.work.at())
            reader = _reader(raw, who, kept)
        except (CallCenterError, SQLAlchemyError) as error:
            return self._refuse(_reader(raw, ANYBODY, kept), problem_of(error), kept)
        try:
            response = self._serve(endpoint, raw, reader, kept)
        except (CallCenterError, SQLAlchemyError) as error:
            response = self._refuse(reader, problem_of(error), kept)
        except Problem as problem:
            response = self._refuse(reader, problem, kept)
        except Exception:
            # A person reads the page and quotes its number; whoever mends it reads the log.
            log.exception("page.failed", request=reader.request_id, method=raw.request.method)
            response = self._refuse(reader, Problem(500), kept)
        response.headers.update(self._headers)
        return response

    def not_so(self, raw: Raw, allowed: Mapping[str, str]) -> Response:
        """Answer a method that an address does not have."""
        kept = self.cookies.read(raw.request.headers)
        response = self._refuse(_reader(raw, ANYBODY, kept), Problem(405, headers=allowed), kept)
        response.headers.update(self._headers)
        return response

    def _serve(
        self, endpoint: Endpoint | None, raw: Raw, reader: Reader, kept: Mapping[str, str]
    ) -> Response:
        if endpoint is None:
            raise Problem(404)
        if not raw.is_read and is_from_elsewhere(raw.request.headers):
            raise Problem(403, "This order came from another site.")
        led = _led_elsewhere(endpoint, reader)
        if led is not None:
            return self._go(reader, led)
        if not reader.who.may(endpoint.role):
            raise Problem(403, Sentence("This needs the role {}.", endpoint.role))
        if any("\0" in value for value in (*reader.query.values(), *raw.request.path_params.values())):
            raise Problem(404)  # PostgreSQL cannot even be asked for a name with NUL in it.
        arguments, form = _query(endpoint, reader), _form(raw)
        with self._session(endpoint, raw) as session:
            work = self.work
            path = raw.request.path_params
            asked = Asked(work, session, reader.who, work.at(), path, reader.language, reader, form)
            return self._render(endpoint.call(asked, **arguments), asked, kept)

    @contextmanager
    def _session(self, endpoint: Endpoint, raw: Raw) -> Iterator[Session]:
        reads = (raw.is_read and not endpoint.writes) or endpoint.unhurried
        with self.work.db.reading() if reads else self.work.transaction() as session:
            yield session

    def _render(self, answer: Answer, asked: Asked, kept: Mapping[str, str]) -> Response:
        if isinstance(answer, Go):
            return self._go(asked.reader, answer)
        if isinstance(answer, Page):
            asked.session.flush()
            return self._show(answer, asked.reader, kept, asked)
        return answer

    def _show(
        self, page: Page, reader: Reader, kept: Mapping[str, str], asked: Asked | None = None
    ) -> Response:
        """Render a page; what was to be told once is told by the first whole page."""
        told = None if reader.partial else _told(kept.get(SAID))
        response = HTMLResponse(render(page, reader, asked, told), page.status)
        response.headers["Content-Language"] = reader.language
        if told:
            self.cookies.set(response, SAID, "", 0)
        return response

    def _go(self, reader: Reader, go: Go) -> Response:
        if reader.partial:
            response = Response(headers={"HX-Redirect": go.to})
        else:
            response = RedirectResponse(go.to, 303)
        if go.said:
            told = json.dumps({"said": go.said, "undo": go.undo})
            self.cookies.set(response, SAID, quote(told), SAID_SECONDS)
        return response

    def _refuse(self, reader: Reader, problem: Problem, kept: Mapping[str, str]) -> Response:
        chinese = reader.language == CHINESE
        zh, en = TITLES[problem.status]
        shown = {
            "status": problem.status,
            "title": zh if chinese else en,
            "detail": in_language(problem.detail, reader.language) if problem.detail else None,
            "errors": [told.shown(chinese) for told in problem.errors],
        }
        response = self._show(Page("error.html", shown, problem.status), reader, kept)
        response.headers.update(problem.headers)
        if reader.partial:  # The page stays as it was; its script tells what this one says.
            response.headers["HX-Reswap"] = "none"
        return response


def _reader(raw: Raw, who: Visitor, kept: Mapping[str, str]) -> Reader:
    request = raw.request
    language = (who.language if who.account_id else None) or kept.get(LANGUAGE)
    theme = who.theme if who.account_id else kept.get(THEME)
    return Reader(
        who=who,
        language=language
        if language in (CHINESE, ENGLISH)
        else wished(request.headers.get("accept-language", "")),
        theme=theme if theme in ("light", "dark") else "",
        url=request.url.path,
        query=dict(request.query_params),
        address=address_of(request.client.host if request.client else "", request.headers),
        headers=request.headers,
        request_id=ids.new().hex[-12:],
    )


def _led_elsewhere(endpoint: Endpoint, reader: Reader) -> Go | None:
    """Lead whoever is not signed in to where one signs in, and a made-up password to where it is changed."""
    if endpoint.role == NOBODY:
        return None
    if reader.who.role == NOBODY:
        return Go(f"/sign-in?next={quote(_way_back(endpoint, reader))}")
    if reader.who.must_change and endpoint.path not in ONLY_OWN:
        return Go("/me/password")
    return None


def _way_back(endpoint: Endpoint, reader: Reader) -> str:
    """Return the page that somebody looks at: the one asked for, or the one whose part or order this is."""
    if endpoint.method == "GET" and not reader.partial:
        return reader.here
    page = urlsplit(reader.headers.get("hx-current-url") or reader.headers.get("referer") or "")
    return local(f"{page.path}?{page.query}" if page.query else page.path)


def _query(endpoint: Endpoint, reader: Reader) -> dict[str, Any]:
    if endpoint.query is None:
        return {}
    given = {name: value for name, value in reader.query.items() if value != ""}
    try:
        return {"query": endpoint.query.model_validate(given)}
    except ValidationError as error:
        raise invalid_fields(error) from error


def _form(raw: Raw) -> Mapping[str, str]:
    """Return the form that was posted, the last value of each name."""
    if raw.body is None:
        raise Problem(413)
    if not raw.body:
        return {}
    if not is_form(raw.request.headers.get("content-type", "")):
        raise Problem(400)
    try:
        form = dict(parse_qsl(raw.body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError as wrong:
        raise Problem(400) from wrong
    if any("\0" in value for value in form.values()):
        raise Problem(400)
    return form


def _told(cookie: str | None) -> Mapping[str, Any] | None:
    """Return what a page before this one left to be told."""
    if not cookie:
        return None
    try:
        told = json.loads(unquote(cookie))
    except ValueError:
        return None
    return told if isinstance(told, dict) and isinstance(told.get("said"), str) else None


class Resource:
    """The ASGI application of one path: every method it has; anything else is an error page."""

    def __init__(
        self, front: Front, endpoints: Mapping[str, Endpoint], limiter: anyio.CapacityLimiter
    ) -> None:
        self._front, self._endpoints, self._limiter = front, endpoints, limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Return the answer to one request."""
        method = "GET" if request.method == "HEAD" else request.method
        if self._endpoints and method not in self._endpoints:
            allowed = {"Allow": ", ".join(sorted(self._endpoints))}
            return await anyio.to_thread.run_sync(self._front.not_so, Raw(request, b""), allowed)
        raw = Raw(request, await _body(request) if method != "GET" else b"")
        endpoint = self._endpoints.get(method)
        return await anyio.to_thread.run_sync(self._front.answer, endpoint, raw, limiter=self._limiter)


async def _body(request: Request) -> bytes | None:
    """Read the body; None for one that is too large, nothing of one that breaks off."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                return None
    except ClientDisconnect:
        return b""
    return body

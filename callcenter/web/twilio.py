"""The bridge from the carrier's webhooks to the switchboard.

Read the body once (capped), check the signature, then a schema, hop to one thread, one transaction,
answer. A deadline runs from receipt: an answer that comes too late is rolled back and apologised for,
since the carrier would not wait for it (decision 6).
"""

import re
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Protocol

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from callcenter import metrics
from callcenter.errors import CallCenterError
from callcenter.jobs import Work
from callcenter.web.boundaries import are_kept
from callcenter.web.emergency import Emergency
from callcenter.web.form import is_form, read_form
from callcenter.web.signature import SignatureCheck, as_signed
from callcenter.web.threads import Threads
from callcenter.web.webhook import Refused, Webhook

log = structlog.get_logger()
MOST_BYTES = 64 * 1024
DEADLINE_SECONDS = 3.0
LOCK_WAIT_SECONDS = 2.5
"""So long a webhook waits for a row: whoever waits longer is apologised for, and only holds a thread."""
THREADS = 40
# What a webhook must be about, as Twilio writes it: a call, or a conference.
_SIDS = {"CallSid": re.compile(r"CA[0-9a-f]{32}"), "ConferenceSid": re.compile(r"CF[0-9a-f]{32}")}


class Claim:
    """Who ends a webhook: the thread that is about to commit, or the deadline. Exactly one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder = ""
        self._is_over = False

    def take(self) -> bool:
        """The thread is about to commit; False when the deadline was first."""
        with self._lock:
            self._holder = self._holder or "thread"
            return self._holder == "thread"

    def put_back(self) -> None:
        """The thread's commit was refused. Should the deadline have passed meanwhile, it has answered."""
        with self._lock:
            if self._holder == "thread":
                self._holder = "deadline" if self._is_over else ""

    def expire(self) -> bool:
        """The deadline has passed; False when the thread commits, or may have committed."""
        with self._lock:
            self._is_over = True
            self._holder = self._holder or "deadline"
            return self._holder == "deadline"


class TooLate(CallCenterError):
    """The deadline has answered already: what was done must not be kept."""


Handler = Callable[[Work, Session, Webhook], str | None]
Keep = Callable[[Webhook], Awaitable[bool]]


class Endpoint(Protocol):
    """An ASGI-side handler."""

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""


class Bridge:
    """Makes endpoints of handlers: plain functions (work, session, webhook) -> TwiML or None."""

    def __init__(self, work: Work, check: SignatureCheck, account_sid: str, emergency: Emergency) -> None:
        self._work = work
        self._emergency = emergency
        self._check = check
        self._account_sid = account_sid
        self._threads = Threads(THREADS)

    def voice(self, handler: Handler) -> Endpoint:
        """Answer with TwiML; whatever fails, the caller hears a sentence and can leave a message."""
        return self._endpoint("voice", partial(self._answer_in_time, handler))

    def notice(self, handler: Handler) -> Endpoint:
        """Answer a status callback: nothing to say, and a fault is a 500 that the carrier may note."""
        return self._endpoint("notice", partial(self._note, handler))

    def recording(self, handler: Handler, about: str = "CallSid") -> Endpoint:
        """Answer a recording's callback: what the database does not take at once is spooled."""
        noting = partial(self._note, handler, keep=self._emergency.keep_message)
        return self._endpoint("notice", noting, about=about)

    def room_notice(self, handler: Handler) -> Endpoint:
        """Answer a status callback about a conference, which may be about no call in particular."""
        return self._endpoint("notice", partial(self._note, handler), about="ConferenceSid")

    def memory(self, answer: Callable[[Webhook], str]) -> Endpoint:
        """Answer from memory alone: no database; a message that is told of is on the disk before that."""

        async def from_memory(webhook: Webhook) -> Response:
            if "RecordingSid" in webhook.form:
                await self._emergency.keep_message(webhook, emergency=True)
            return twiml(answer(webhook))

        return self._endpoint("memory", from_memory)

    def fallback(self, handler: Handler) -> Endpoint:
        """Answer the carrier that could not use our answer: from memory; it is noted afterwards."""

        async def from_memory(webhook: Webhook) -> Response:
            why = f"fallback {webhook.form.get('ErrorCode', '')[:10]}"
            noting = BackgroundTask(
                self._note, handler, webhook, keep=lambda it: self._emergency.note_apology(it, why)
            )
            return twiml(self._emergency.apology(webhook), noting)

        return self._endpoint("memory", from_memory)

    def _endpoint(
        self, kind: str, answer: Callable[[Webhook], Awaitable[Response]], about: str = "CallSid"
    ) -> Endpoint:
        """Read and check, answer, count."""

        async def endpoint(request: Request) -> Response:
            started = perf_counter()
            webhook = await self._read(request, about)
            response = webhook if isinstance(webhook, Response) else await answer(webhook)
            metrics.WEBHOOKS.labels(kind, str(response.status_code)).inc()
            metrics.WEBHOOK_SECONDS.labels(kind).observe(perf_counter() - started)
            return response

        return endpoint

    async def _note(self, handler: Handler, webhook: Webhook, keep: Keep | None = None) -> Response:
        """Let a handler write down what happened; there is nothing to say to the carrier.

        The carrier is not kept waiting for a database that hangs. The thread goes on and may commit after
        all; what is brought home or found later as well then changes nothing.
        """
        try:
            await self._threads.run(partial(self._run, handler, webhook, Claim()), DEADLINE_SECONDS)
        except Refused as refusal:
            log.warning("webhook.refused", call_sid=webhook.sid, reason=str(refusal))
            return Response(status_code=400)
        except Exception:  # It is spooled, or the carrier notes a 500; the trace is in the log.
            log.exception("webhook.failed", call_sid=webhook.sid)
            kept = keep is not None and await keep(webhook)
            return Response(status_code=204 if kept else 500)
        return Response(status_code=204)

    async def _read(self, request: Request, about: str) -> Webhook | Response:
        """Return the webhook, or the refusal: 413, 400, 403; nothing is believed before the signature."""
        body = await _capped_body(request)
        if body is None:
            return Response(status_code=413, headers={"Connection": "close"})
        pairs = read_form(body) if is_form(request.headers.get("content-type", "")) else None
        if pairs is None:
            return Response(status_code=400)
        said = as_signed(pairs)
        if not self._check.accepts(_raw_target(request), said, request.headers.get("x-twilio-signature")):
            return Response(status_code=403)
        form = dict(pairs)
        path = {name: str(value) for name, value in request.path_params.items()}
        webhook = Webhook(form, path, dict(request.query_params), self._work.at())
        fits = are_kept(form, said) and _is_about(form, about) and self._is_ours(form) and webhook.is_clean()
        return webhook if fits else self._refuse(form, about)

    def _refuse(self, form: dict[str, str], about: str) -> Response:
        """Refuse what is signed and yet about nothing of ours, and tell the operator why."""
        reason = "its fields are not as the carrier writes them"
        if not self._is_ours(form):
            reason = "it is about another account"
        elif not _is_about(form, about):
            reason = f"it is about no {about}, or a SID in it is none"
        log.warning("webhook.refused", call_sid=form.get("CallSid", "")[:34], reason=reason)
        return Response(status_code=400)

    def _is_ours(self, form: dict[str, str]) -> bool:
        """Say whether it is about our own account: a token may be good for several."""
        return form.get("AccountSid") == self._account_sid

    async def _answer_in_time(self, handler: Handler, webhook: Webhook) -> Response:
        """Race the handler's thread against the deadline; the loser leaves nothing behind."""
        claim = Claim()
        try:
            run = partial(self._run, handler, webhook, claim)
            document = await self._threads.run(run, DEADLINE_SECONDS)
            return twiml(document or "")
        except TimeoutError:
            return await self._apologise(webhook, "deadline" if claim.expire() else "commit")
        except Refused as refusal:
            log.warning("webhook.refused", call_sid=webhook.sid, reason=str(refusal))
            return Response(status_code=400)
        except Exception:  # A caller must hear a sentence whatever has failed; the trace is in the log.
            log.exception("webhook.failed", call_sid=webhook.sid)
            return await self._apologise(webhook, "error")

    async def _apologise(self, webhook: Webhook, why: str) -> Response:
        """Say that the fault is ours; a message that was just left is on the disk before that is said."""
        metrics.APOLOGIES.labels(why).inc()
        if "RecordingSid" in webhook.form:
            await self._emergency.keep_message(webhook)
        document = self._emergency.apology(webhook)
        if "<Record" not in document:
            return twiml(document)
        return twiml(document, BackgroundTask(self._emergency.note_apology, webhook, f"apology {why}"))

    def _run(self, handler: Handler, webhook: Webhook, claim: Claim) -> str | None:
        """One thread, one transaction; it commits only if the deadline has not answered instead.

        Two webhooks of one call may write the same in the same moment. The later one is told so, keeps
        nothing, and looks again, if there is time: then it finds what the earlier one has written.
        """
        with structlog.contextvars.bound_contextvars(call_sid=webhook.sid):
            try:
                return self._transact(handler, webhook, claim)
            except IntegrityError as fault:
                claim.put_back()
                log.info("webhook.again", reason=type(fault.orig).__name__)
                return self._transact(handler, webhook, claim)

    def _transact(self, handler: Handler, webhook: Webhook, claim: Claim) -> str | None:
        with self._work.transaction() as session:
            document = handler(self._work, session, webhook)
            session.flush()
            if not claim.take():
                raise TooLate("the deadline had passed; nothing was kept")
        return document


def twiml(document: str, then: BackgroundTask | None = None) -> Response:
    """Return TwiML as the carrier wants it; the type is what decides whether it is executed (12300)."""
    return Response(document, media_type="text/xml", background=then)


async def _capped_body(request: Request) -> bytes | None:
    """Return the body, None as soon as it exceeds the cap, however it is sent."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return None
    return b"".join(chunks)


def _is_about(form: dict[str, str], about: str) -> bool:
    """Say that the SID a webhook is about is there, and that every SID in it is one."""
    named = [name for name in _SIDS if form.get(name)]
    return about in named and all(_SIDS[name].fullmatch(form[name]) for name in named)


def _raw_target(request: Request) -> str:
    """Return path and query as they were sent: what was signed, not what was decoded."""
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    path = raw_path.partition(b"?")[0].decode("latin-1")
    return f"{path}?{query.decode('latin-1')}" if query else path

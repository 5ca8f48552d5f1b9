"""Webhooks on their way: latency, the 15 s limit, redirects, misfortunes, and the ledger's copy of each.

Source: Twilio "Webhooks (HTTP callbacks)", "Webhooks connection overrides", errors 11200, 11205, 11215.
"""

import threading
import time
from dataclasses import dataclass
from functools import partial

from callcenter.simulator.faults import Parcel, Plan
from callcenter.simulator.kernel import Script, Signal
from callcenter.simulator.ledger import Delivery, Lost
from callcenter.simulator.webhooks import (
    BODY_LIMIT,
    CONNECT_AND_READ_LIMIT,
    Callback,
    Pairs,
    WebhookRequest,
    WebhookResponse,
    build,
    resolve,
)
from callcenter.simulator.world import World

HTTP_FAILURE, UNREACHABLE, TOO_MANY_REDIRECTS, BAD_REDIRECT, TOO_LARGE = 11200, 11205, 11215, 11216, 11750
BAD_ANSWER = 15003
XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
HOLD_LIMIT = 30.0
FOLLOWED = {301: "GET", 302: "GET", 303: "GET", 307: ""}
MAX_REDIRECTS = 10


@dataclass(frozen=True)
class Answer:
    """What came back: the response, or Twilio's error code."""

    response: WebhookResponse | None
    error: int = 0


def ask(world: World, callback: Callback, pairs: Pairs, parcel: Parcel) -> Script[Answer]:
    """Send a webhook and wait for its answer, 15 s at most."""
    reply = Signal()
    dispatch(world, callback, pairs, parcel, reply)
    limit = world.kernel.timer(CONNECT_AND_READ_LIMIT)
    first = yield (reply, limit)
    if first is limit:
        return Answer(None, UNREACHABLE)
    answer: Answer = reply.value
    took = answer.response.seconds if answer.response else 0.0
    late = yield (world.kernel.timer(took + world.settings.latency / 2), limit)
    return Answer(None, UNREACHABLE) if late is limit else answer


def dispatch(
    world: World, callback: Callback, pairs: Pairs, parcel: Parcel, reply: Signal | None = None
) -> None:
    """Send a webhook with whatever misfortunes are due; the first copy's answer fires `reply`."""
    request = build(callback, pairs, world.settings.auth_token, world.sids.token())
    trip = _Trip(world, request, parcel, world.faults.plan(parcel), reply)
    if not trip.plan.delays:
        world.ledger.lost.append(Lost(parcel.kind, parcel.call_sid, parcel.event, world.clock.now()))
    elif world.faults.hold(parcel, trip.plan.held, trip.leave):
        world.kernel.after(HOLD_LIMIT, trip.leave_at_last)
    else:
        trip.leave()


@dataclass(eq=False)
class _Trip:
    """One webhook with all its copies."""

    world: World
    request: WebhookRequest
    parcel: Parcel
    plan: Plan
    reply: Signal | None

    def leave(self) -> None:
        """Send every copy at its time, then whatever was held back for this one."""
        half_way = self.world.settings.latency / 2
        if self.plan.concurrent:
            self.world.kernel.errand(half_way, self._all_at_once)
        else:
            for copy, delay in enumerate(self.plan.delays):
                self.world.kernel.errand(half_way + delay, partial(self._send, copy))
        for release in self.world.faults.release(self.parcel):
            self.world.kernel.after(2 * half_way + max(self.plan.delays), release)

    def leave_at_last(self) -> None:
        """Leave unless that has happened."""
        if self.world.faults.overdue(self.leave):
            self.leave()

    def _all_at_once(self) -> None:
        threads = [threading.Thread(target=self._send, args=(n,)) for n in range(len(self.plan.delays))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, copy: int) -> None:
        begun = time.perf_counter()
        answer = _exchange(self.world, self.request)
        self.world.load.answered(time.perf_counter() - begun, rightly=not answer.error)
        with self.world.kernel.lock:
            self._complain(answer)
            self.world.ledger.webhooks.append(_delivery(self.world, self.request, self.parcel, answer, copy))
            if self.reply is not None and copy == 0:
                self.reply.fire(answer)

    def _complain(self, answer: Answer) -> None:
        """Write down a bad answer to news; a document's answer is judged by whoever asked for it."""
        code = 0 if self.parcel.kind == "voice" else answer.error or _bad_answer(self.parcel, answer)
        if code:
            status = answer.response.status if answer.response else "no answer"
            about = f"{self.parcel.kind} callback: {status}"
            self.world.warn(code, about, call_sid=self.parcel.call_sid, url=self.parcel.url)


def _bad_answer(parcel: Parcel, answer: Answer) -> int:
    """Error 15003: Twilio wants 204 to a status callback, or 200 with XML that it will ignore."""
    response = answer.response
    if parcel.kind == "bookkeeping" or response is None or response.status == 204:
        return 0
    return 0 if response.media_type in XML_TYPES else BAD_ANSWER


def _delivery(world: World, request: WebhookRequest, parcel: Parcel, answer: Answer, copy: int) -> Delivery:
    return Delivery(
        parcel.kind,
        parcel.call_sid,
        parcel.event,
        world.clock.now(),
        request,
        answer.response,
        answer.error,
        copy,
    )


def _exchange(world: World, request: WebhookRequest) -> Answer:
    """Send without holding the lock, follow redirects, judge the outcome."""
    try:
        response = world.post(request)
        for _ in range(MAX_REDIRECTS):
            if not 300 <= response.status < 400:
                return _judge(response)
            if response.status not in FOLLOWED or not response.location:
                return Answer(response, BAD_REDIRECT)
            request = _followed(world, request, response)
            response = world.post(request)
    except OSError:
        return Answer(None, UNREACHABLE)
    return Answer(response, TOO_MANY_REDIRECTS)


def _followed(world: World, request: WebhookRequest, response: WebhookResponse) -> WebhookRequest:
    method = FOLLOWED[response.status] or request.method
    target = Callback(resolve(request.url, response.location or ""), method)
    form = request.form if method == "POST" else ()
    return build(target, form, world.settings.auth_token, request.headers["I-Twilio-Idempotency-Token"])


def _judge(response: WebhookResponse) -> Answer:
    if response.status >= 400:
        return Answer(response, HTTP_FAILURE)
    if len(response.body) > BODY_LIMIT:
        return Answer(response, TOO_LARGE)
    return Answer(response)

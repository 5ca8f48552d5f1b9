"""Calls: create, fetch, list, end, redirect.

Source: Twilio "Call resource". `canceled` only reaches queued and ringing calls, `completed` ends live ones
too; redirecting what is not in progress is 21220.
"""

import re
from typing import Literal
from urllib.parse import urlsplit

from callcenter.simulator import progress
from callcenter.simulator.addresses import is_callable, normalised
from callcenter.simulator.calls import Call, Redirected, Source, Status
from callcenter.simulator.placing import Order, place
from callcenter.simulator.rest import shapes
from callcenter.simulator.rest.errors import RestError, missing, not_found, not_in_progress
from callcenter.simulator.rest.paging import page, within
from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.twiml.grammar import LEG_EVENTS
from callcenter.simulator.webhooks import Subscription

INVALID_TO, NOT_OURS, INVALID_FROM = 21211, 21210, 21212
NO_URL, BAD_CALLBACK, BAD_EVENT, TWIML_TOO_LONG = 21205, 21609, 21626, 32018
TWIML_LIMIT, MAX_TIMEOUT = 4000, 600
# Twilio, error 21206: "only contains the characters 0123456789ABCD*#wW"; at most 32 of them.
INVALID_DIGITS, DIGITS = 21206, re.compile(r"[0-9A-D*#wW]{0,32}")
DETECTION: dict[str, Literal["Enable", "DetectMessageEnd"]] = {
    "Enable": "Enable",
    "DetectMessageEnd": "DetectMessageEnd",
}


def create(query: RestQuery) -> tuple[int, Json]:
    """POST /Calls: take a call into the account's queue."""
    return 201, shapes.call(query.world, place(query.world, order_of(query)))


def order_of(query: RestQuery, source: Source | None = None) -> Order:
    """Read a call to place, with its document where the request gives none; raise RestError."""
    to, from_ = normalised(query.get("To")), normalised(query.get("From"))
    if not query.get("To"):
        raise RestError(400, 21201, "No 'To' number is specified")
    if not is_callable(to):
        raise RestError(400, INVALID_TO, f"The phone number you are attempting to call, {to}, is not valid.")
    if not from_:
        raise RestError(400, 21213, "No 'From' number is specified")
    if not is_callable(from_):
        raise RestError(400, INVALID_FROM, f"The source phone number provided, {from_}, is not valid.")
    if from_.startswith("+") and from_ not in query.world.numbers:
        raise RestError(400, NOT_OURS, f"The source phone number provided, {from_}, is not yet verified.")
    if DIGITS.fullmatch(query.get("SendDigits")) is None:
        raise RestError(400, INVALID_DIGITS, f"Invalid SendDigits: {query.get('SendDigits')}")
    return Order(
        to,
        from_,
        source or source_of(query),
        fallback=query.callback("FallbackUrl", "FallbackMethod"),
        subscription=_subscription(query),
        timeout=min(query.number("Timeout", 60), MAX_TIMEOUT),
        time_limit=query.number("TimeLimit", 14_400),
        send_digits=query.get("SendDigits"),
        detect_machine=DETECTION.get(query.get("MachineDetection"), ""),
    )


def source_of(query: RestQuery) -> Source:
    """Return where the document comes from: `Url`, which wins, or `Twiml`."""
    callback = query.callback("Url", "Method")
    if callback is not None:
        if not callback.url.startswith(("http://", "https://")):
            raise RestError(400, NO_URL, f"Url is not a valid URL: {callback.url}")
        return Source(callback)
    twiml = query.get("Twiml")
    if not twiml:
        raise missing("Url", NO_URL)
    if len(twiml) > TWIML_LIMIT:
        raise RestError(400, TWIML_TOO_LONG, "Twiml parameter is longer than 4000 characters")
    return Source(twiml=twiml)


def _subscription(query: RestQuery) -> Subscription | None:
    callback = query.callback("StatusCallback", "StatusCallbackMethod")
    events = frozenset(query.all("StatusCallbackEvent"))
    if callback and "_" in (urlsplit(callback.url).hostname or ""):
        raise RestError(400, BAD_CALLBACK, f"Invalid StatusCallback: {callback.url}")
    if not events <= LEG_EVENTS:
        query.world.warn(
            BAD_EVENT, f"StatusCallbackEvent must be repeated, one of {sorted(LEG_EVENTS)}: {events}"
        )
    return Subscription(callback, events or frozenset({"completed"})) if callback else None


def find(query: RestQuery, sid: str) -> Call:
    """Return a call; raise 20404."""
    call = query.world.calls.get(sid)
    if call is None:
        raise not_found(shapes.uri(query.world, f"Calls/{sid}.json"))
    return call


def fetch(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Calls/{sid}."""
    return 200, shapes.call(query.world, find(query, sid))


def update(query: RestQuery, sid: str) -> tuple[int, Json]:
    """POST /Calls/{sid}: end it, or give it another document."""
    call = find(query, sid)
    if not call.live:
        raise not_in_progress()
    status = query.get("Status")
    if status:
        _end(query, call, status)
    elif query.has("Url") or query.has("Twiml"):
        redirect(call, source_of(query))
    return 200, shapes.call(query.world, call)


def _end(query: RestQuery, call: Call, status: str) -> None:
    if status not in ("canceled", "completed"):
        raise RestError(400, 21218, f"Invalid Call Status: {status}")
    if call.in_progress:
        if status == "completed":
            progress.end(query.world, call, Status.COMPLETED, "rest")
    elif call.direction == "inbound":
        progress.end(query.world, call, Status.NO_ANSWER, "rest")
    else:
        progress.end(query.world, call, Status.CANCELED, "rest")


def redirect(call: Call, source: Source) -> None:
    """Give a live call another document; raise 21220 where there is nothing to redirect."""
    if not call.in_progress or call.process is None:
        raise not_in_progress()
    call.process.interrupt(Redirected(source))


def listing(query: RestQuery) -> tuple[int, Json]:
    """GET /Calls: newest first, filtered."""
    rows = [call for call in reversed(query.world.calls.values()) if _wanted(query, call)]
    return 200, page(query, "calls", rows, lambda call: shapes.call(query.world, call))


def _wanted(query: RestQuery, call: Call) -> bool:
    return (
        query.world.now >= call.listed
        and query.get("To") in ("", call.to)
        and query.get("From") in ("", call.from_)
        and query.get("ParentCallSid") in ("", call.parent.sid if call.parent else "")
        and query.get("Status") in ("", shapes.call_status(call))
        and _in_time(query, call)
    )


def _in_time(query: RestQuery, call: Call) -> bool:
    """StartTime filters by UTC day; a call that has not left the queue has no start and no day shows it."""
    started = call.answered if call.answered is not None else call.dialled
    day = None if started is None else query.world.clock.at(started).date()
    return within(query, "StartTime", day)

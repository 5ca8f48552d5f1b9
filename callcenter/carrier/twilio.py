"""Twilio behind the port: one request each, nothing repeated, every failure named by what it proves.

Twilio documents no idempotency for creating calls, so a request that may have arrived is `Ambiguous`.
The SDK is imported when the first request leaves: it costs half a second.
"""

import logging
import re
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

from callcenter.carrier.port import (
    Ambiguous,
    CallGone,
    CarrierCall,
    CarrierDown,
    CarrierError,
    CarrierRecording,
    NotPlaced,
    Placement,
)

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

EVENTS = ("initiated", "ringing", "answered", "completed")
PAGE_SIZE = 1000
GONE_CODES = frozenset({20404, 21220})
WORTH_REPEATING = frozenset({401, 408, 429})
TOO_MANY_CALLS = 10004
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")
_API = "https://api.twilio.com"
# The SDK logs numbers and URLs at INFO; this logger has no handler and no parent.
_SILENT = logging.Logger("twilio", logging.CRITICAL)


class TwilioCarrier:
    """The carrier port over Twilio's REST API, or whoever speaks it at `api_url`.

    With an API key the account SID only names the account. `timeout_seconds` bounds connecting and each
    silence of the answer; a `transport` (an adapter of requests) may stand for the network. Safe for
    threads: each has a client of its own, because the SDK's HTTP client hands back its last answer,
    whoever asked.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_url: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        timeout_seconds: float = 10,
        transport: "BaseAdapter | None" = None,
    ) -> None:
        self._account = account_sid
        self._login = (api_key, api_secret) if api_key and api_secret else (account_sid, auth_token)
        self._api_url = (api_url or _API).rstrip("/")
        self._timeout = timeout_seconds
        self._transport = transport
        self._thread = threading.local()

    def place(self, placement: Placement) -> str:
        """Place one call and return its SID; raise NotPlaced or Ambiguous."""
        keys: dict[str, Any] = {"send_digits": placement.send_digits} if placement.send_digits else {}
        if placement.detection:
            keys["machine_detection"] = placement.detection
        with _placing():
            call = self._client.calls.create(
                to=placement.to,
                from_=placement.from_number,
                url=placement.url,
                method="POST",
                fallback_url=placement.fallback_url,
                fallback_method="POST",
                status_callback=placement.status_url,
                status_callback_event=list(EVENTS),
                status_callback_method="POST",
                timeout=placement.timeout_seconds,
                time_limit=placement.time_limit_seconds,
                **keys,
            )
            return _named(call.sid)

    def redirect(self, sid: str, url: str) -> None:
        """Make a living call fetch its next document from url; raise CallGone or CarrierDown."""
        self._update(sid, url=url, method="POST")

    def cancel(self, sid: str) -> None:
        """End a call that is still queued or ringing; raise CallGone or CarrierDown."""
        self._update(sid, status="canceled")

    def hang_up(self, sid: str) -> None:
        """End a call whatever its state; raise CallGone or CarrierDown."""
        self._update(sid, status="completed")

    def fetch(self, sid: str) -> CarrierCall:
        """Return one call; raise CallGone when Twilio does not know it, CarrierDown."""
        with _asking():
            return _seen(self._client.calls(sid).fetch())

    def list_calls(self, *, to: str | None = None, day: date | None = None) -> list[CarrierCall]:
        """Return every call of a UTC day: all pages, queued ones first, then newest first; raise CarrierDown.

        A queued call has no StartTime yet and no day would show it. The queue is read first: a call that
        starts between the two readings is in the second.
        """
        filters: dict[str, Any] = {"page_size": PAGE_SIZE} | ({"to": to} if to else {})
        dated: dict[str, Any] = filters | ({"start_time": day.isoformat()} if day else {})
        with _asking():
            calls = self._client.calls.list(status="queued", **filters) if day else []
            calls = calls + self._client.calls.list(**dated)
            return list({call.sid: _seen(call) for call in calls}.values())

    def calls_since(self, since: datetime) -> list[CarrierCall]:
        """Return the calls that began at or after `since`, newest first; raise CarrierDown.

        Twilio may round the time in the filter down to its day, so the older ones are left out here too.
        """
        with _asking():
            listed = self._client.calls.stream(start_time_after=since, page_size=PAGE_SIZE)
            return list(_begun(map(_seen, listed), since))

    def recordings_since(self, since: datetime) -> list[CarrierRecording]:
        """Return the recordings that began at or after `since`, newest first; raise CarrierDown."""
        with _asking():
            listed = self._client.recordings.stream(date_created_after=since, page_size=PAGE_SIZE)
            return list(takewhile(lambda taped: taped.created_at >= since, map(_taped, listed)))

    def recording(self, sid: str) -> bytes:
        """Return a recording's audio (WAV); raise CallGone when it is not there (yet), CarrierDown."""
        if not _RECORDING_SID.fullmatch(sid):
            raise CallGone(f"{sid!r} is no recording's SID.")
        url = f"{self._api_url}/2010-04-01/Accounts/{self._account}/Recordings/{sid}.wav"
        with _asking():
            answer = self._session.get(url, auth=self._login, timeout=self._timeout)
        if answer.status_code == 404:
            raise CallGone(f"The recording {sid} is not there.")
        if answer.status_code != 200:
            raise CarrierDown(f"Twilio answered {answer.status_code} to a recording's fetch.")
        return bytes(answer.content)

    def _update(self, sid: str, **changes: str) -> None:
        with _asking():
            self._client.calls(sid).update(**changes)

    @property
    def _session(self) -> Any:
        """The SDK's own HTTP session: its answers as text would spoil audio."""
        return cast("TwilioHttpClient", self._client.http_client).session

    @property
    def _client(self) -> "Client":
        if not hasattr(self._thread, "client"):
            self._thread.client = self._connect()
        client: Client = self._thread.client
        return client

    def _connect(self) -> "Client":
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415

        http = TwilioHttpClient(timeout=self._timeout, max_retries=0, logger=_SILENT)
        if self._transport is not None and http.session is not None:
            http.session.mount(self._api_url, self._transport)
        # An empty environment would be replaced by the process's own, with its TWILIO_EDGE.
        settings = {"TWILIO_EDGE": ""}
        return self._client_class(*self._login, self._account, http_client=http, environment=settings)

    @cached_property
    def _client_class(self) -> "type[Client]":
        from twilio.rest import Client  # noqa: PLC0415

        base = urlsplit(self._api_url)

        class Addressed(Client):
            """The SDK has no base URL; every request, paging included, asks for its host name here."""

            def get_hostname(self, uri: str) -> str:
                """Return the address at the configured host."""
                parts = urlsplit(uri)
                return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))

        return Addressed


def _named(sid: object) -> str:
    if not isinstance(sid, str) or not sid:
        raise Ambiguous("Twilio accepted a call without naming it.")
    return sid


def _seen(call: Any) -> CarrierCall:
    return CarrierCall(
        sid=call.sid,
        status=call.status,
        direction=call.direction,
        to=call.to,
        from_number=call._from or "",
        started_at=_utc(call.start_time),
        ended_at=_utc(call.end_time),
        queue_seconds=_seconds(call.queue_time),
    )


def _seconds(milliseconds: object) -> float:
    """Read Twilio's `queue_time`, a text or null."""
    text = str(milliseconds or "0")
    return int(text) / 1000 if text.isdigit() else 0.0


def _begun(calls: Iterable[CarrierCall], since: datetime) -> Iterator[CarrierCall]:
    """Yield the calls, newest first, until one began before; those that still wait have not begun."""
    for call in calls:
        if call.started_at is not None:
            if call.started_at < since:
                return
            yield call


def _taped(recording: Any) -> CarrierRecording:
    return CarrierRecording(
        sid=recording.sid,
        call_sid=recording.call_sid or "",
        status=str(recording.status),
        source=str(recording.source),
        seconds=int(recording.duration) if recording.duration else None,
        created_at=recording.date_created.astimezone(UTC),
    )


def _utc(stamp: datetime | None) -> datetime | None:
    return stamp.astimezone(UTC) if stamp else None


@contextmanager
def _placing() -> Iterator[None]:
    """Turn every failure into what it proves; whatever proves nothing leaves the call in doubt."""
    try:
        yield
    except CarrierError:
        raise
    except Exception as failure:
        raise _verdict(failure) from failure


def _verdict(failure: Exception) -> CarrierError:
    status = getattr(failure, "status", None)
    if isinstance(status, int) and 400 <= status < 500:
        code = getattr(failure, "code", None)
        return NotPlaced(f"{status}/{code}", retry=status in WORTH_REPEATING or code == TOO_MANY_CALLS)
    if _never_left(failure):
        return NotPlaced(type(failure).__name__)
    return Ambiguous(f"{type(failure).__name__}: a call may have been placed.")


def _never_left(failure: BaseException) -> bool:
    """Whether the connection was never made: DNS, refused, connect timeout, an untrusted certificate."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError  # noqa: PLC0415

    proofs = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
    return any(isinstance(cause, proofs) for cause in _causes(failure))


def _causes(failure: object) -> Iterator[object]:
    """Walk into a failure: requests keeps urllib3's as its argument, urllib3 the socket's as its reason."""
    yield failure
    inner = getattr(failure, "reason", None)
    for cause in (inner, *getattr(failure, "args", ())):
        if isinstance(cause, BaseException):
            yield from _causes(cause)


@contextmanager
def _asking() -> Iterator[None]:
    """Turn every failure of a request that may be repeated into CallGone or CarrierDown."""
    from requests import RequestException  # noqa: PLC0415
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415

    try:
        yield
    except (RequestException, TwilioException, ValueError) as failure:
        code = getattr(failure, "code", None)
        if code in GONE_CODES:
            raise CallGone(f"Twilio answered {code}.") from failure
        raise CarrierDown(f"{type(failure).__name__}: {code or 'no answer'}") from failure

"""Webhooks and sounds over real HTTP; redirects and misfortunes are the courier's business."""

import threading
from socket import MSG_PEEK, SO_ERROR, SOL_SOCKET
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Unanswered
from urllib3 import HTTPConnectionPool, HTTPResponse
from urllib3.connection import HTTPConnection

from callcenter.simulator.webhooks import CONNECT_AND_READ_LIMIT, WebhookRequest, WebhookResponse

CONNECT_LIMIT = 5.0


class ClosedAtRest(ConnectionResetError):
    """A connection had been closed while it rested: nobody has read the request that was sent on it."""


class HttpPost:
    """A `Post` over HTTP; safe for threads, each keeps its own connections."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __call__(self, request: WebhookRequest) -> WebhookResponse:
        """Send a webhook; raise OSError (requests' errors are) where there is no answer."""
        answer = self._session().request(
            request.method,
            request.url,
            data=request.body if request.method == "POST" else None,
            headers=dict(request.headers),
            timeout=(CONNECT_LIMIT, CONNECT_AND_READ_LIMIT),
            allow_redirects=False,
        )
        return WebhookResponse(
            answer.status_code,
            answer.headers.get("Content-Type"),
            answer.content,
            answer.headers.get("Location"),
        )

    def fetch(self, url: str) -> bytes:
        """Fetch a sound; raise OSError where there is none."""
        answer = self._session().get(url, timeout=(CONNECT_LIMIT, CONNECT_AND_READ_LIMIT))
        answer.raise_for_status()
        return answer.content

    def _session(self) -> Session:
        if not hasattr(self._local, "session"):
            session = Session()
            # The environment's proxies are not meant for an application on this machine.
            session.trust_env = False
            session.mount("http://", _Kept())
            self._local.session = session
        found: Session = self._local.session
        return found


class _Kept(HTTPAdapter):
    """Sends once more, on a fresh connection, what was sent on one that had just been closed.

    Any HTTP client does so, beneath the retries of a carrier, which are for answers that failed. What a
    server has read is not sent again, though no answer came: it may have been obeyed.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Keep connections that tell when they had been closed."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            **self.poolmanager.pool_classes_by_scheme, "http": _Pool
        }  # fmt: skip

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send, and once more if need be."""
        try:
            return super().send(request, *args, **kwargs)
        except Unanswered as fault:
            if not _says_closed_at_rest(fault):
                raise
        self.close()
        return super().send(request, *args, **kwargs)


def _says_closed_at_rest(fault: BaseException) -> bool:
    """Walk into a failure: requests keeps urllib3's as its argument, urllib3 the connection's."""
    if isinstance(fault, ClosedAtRest):
        return True
    return any(_says_closed_at_rest(inner) for inner in fault.args if isinstance(inner, BaseException))


class _Connection(HTTPConnection):
    """A connection that knows whether a request on it can have been read."""

    _is_used_again = _is_refused = False

    def connect(self) -> None:
        """Connect, for the first request."""
        super().connect()
        self._is_used_again = self._is_refused = False

    def send(self, data: Any) -> None:
        """Send a part of the request; who does not take it may have answered all the same."""
        try:
            super().send(data)
        except ConnectionError:
            self._is_refused = True
            raise

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # As urllib3's own.
        """Return the answer; raise ClosedAtRest where there can be none."""
        if self._is_used_again and self._was_closed():
            raise ClosedAtRest
        answer = super().getresponse()
        self._is_used_again = True
        return answer

    def _was_closed(self) -> bool:
        """Wait for a byte or the end. A reset says that something was not read; an end alone says nothing."""
        self.sock.settimeout(self.timeout)
        try:
            if self.sock.recv(1, MSG_PEEK):
                return False
        except ConnectionResetError:
            return True
        return self._is_refused or self.sock.getsockopt(SOL_SOCKET, SO_ERROR) != 0


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

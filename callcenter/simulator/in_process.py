"""The REST API without a socket: an adapter for `requests` sessions, such as the one inside twilio-python.

`session.mount(api_url, InProcess(network.rest))` sends every request to that host into the network.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as Reset
from requests.exceptions import ReadTimeout

from callcenter.simulator.rest.api import Auth, Rest, RestFault


class InProcess(BaseAdapter):
    """Answers like the REST server would, faults included; keeps no connection."""

    def __init__(self, rest: Rest) -> None:
        super().__init__()
        self._rest = rest

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: object = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Answer one request; raise ReadTimeout or ConnectionError where a fault says so."""
        parts = urlsplit(request.url or "")
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        auth = basic_auth(request.headers.get("Authorization"))
        if parts.path.endswith(".wav"):
            return _media(self._rest.media(parts.path, auth))
        try:
            return _json(*self._rest.handle(request.method or "GET", path, _form(request), auth))
        except RestFault as fault:
            raised = Reset if fault.effect == "reset" else ReadTimeout
            raise raised(fault.effect, request=request) from fault

    def close(self) -> None:
        """Nothing is held open."""


def basic_auth(header: str | bytes | None) -> Auth:
    """Read an Authorization header; None where it is missing or not readable."""
    text = header.decode("latin-1") if isinstance(header, bytes) else (header or "")
    scheme, _, encoded = text.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _form(request: PreparedRequest) -> tuple[tuple[str, str], ...]:
    body = request.body
    text = body.decode() if isinstance(body, bytes) else body
    return tuple(parse_qsl(text, keep_blank_values=True)) if isinstance(text, str) else ()


def _json(status: int, body: object) -> Response:
    content = b"" if body is None else json.dumps(body).encode()
    return _response(status, content, "application/json")


def _media(sound: bytes | None) -> Response:
    return _response(404, b"", "text/plain") if sound is None else _response(200, sound, "audio/x-wav")


def _response(status: int, content: bytes, content_type: str) -> Response:
    response = Response()
    response.status_code = status
    response._content = content
    response.headers["Content-Type"] = content_type
    response.encoding = "utf-8"
    return response

"""What travels between the network and the application: requests, answers, signatures.

Source: Twilio "Webhooks security" and twilio-python's `RequestValidator`, which the tests compare with.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus, urldefrag, urlencode, urljoin, urlsplit

Pairs = tuple[tuple[str, str], ...]

CONNECT_AND_READ_LIMIT = 15.0
BODY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class WebhookRequest:
    """One request to the application; `form` is the body's pairs (empty for GET), all decoded."""

    method: str
    url: str
    form: Pairs
    headers: Mapping[str, str]

    @property
    def body(self) -> bytes:
        """Return the form as it is sent."""
        return urlencode(self.form, quote_via=quote_plus).encode()

    @property
    def params(self) -> dict[str, str]:
        """Return form and query together, for reading."""
        query = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        return dict([*query, *self.form])


@dataclass(frozen=True)
class WebhookResponse:
    """The application's answer; `seconds` is how long it took in the network's time, for the 15 s limit."""

    status: int
    content_type: str | None = "text/xml"
    body: bytes = b""
    location: str | None = None
    seconds: float = 0.0

    @property
    def media_type(self) -> str:
        """Return the content type without its parameters, in lower case."""
        return (self.content_type or "").split(";")[0].strip().lower()


# Raises TimeoutError or ConnectionError (both OSError) where there is no answer.
Post = Callable[[WebhookRequest], WebhookResponse]
# Fetches a sound: URL to bytes; raises OSError.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class Callback:
    """An address that the application gave us: absolute URL and method."""

    url: str
    method: str = "POST"


@dataclass(frozen=True)
class Subscription:
    """A status callback with the events it was asked for."""

    callback: Callback
    events: frozenset[str] = field(default_factory=lambda: frozenset({"completed"}))


def resolve(base: str, url: str) -> str:
    """Return the URL absolute: relative ones resolve against the document they stand in."""
    return urljoin(base, url.strip())


def build(callback: Callback, pairs: Pairs, auth_token: str, token: str) -> WebhookRequest:
    """Return the signed request; the fragment (connection overrides) is neither sent nor signed."""
    url = urldefrag(callback.url).url
    method = callback.method.upper()
    form = pairs
    if method == "GET":
        glue = "&" if urlsplit(url).query else "?"
        url, form = f"{url}{glue}{urlencode(pairs)}", ()
    headers = {
        "X-Twilio-Signature": sign(url, form, auth_token),
        "I-Twilio-Idempotency-Token": token,
        "User-Agent": "TwilioProxy/1.1",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "Accept": "*/*",
    }
    if method == "GET":
        del headers["Content-Type"]
    return WebhookRequest(method, url, form, headers)


def sign(url: str, form: Pairs, auth_token: str) -> str:
    """Return base64(HMAC-SHA1(token, url + each name and value)), sorted, repeated pairs once."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()

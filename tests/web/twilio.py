"""A carrier's hand for tests of the web: signs as Twilio does and posts."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from tests.xinghe import HOTLINE

PUBLIC_URL = "https://hotline.example.com"
ACCOUNT = "AC" + "5" * 32
TOKEN = "the auth token of these tests"
SID = "CA" + "1" * 32


@dataclass
class Poster:
    """Posts webhooks, signed unless said otherwise."""

    web: TestClient
    headers: dict[str, str] = field(default_factory=dict)

    def sign(self, path: str, pairs: list[tuple[str, str]], token: str = TOKEN) -> str:
        """Return the signature of a form for an address."""
        form: dict[str, list[str]] = {}
        for name, value in pairs:
            form.setdefault(name, []).append(value)
        return str(RequestValidator(token).compute_signature(PUBLIC_URL + path, _Many(form)))

    def post(self, path: str, pairs: list[tuple[str, str]] | None = None, **form: str):  # type: ignore[no-untyped-def]
        """Post a form as the carrier would."""
        pairs = pairs if pairs is not None else list((arrival() | form).items())
        headers = {"X-Twilio-Signature": self.sign(path, pairs), **self.headers}
        return self.raw(path, urlencode(pairs).encode(), headers)

    def raw(self, path: str, body: bytes, headers: dict[str, str]):  # type: ignore[no-untyped-def]
        """Post bytes."""
        media = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.web.post(path, content=body, headers=media | headers)


class _Many(dict[str, list[str]]):
    def getlist(self, name: str) -> list[str]:
        """Return every value of a name."""
        return self[name]


def arrival(**other: str) -> dict[str, str]:
    """The form of a call that comes in (telephony.md, section 1)."""
    return {
        "CallSid": SID, "AccountSid": ACCOUNT, "From": "+8613800138000", "To": HOTLINE,
        "CallStatus": "ringing", "Direction": "inbound", "ApiVersion": "2010-04-01", "CallerCity": "",
        "StirVerstat": "No-TN-Validation",
    } | other  # fmt: skip

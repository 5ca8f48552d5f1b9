"""Small HTTP for the command line: one JSON question, one JSON answer, on this machine or at the carrier."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 5.0
NOBODY = 0


@dataclass(frozen=True)
class Answer:
    """A status, `NOBODY` where no one answered, and what came as JSON (None where it was none)."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """It is a success."""
        return 200 <= self.status < 300


def basic(user: str, word: str) -> str:
    """Return the Authorization header of a name and a password."""
    return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()


def ask(url: str, *, authorization: str | None = None, body: Any = None) -> Answer:
    """GET an address, or POST a body to it as JSON."""
    request = urllib.request.Request(url)  # noqa: S310  The settings accept http and https only.
    if authorization:
        request.add_header("Authorization", authorization)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            return Answer(answer.status, _json(answer.read()))
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, _json(refusal.read()))
    except OSError:
        return Answer(NOBODY, None)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

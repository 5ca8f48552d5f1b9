"""Webhooks as the carrier sends them: whole HTTP requests, signed beforehand, ready for a socket.

The fields of a form are those of telephony.md, section 1, with the legacy twins that are still sent.
"""

from collections.abc import Iterable
from random import Random
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.web.twilio import PUBLIC_URL, TOKEN, arrival
from tests.xinghe import HOTLINE

ARRIVAL_PATH = "/twilio/voice"
CHOICE_PATH = "/twilio/voice/keys/1"
ARRIVAL_SAYS = b"/twilio/voice/keys/1"
CHOICE_SAYS = b"<Enqueue"
_VALIDATOR = RequestValidator(TOKEN)  # type: ignore[no-untyped-call]


def sid(number: int) -> str:
    """Return the SID of a call by its number."""
    return f"CA{number:032x}"


def callers(seed: int, numbers: Iterable[int]) -> dict[int, str]:
    """Return a Chinese mobile number for each call: nearly all of them phone for the first time."""
    random = Random(seed)
    return {number: f"+86138{random.randrange(10**8):08}" for number in numbers}


def arrived(number: int, caller: str) -> bytes:
    """Return the first webhook of a call."""
    return _posted(ARRIVAL_PATH, _form(number, caller))


def chose(number: int, caller: str, key: str = "1") -> bytes:
    """Return the webhook of a key pressed in the first document."""
    pressed = {"CallStatus": "in-progress", "Digits": key, "FinishedOnKey": "", "msg": "Gather End"}
    return _posted(CHOICE_PATH, _form(number, caller) | pressed)


def _form(number: int, caller: str) -> dict[str, str]:
    whence = {
        f"{side}{part}": ""
        for side in ("Caller", "Called", "From", "To")
        for part in ("City", "State", "Zip")
    }
    countries = {f"{side}Country": "CN" for side in ("Caller", "Called", "From", "To")}
    twins = {"Caller": caller, "Called": HOTLINE, "CallToken": f"%7B%22callToken%22%3A%22{number:032x}%22%7D"}
    return arrival(CallSid=sid(number), From=caller, **whence, **countries, **twins)


def _posted(path: str, form: dict[str, str]) -> bytes:
    body = urlencode(form).encode()
    head = "\r\n".join(
        (
            f"POST {path} HTTP/1.1",
            "Host: hotline.example.com",
            f"X-Twilio-Signature: {signature(path, form)}",
            "I-Twilio-Idempotency-Token: 0b5bd0a7-6a5f-4e9d-9a3f-0f4a4e2c7a11",
            "User-Agent: TwilioProxy/1.1",
            "Accept: */*",
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            f"Content-Length: {len(body)}",
            "\r\n",
        )
    )
    return head.encode() + body


def signature(path: str, form: dict[str, str]) -> str:
    """Sign a form for an address with the carrier's own code."""
    return str(_VALIDATOR.compute_signature(PUBLIC_URL + path, form))

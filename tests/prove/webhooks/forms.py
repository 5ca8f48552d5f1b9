"""Webhooks as Twilio writes and signs them (telephony.md, sections 1 to 3), with code of the proofs' own."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from tests.prove.webhooks.wires import Request
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN
from tests.xinghe import HOTLINE

MEDIA = ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
NOBODYS = "+862155550999"
"""A number that is no line of the centre."""
Pairs = list[tuple[str, str]]


def sid(kind: str, number: int) -> str:
    """Return a SID by its kind (`CA`, `RE`, `CF`) and a number."""
    return f"{kind}{number:032x}"


def form(call: str, caller: str, to: str = HOTLINE, **other: str) -> dict[str, str]:
    """Return what every webhook of a call has, and what this one has beside it."""
    return {
        "CallSid": call, "AccountSid": ACCOUNT, "From": caller, "To": to, "CallStatus": "in-progress",
        "Direction": "inbound", "ApiVersion": "2010-04-01", "Caller": caller, "Called": to, "FromCity": "",
    } | other  # fmt: skip


def signature(address: str, pairs: Iterable[tuple[str, str]], token: str = TOKEN) -> str:
    """Sign an address with its form as Twilio does: no separators, values of a name once each, sorted."""
    said = address + "".join(name + value for name, value in sorted(set(pairs)))
    return b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def signed(target: str, pairs: Pairs | dict[str, str]) -> Request:
    """Return a request that the carrier makes."""
    listed = list(pairs.items()) if isinstance(pairs, dict) else pairs
    proof = ("X-Twilio-Signature", signature(PUBLIC_URL + target, listed))
    return Request(target, urlencode(listed).encode(), (MEDIA, proof))


def stamp(at: datetime) -> str:
    """Write a time as Twilio does: RFC 2822, whole seconds."""
    return format_datetime(at.astimezone(UTC))

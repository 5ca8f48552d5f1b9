"""Faults to plant: small things that could be forgotten, each of which a proof must see."""

import re
import threading
from base64 import b64encode
from typing import Any

from starlette.responses import Response

from callcenter.calls import queries as calls
from callcenter.calls.actions import keep_recording, record_event
from callcenter.switchboard import inbound
from callcenter.switchboard.driver import HANG_UP
from callcenter.web import voice
from callcenter.web.signature import SignatureCheck
from ivr.hearing import Pressed, Silence
from tests.web.twilio import TOKEN

_real_accepts = SignatureCheck.accepts
_real_leg = calls.leg_by_sid
_real_call = calls.call_by_id
MOMENT_SECONDS = 0.5
"""How long a webhook waits for a second one of the same call, to go on beside it."""
_meeting, _waiting = threading.Lock(), dict[str, threading.Event]()


def last_word(_current: str, reported: str) -> str:
    """Believe the last report, as if reports came in order."""
    return reported


def arrival(webhook: Any) -> Any:
    """Take the time of arrival for that of the event."""
    return webhook.received_at


def go_on(work: Any, session: Any, *, sid: str, key: str, heard: Any, at: Any, **_: Any) -> str:
    """Go on with a call without looking whether it is over."""
    found = calls.take_leg_and_call(session, sid, key)
    if found is None:
        return HANG_UP
    found[1].__dict__["ended_at"] = None
    return inbound._go_on(work, session, *found, key, heard, at)


def unlocked(session: Any, sid: str, *, lock: bool = False) -> Any:
    """Read a leg without locking it, and let a second webhook of it, if one comes, do so as well."""
    with _meeting:
        second = _waiting.pop(sid, None)
        mine = second or _waiting.setdefault(sid, threading.Event())
    leg = _real_leg(session, sid)
    if second:
        second.set()
    else:
        mine.wait(MOMENT_SECONDS)
        _waiting.pop(sid, None)
    return leg


def unlocked_call(session: Any, call_id: Any, *, lock: bool = False) -> Any:
    """Read a call without locking it."""
    return _real_call(session, call_id)


def nothing(*_: Any, **__: Any) -> None:
    """Find nothing, whatever is there."""


def no_answer(*_: Any, **__: Any) -> Any:
    """Ask for something, and find nothing, whatever is there."""
    return nothing


def always(*_: Any, **__: Any) -> bool:
    """Say yes to everything."""
    return True


def note_again(session: Any, leg: Any, report: Any, **_: Any) -> bool:
    """Write a report down under a key that no other has."""
    return record_event(
        session, call_id=leg.call_id, leg_sid=leg.sid, key=f"status:{report.received_at.timestamp()}",
        kind="status", at=report.at, recorded_at=report.received_at, detail={},
    )  # fmt: skip


def keep_again(session: Any, *, sid: str, at: Any, **named: Any) -> None:
    """Keep a recording under a SID that no other has."""
    keep_recording(session, sid=f"{sid[:24]}{at.timestamp():.0f}"[:34], at=at, **named)


def nearly(begun: Any, whole: bytes, told: bytes) -> bool:
    """Compare the beginnings of two signatures only."""
    mac = begun.copy()
    mac.update(whole)
    return bool(b64encode(mac.digest())[:6] == told[:6])


def accepts_any_address(self: Any, target: str, said: str, signature: str | None) -> bool:
    """Believe a request about the address that it was sent to, as a proxy's headers would have it."""
    bases = ("http://hotline.example.com", "https://evil.example")
    return bool(signature) and any(
        _real_accepts(SignatureCheck(TOKEN, base), target, said, signature) for base in bases
    )


def accepts_none(self: Any, target: str, said: str, signature: str | None) -> bool:
    """Compare what is not there, as the carrier's own validator does."""
    if signature is None:
        raise TypeError("object of type 'NoneType' has no len()")
    return _real_accepts(self, target, said, signature)


def names_only(form: Any, said: str) -> bool:
    """Look at the names that are there, not at those that are not."""
    return min(form, default="") >= "A"


def _guessed(form: dict[str, str]) -> Any:
    return Pressed(form["Digits"]) if form.get("Digits") else Silence()


READERS = {**voice._READERS, "keys": _guessed}


class _Loose:
    """A pattern that looks at a beginning only."""

    def __init__(self, beginning: str) -> None:
        self._beginning = re.compile(beginning)

    def fullmatch(self, text: str) -> Any:
        """Match the beginning."""
        return self._beginning.match(text)


LOOSE_SIDS = {"CallSid": _Loose("CA"), "ConferenceSid": _Loose("CF")}


async def an_error(*_: Any) -> Response:
    """Answer as a web framework does when something is late or broken."""
    return Response(status_code=503)

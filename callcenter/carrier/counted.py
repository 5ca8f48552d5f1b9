"""A carrier that counts and times what it is asked, for Prometheus; it changes nothing of it."""

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from callcenter.carrier.port import Carrier, CarrierCall, CarrierError, CarrierRecording, Placement
from callcenter.metrics import CARRIER_REQUESTS, CARRIER_SECONDS

T = TypeVar("T")
DONE = "done"


class Counted:
    """The port over another carrier. The result of a request is `done`, or the name of its error."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def place(self, placement: Placement) -> str:
        """Place one call."""
        return _count("place", lambda: self._carrier.place(placement))

    def redirect(self, sid: str, url: str) -> None:
        """Redirect a call."""
        _count("redirect", lambda: self._carrier.redirect(sid, url))

    def cancel(self, sid: str) -> None:
        """Cancel a call."""
        _count("cancel", lambda: self._carrier.cancel(sid))

    def hang_up(self, sid: str) -> None:
        """Hang up a call."""
        _count("hang_up", lambda: self._carrier.hang_up(sid))

    def fetch(self, sid: str) -> CarrierCall:
        """Fetch a call."""
        return _count("fetch", lambda: self._carrier.fetch(sid))

    def list_calls(self, *, to: str | None = None, day: date | None = None) -> list[CarrierCall]:
        """List a day's calls."""
        return _count("list_calls", lambda: self._carrier.list_calls(to=to, day=day))

    def calls_since(self, since: datetime) -> list[CarrierCall]:
        """List the newest calls."""
        return _count("calls_since", lambda: self._carrier.calls_since(since))

    def recordings_since(self, since: datetime) -> list[CarrierRecording]:
        """List the newest recordings."""
        return _count("recordings_since", lambda: self._carrier.recordings_since(since))

    def recording(self, sid: str) -> bytes:
        """Fetch a recording."""
        return _count("recording", lambda: self._carrier.recording(sid))


def _count(verb: str, ask: Callable[[], T]) -> T:
    result, started = DONE, time.perf_counter()
    try:
        return ask()
    except CarrierError as error:
        result = type(error).__name__
        raise
    finally:
        CARRIER_REQUESTS.labels(verb, result).inc()
        CARRIER_SECONDS.labels(verb).observe(time.perf_counter() - started)

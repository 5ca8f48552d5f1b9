"""From settings to a Work: the one place that chooses the database, the carrier, the time and the bell."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from callcenter import clock
from callcenter.bell import RingsAside, RqDoorbell
from callcenter.carrier.counted import Counted
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock import Now
from callcenter.db import TURN_WAIT_SECONDS, Database
from callcenter.jobs import NoDoorbell, Work
from callcenter.settings import Settings


def make_work(
    settings: Settings,
    *,
    lock_wait_seconds: float | None = None,
    turn_wait_seconds: float = TURN_WAIT_SECONDS,
) -> Work:
    """Return what the doors and jobs of this process need; connects to nothing yet."""
    return Work(
        db=Database(
            settings.database_url, lock_wait_seconds=lock_wait_seconds, turn_wait_seconds=turn_wait_seconds
        ),
        carrier=Counted(_twilio(settings)),
        now=_from_file(settings.test_clock) if settings.test_clock else clock.system,
        public_url=settings.public_url,
        secret_key=settings.secret_key or "",
        bell=RqDoorbell(settings.redis_url) if settings.redis_url else NoDoorbell(),
    )


@contextmanager
def ringing_aside(work: Work) -> Iterator[Work]:
    """Yield the work of a process whose answers are waited for: its bells ring from a thread of their own."""
    if not isinstance(work.bell, RqDoorbell):
        yield work
        return
    bell = RingsAside(work.bell)
    try:
        yield replace(work, bell=bell)
    finally:
        bell.finish()


def _twilio(settings: Settings) -> TwilioCarrier:
    return TwilioCarrier(
        settings.twilio_account_sid or "",
        settings.twilio_auth_token or "",
        api_url=settings.twilio_api_url,
        api_key=settings.twilio_api_key,
        api_secret=settings.twilio_api_secret,
    )


def secrets_of(settings: Settings) -> list[str | None]:
    """Return what must not appear in any log."""
    tokens = [settings.twilio_auth_token, settings.twilio_auth_token_secondary]
    return [settings.secret_key, *tokens, settings.twilio_api_secret]


def _from_file(path: Path) -> Now:
    """A clock for tests of whole processes, read anew at each look.

    The file holds {"since": RFC 3339, "offset_seconds": number, "rate": number}: from `since` on the time
    runs `rate` times as fast as this machine's, moved by the offset.
    """

    def now() -> datetime:
        told = json.loads(path.read_text())
        since = datetime.fromisoformat(told["since"])
        offset = timedelta(seconds=told["offset_seconds"])
        return since + (clock.system() - since) * float(told["rate"]) + offset

    return now

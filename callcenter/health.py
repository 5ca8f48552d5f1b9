"""Whether this process can answer webhooks, and which of its parts are away meanwhile.

Webhooks are answered even without a database (an apology that takes a message), so a lost part degrades and
does not take the process out of service; only missing settings do.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import sqlalchemy as sa

from callcenter import bell, schema
from callcenter.dialing.queries import gate
from callcenter.errors import CallCenterError
from callcenter.jobs import Work
from callcenter.leases import Lease
from callcenter.settings import Settings
from callcenter.spool import unusable

PATIENCE_SECONDS = 1.0
CLOCK_GRACE = timedelta(seconds=10)
Check = Callable[[Work, Settings], bool]


def _database(work: Work, _settings: Settings) -> bool:
    with work.db.reading() as session:
        return session.scalar(sa.select(1)) == 1


def _schema(work: Work, _settings: Settings) -> bool:
    return schema.current(work.db.engine) == schema.head()


def _redis(_work: Work, settings: Settings) -> bool:
    return settings.redis_url is not None and bell.answers(settings.redis_url)


def _worker(_work: Work, settings: Settings) -> bool:
    """Somebody performs what the bell rings for; without, jobs are handed over and no phone rings."""
    return settings.redis_url is not None and bell.workers(settings.redis_url) > 0


def _clock(work: Work, _settings: Settings) -> bool:
    """The clock's lease was renewed lately: somebody sweeps."""
    with work.db.reading() as session:
        until = session.scalar(sa.select(Lease.until).where(Lease.name == "clock"))
    return until is not None and until + CLOCK_GRACE > work.at()


def _carrier(work: Work, _settings: Settings) -> bool:
    """The carrier takes calls: none is held back because it failed so often."""
    try:
        with work.db.reading() as session:
            found = gate(session)
    except (sa.exc.SQLAlchemyError, CallCenterError):
        return True  # Nobody knows; that the database is away is said by itself.
    return found is None or found.opened_at is None


def _spool(_work: Work, settings: Settings) -> bool:
    """Every message that was spooled here could be used: none waits for a person."""
    return unusable(settings.spool_dir) == 0


CHECKS: dict[str, Check] = {
    "database": _database,
    "schema": _schema,
    "redis": _redis,
    "worker": _worker,
    "clock": _clock,
    "carrier": _carrier,
    "spool": _spool,
}
_threads = ThreadPoolExecutor(len(CHECKS), thread_name_prefix="health")
_asked: dict[str, Future[bool]] = {}


def readiness(work: Work, settings: Settings) -> tuple[int, list[str]]:
    """Return the HTTP status and the names of the parts that are away.

    503 only when settings are missing without which no webhook can be answered. Takes a second at most:
    a part that hangs is away, and is not asked again until it has answered.
    """
    if not settings.twilio_auth_token or not settings.secret_key:
        return 503, ["settings"]
    for name, check in CHECKS.items():
        if name not in _asked or _asked[name].done():
            _asked[name] = _threads.submit(check, work, settings)
    wait(_asked.values(), PATIENCE_SECONDS)
    return 200, [name for name in CHECKS if not _is_there(_asked[name])]


def _is_there(asked: Future[bool]) -> bool:
    """A part that has not answered, or whatever it failed with, is away."""
    return asked.done() and asked.exception() is None and asked.result()

"""The clock: finds what is due and rings its bell. Several may run; the holder of the lease sweeps.

The lease saves work and never guards correctness: every sweep's verdict is a conditional change of a row.
"""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from callcenter.jobs import Doorbell, Work, perform
from callcenter.leases import take_lease
from callcenter.switchboard import jobs as _registered  # noqa: F401  Importing it names the jobs.
from callcenter.switchboard.sweeps import SWEEPS, with_rows

log = structlog.get_logger()
LEASE_SECONDS = 5.0
OWN_WORKERS = 8
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Ticker:
    """Runs each sweep when its interval has passed on the work's own clock."""

    work: Work
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    _next: dict[str, float] = field(default_factory=dict)
    _leads_until: datetime = LONG_AGO

    def tick(self) -> None:
        """Sweep once if the lease is ours; a sweep that fails is logged and tried again next time."""
        if not self._leads():
            return
        now, there = self.work.at().timestamp(), with_rows(self.work)
        for due in SWEEPS:
            if self._is_due(due.name, due.every, now):
                self._next[due.name] = now + due.every
                if not due.rows or due.name in there:
                    self._run(due.name, due.run)

    def _is_due(self, name: str, every: float, now: float) -> bool:
        """Say whether the interval has passed; a clock that was set back makes everything due."""
        following = self._next.get(name, 0.0)
        return now >= following or now < following - every

    def _leads(self) -> bool:
        """Hold the lease, renewed at half its time; a clock that was set back renews at once."""
        at = self.work.at()
        if timedelta(seconds=LEASE_SECONDS / 2) < self._leads_until - at <= timedelta(seconds=LEASE_SECONDS):
            return True
        with self.work.transaction() as session:
            leads = take_lease(session, name="clock", owner=self.owner, seconds=LEASE_SECONDS, at=at)
        self._leads_until = at + timedelta(seconds=LEASE_SECONDS) if leads else LONG_AGO
        return leads

    def _run(self, name: str, sweep: Callable[[Work], None]) -> None:
        try:
            sweep(self.work)
        except Exception:  # A sweep that fails must not stop the others; its rows stay due.
            log.exception("sweep.failed", sweep=name)


class SelfRinging:
    """Rings Redis; while Redis is away, does the work itself in a bounded pool."""

    def __init__(self, bell: Doorbell, pool: ThreadPoolExecutor) -> None:
        self._bell = bell
        self._pool = pool
        self.work: Work | None = None

    def ring(self, name: str, subject_id: str) -> bool:
        """Hand the job to a worker, or to our own pool."""
        if self._bell.ring(name, subject_id):
            return True
        if self.work is not None:
            self._pool.submit(self._perform, self.work, name, subject_id)
        return True

    @staticmethod
    def _perform(work: Work, name: str, subject_id: str) -> None:
        try:
            perform(work, name, subject_id)
        except Exception:  # The row stays due: the next sweep finds it again.
            log.exception("job.failed", job=name, subject=subject_id)


def run_clock(work: Work, stop: threading.Event) -> None:
    """Tick every second until told to stop; a database that is away is waited for."""
    with ThreadPoolExecutor(OWN_WORKERS, thread_name_prefix="clock") as pool:
        bell = SelfRinging(work.bell, pool)
        own = replace(work, bell=bell)
        bell.work = own
        ticker = Ticker(own)
        while not stop.is_set():
            try:
                ticker.tick()
            except Exception:  # The database may be away for a while; the clock outlives that.
                log.exception("clock.tick_failed")
            stop.wait(1.0)

"""What a measurement stands on: PostgreSQL as durable as in production, a Valkey, databases with a centre."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import psutil
import sqlalchemy as sa

from callcenter import migrate
from callcenter.carrier.twin import Twin
from callcenter.clock import system
from callcenter.db import Database
from callcenter.embedded import EmbeddedValkey
from callcenter.jobs import Work
from callcenter.organisation.queries import centre
from callcenter.staff.models import Agent
from callcenter.tickets.models import TicketCounter
from tests import servers, xinghe
from tests.bench.history import stories
from tests.bench.history.filling import Size, fill
from tests.web.twilio import PUBLIC_URL

SMALL_HISTORY = 100_000
SECRET = "only these measurements know this sentence"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "128MB"}
_ASKED = ("server_version", "fsync", "synchronous_commit", "shared_buffers")


@dataclass
class Ground:
    """Where the servers of one run put what they know."""

    folder: Path
    server_url: str
    redis_url: str
    valkey: EmbeddedValkey
    postgres: psutil.Process | None

    def database(self, name: str) -> str:
        """Make a database with the schema; return its address."""
        return servers.fresh_database(self.server_url, f"bench_{name}", self._schema)

    def with_centre(self, name: str) -> str:
        """Make a database with the example centre in it, everybody at work; return its address."""
        return servers.fresh_database(self.server_url, f"bench_{name}", self._centre)

    def with_history(self, calls: int, seed: int) -> str:
        """Make a database with so many calls in its past, everybody at work; return its address.

        On a server that was given, one that is there from an earlier run is taken as it is. A small history
        is made of a few kinds of stories, as only their number takes time.
        """
        name = f"bench_history_{calls}"
        url = sa.make_url(self.server_url).set(database=name).render_as_string(hide_password=False)
        if self.postgres is None and _has_calls(url):
            migrate.upgrade(url)
            return url
        url = servers.fresh_database(self.server_url, name, self._centre)
        few = stories.record(self.folder, stories.few()) if calls < SMALL_HISTORY else None
        fill(url, Size(calls, seed, days=365 if few is None else 30), few, say=sys.stderr.write)
        return url

    @cached_property
    def _schema(self) -> str:
        """Make the schema once; return the name of the database to copy."""
        migrate.upgrade(servers.fresh_database(self.server_url, "bench_of_schema"))
        return "bench_of_schema"

    @cached_property
    def _centre(self) -> str:
        """Open the centre once; return the name of the database to copy."""
        with self.work(self.database("of_centre")) as work:
            xinghe.open_centre(work)
            with work.db.reading() as session:
                keys = list(session.scalars(sa.select(Agent.key)))
            xinghe.log_in(work, *keys)
            _begin_day(work)
        return "bench_of_centre"

    @contextmanager
    def work(self, url: str) -> Iterator[Work]:
        """Yield a Work on a database, with a carrier in memory and no doorbell."""
        database = Database(url)
        try:
            yield Work(database, Twin(), system, PUBLIC_URL, SECRET)
        finally:
            database.dispose()

    def facts(self) -> dict[str, str]:
        """Return what PostgreSQL says of itself, and where its files are."""
        engine = sa.create_engine(self.server_url)
        with engine.connect() as connection:
            told = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in _ASKED}
        engine.dispose()
        return told | {"files_on": _file_system(self.folder) if self.postgres else "given server"}

    def database_cpu_seconds(self) -> float:
        """Return the CPU that PostgreSQL's processes have used, those that have ended included."""
        if self.postgres is None:
            return 0.0
        ended = self.postgres.cpu_times()
        living = sum(cpu_seconds(each) for each in (self.postgres, *self.postgres.children()))
        return float(living + getattr(ended, "children_user", 0) + getattr(ended, "children_system", 0))


def _has_calls(url: str) -> bool:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(sa.text("SELECT count(*) > 0 FROM calls WHERE ended_at < now()")))
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def cpu_seconds(process: psutil.Process) -> float:
    """Return user and system seconds of a process."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _begin_day(work: Work) -> None:
    """Make the ticket counters, which the straightforward version takes for granted; midnight may come."""
    with work.transaction() as session:
        home = centre(session)
        today = work.at().astimezone(ZoneInfo(home.timezone)).date()
        for day in (today, today + timedelta(days=1)):
            session.add(TicketCounter(centre_key=home.key, day=day, last=0))


def _file_system(folder: Path) -> str:
    """Return the kind of file system that a folder lies on: a sync costs nothing in memory."""
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda mount: len(mount.mountpoint), reverse=True)
    return next((mount.fstype for mount in mounts if folder.is_relative_to(mount.mountpoint)), "unknown")


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="callcenter-bench-")).resolve()
    folder.chmod(0o711)
    valkey = EmbeddedValkey(folder / "valkey")
    try:
        valkey.start()
        with _postgresql(folder) as (url, process):
            yield Ground(folder, url, valkey.url, valkey, process)
    finally:
        valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgresql(folder: Path) -> Iterator[tuple[str, psutil.Process | None]]:
    """Yield the address of the server that was given, or of one that syncs every commit to disk."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given, None
        return
    cluster = servers.Cluster(folder, servers.binaries())
    try:
        with patch.dict(servers.FAST_AND_FORGETFUL, DURABLE):
            cluster.start()
        pid = int((cluster.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        yield cluster.url, psutil.Process(pid)
    finally:
        cluster.stop()

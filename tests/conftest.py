"""What every test may ask for: a database with the schema on either back end, a Valkey, a Work."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import settings

from callcenter import migrate
from callcenter.bell import connect
from callcenter.carrier.twin import Twin
from callcenter.db import Database
from callcenter.embedded import EmbeddedValkey
from callcenter.jobs import Work
from callcenter.tables import metadata
from tests import servers
from tests.doubles import RememberingBell, SettableTime
from tests.together import Together

DIRECTORY = "CALLCENTER_TESTS_DIRECTORY"
SESSION = "CALLCENTER_TESTS_PID"

settings.register_profile("thorough")


def pytest_configure(config: pytest.Config) -> None:
    """The session's first process makes the shared directory; xdist's workers inherit its name.

    Logs are plain: structlog's own picture of a traceback, with every local, costs a second each.
    """
    plain = [structlog.stdlib.add_log_level, structlog.processors.format_exc_info]
    structlog.configure([*plain, structlog.processors.LogfmtRenderer()])
    if not hasattr(config, "workerinput"):
        os.environ[DIRECTORY] = str(servers.session_directory())
        os.environ[SESSION] = str(os.getpid())
        if sys.dont_write_bytecode:
            keep_bytecode_aside(config)


def keep_bytecode_aside(config: pytest.Config) -> None:
    """Keep bytecode in pytest's cache where it may not lie beside the sources.

    Otherwise every worker compiles all of the suite, and every process that a test starts all of the product.
    """
    cache = getattr(config, "cache", None)
    kept = cache.mkdir("bytecode") if cache else Path(os.environ[DIRECTORY]) / "bytecode"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(kept)
    sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: some tests wait for processes that live in real time."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Say which process runs which test."""
    return Together(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not look through it thousands of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the directory, unless a server's keeper does that when this process has gone."""
    directory = Path(os.environ[DIRECTORY])
    if not hasattr(config, "workerinput") and not (directory / "postgresql.url").exists():
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def directory(worker_id: str) -> Path:
    """This worker's own folder, in memory where there is room: SQLite syncs every commit."""
    own = Path(os.environ[DIRECTORY]) / worker_id
    own.mkdir(exist_ok=True)
    return own


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """The address of a PostgreSQL server's maintenance database, from which others can be made."""
    return servers.postgresql(Path(os.environ[DIRECTORY]), int(os.environ[SESSION]))


@pytest.fixture(scope="session")
def sqlite_template(directory: Path) -> Path:
    """A SQLite file with the schema, to copy."""
    path = directory / "template.sqlite"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_shared(postgresql_server: str, worker_id: str) -> Iterator[Database]:
    """This worker's PostgreSQL database with the schema; every test finds it empty."""
    url = servers.fresh_database(postgresql_server, f"tests_{os.environ[SESSION]}_{worker_id}")
    migrate.upgrade(url)
    database = Database(url)
    yield database
    database.dispose()
    servers.drop_database(postgresql_server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, directory: Path) -> Iterator[Database]:
    """An empty database with the schema, on each back end in turn."""
    if request.param == "postgresql":
        shared: Database = request.getfixturevalue("postgresql_shared")
        empty(shared)
        yield shared
        return
    path = directory / f"{tmp_path.name}.sqlite"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()
    for leftover in directory.glob(f"{path.name}*"):
        leftover.unlink()


@pytest.fixture(scope="session")
def valkey_shared(directory: Path) -> Iterator[EmbeddedValkey]:
    """This worker's Valkey."""
    server = EmbeddedValkey(directory / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey_shared: EmbeddedValkey) -> str:
    """The address of a real Valkey that is empty."""
    valkey_shared.tend()
    connect(valkey_shared.url).flushall()
    return valkey_shared.url


@pytest.fixture
def valkey(directory: Path, tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey of the test's own, to stop, kill and start again; not yet started."""
    server = EmbeddedValkey(directory / tmp_path.name)
    yield server
    server.stop()


@pytest.fixture
def time() -> SettableTime:
    """The time that `work` and its carrier live in."""
    return SettableTime()


@pytest.fixture
def twin(time: SettableTime) -> Twin:
    """The carrier that `work` speaks to."""
    return Twin(time)


@pytest.fixture
def bell() -> RememberingBell:
    """The doorbell that `work` rings; `bell.drain(work)` performs what was rung."""
    return RememberingBell()


@pytest.fixture
def work(database: Database, twin: Twin, time: SettableTime, bell: RememberingBell) -> Work:
    """What a door or job is given, on each back end in turn."""
    return Work(database, twin, time, "https://hotline.example.com", "a secret of the tests", bell)


def empty(database: Database) -> None:
    """Delete every row, asking first which tables have any: far cheaper than forty TRUNCATEs."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # The ledger has guards.
        filled = set(connection.scalars(_FILLED))
        for table in reversed(metadata.sorted_tables):
            if table.name in filled:
                connection.execute(table.delete())


_FILLED = sa.union_all(
    *(
        sa.select(sa.literal(table.name)).where(sa.exists(sa.select(1).select_from(table)))
        for table in metadata.tables.values()
    )
)

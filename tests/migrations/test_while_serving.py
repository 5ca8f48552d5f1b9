"""An index on a large table is made while calls are written: nobody waits for it, and it is whole."""

import threading
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from callcenter import migrate
from callcenter.db import make_engine
from callcenter.schema import current
from tests import servers
from tests.waiting import until

BEFORE, WITH = "0003", "0004"
NAME = "ix_calls_agent_id_started_at"
_BUILDING = sa.text(
    f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY {NAME}%'"
)
_WHOLE = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = CAST(:name AS regclass)")
_CALL = sa.text(
    "INSERT INTO calls (id, sid, direction, from_raw, to_number, stage, day, started_at, outcome, promised,"
    " message_left) VALUES (:id, :sid, 'inbound', '', '', 'menu', '2026-11-22', now(), 'open', false, false)"
)


@pytest.fixture
def url(postgresql_server: str, worker_id: str) -> Iterator[str]:
    """A database of the release before."""
    made = servers.fresh_database(postgresql_server, f"while_serving_{worker_id}")
    migrate.upgrade(made, BEFORE)
    yield made
    servers.drop_database(postgresql_server, made)


def call(connection: sa.Connection) -> None:
    """Write a call that has just begun."""
    named = uuid.uuid4()
    connection.execute(_CALL, {"id": named, "sid": f"CA{named.hex}"})


# The safety rule: "A migration that waits for a table's lock stops everybody who comes after it."
def test_calls_are_written_while_an_index_is_made(url: str) -> None:
    engine = make_engine(url, connect_args={"options": "-c lock_timeout=2s"})
    migrating = threading.Thread(target=migrate.upgrade, args=(url, WITH))
    with engine.connect() as first, engine.connect() as second:
        call(first)
        migrating.start()
        until(lambda: bool(_asked(engine, _BUILDING)), 20)
        call(second)  # With a plain CREATE INDEX waiting, this would wait behind it.
        second.commit()
        assert migrating.is_alive(), "the index waits for the first call's transaction"
        first.commit()
    migrating.join()
    assert current(engine) == WITH
    assert _asked(engine, _WHOLE, name=NAME) is True
    engine.dispose()


# PostgreSQL, "Building Indexes Concurrently": a build that fails leaves an "invalid" index behind.
def test_an_index_that_was_left_invalid_is_made_anew(url: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE INDEX {NAME} ON calls (agent_id, started_at, id)")
        connection.exec_driver_sql(
            f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{NAME}'::regclass"
        )
    migrate.upgrade(url, WITH)
    assert _asked(engine, _WHOLE, name=NAME) is True
    engine.dispose()


def _asked(engine: sa.Engine, statement: sa.TextClause, **values: str) -> object:
    with engine.connect() as connection:
        return connection.scalar(statement, values)

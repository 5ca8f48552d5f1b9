"""Transactions as pipelines: what travels together, what goes wrong on the way, and who is left behind."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql

from callcenter.calls import queries as calls
from callcenter.customers import queries as customers
from callcenter.db import Database
from callcenter.leases import Lease
from callcenter.revision import REVISION
from callcenter.routing import queries as routing
from callcenter.switchboard import known
from tests import servers
from tests.bench.wire import tap

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNERS = sa.select(Lease.owner).order_by(Lease.name)


def lease(name: str) -> dict[str, object]:
    """The columns of a row."""
    return {"name": name, "owner": f"owner of {name}", "until": NOON}


@pytest.fixture
def pipelined(postgresql_shared: Database) -> Iterator[Database]:
    """A database with one connection, which every transaction gets in turn."""
    database = Database(postgresql_shared.url)
    with database.transaction() as session:
        session.execute(sa.delete(Lease))
    yield database
    database.dispose()


# speed.md: "Few round trips (BEGIN + 4 statements + COMMIT costs 1.1 to 1.7 ms more than one statement)".
def test_what_nobody_waits_for_travels_with_what_somebody_waits_for(postgresql_shared: Database) -> None:
    with tap(postgresql_shared.url) as way:
        database = Database(way.url(postgresql_shared.url))
        with database.transaction() as session:
            session.execute(sa.delete(Lease))
        before = way.trips
        with database.transaction() as session:
            for name in ("a", "b"):
                session.execute(sa.insert(Lease).values(**lease(name)))
            assert session.scalars(OWNERS).all() == ["owner of a", "owner of b"]
            session.execute(sa.update(Lease).values(owner="nobody"))
        assert way.trips - before == 2, "BEGIN, INSERT, INSERT, SELECT; UPDATE, COMMIT"
        database.dispose()


# PostgreSQL, "Pipeline Mode": who waits for an answer before all is sent waits for ever, as the server does.
@pytest.mark.parametrize("pieces", [1, 400], ids=["one statement", "many"])
def test_more_than_the_wire_takes_at_once_is_sent_to_its_end(pipelined: Database, pieces: int) -> None:
    much = "x" * (8_000_000 // pieces)

    def sends() -> None:
        with pipelined.transaction() as session:
            session.execute(sa.insert(Lease).values(**lease("a")))
            for _ in range(pieces):
                session.execute(sa.update(Lease).values(owner=sa.func.left(much, 1)))

    sender = threading.Thread(target=sends, daemon=True)
    sender.start()
    sender.join(30)
    assert not sender.is_alive()
    with pipelined.reading() as session:
        assert session.scalars(OWNERS).all() == ["x"]


def test_a_wrong_statement_that_nobody_waited_for_fails_the_commit(pipelined: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), pipelined.transaction() as session:
        session.execute(sa.insert(Lease).values(**lease("a")))
        session.execute(sa.insert(Lease).values(**lease("a")))
        session.execute(sa.insert(Lease).values(**lease("b")))
    with pipelined.transaction() as session:
        assert session.scalars(OWNERS).all() == []
        session.execute(sa.insert(Lease).values(**lease("c")))
    with pipelined.reading() as session:
        assert session.scalars(OWNERS).all() == ["owner of c"]


def test_a_wrong_statement_is_told_by_the_next_that_is_waited_for(pipelined: Database) -> None:
    with pipelined.transaction() as session:
        session.execute(sa.insert(Lease).values(**lease("a")))
    with pytest.raises(sa.exc.IntegrityError), pipelined.transaction() as session:
        session.execute(sa.insert(Lease).values(**lease("a")))
        session.scalars(OWNERS).all()


def test_our_own_fault_is_told_rather_than_that_of_a_statement_nobody_waited_for(pipelined: Database) -> None:
    with pytest.raises(LookupError), pipelined.transaction() as session:
        session.execute(sa.insert(Lease).values(**lease("a")))
        session.execute(sa.insert(Lease).values(**lease("a")))
        raise LookupError
    with pipelined.reading() as session:
        assert session.scalars(OWNERS).all() == []


def test_a_savepoint_is_undone_alone(pipelined: Database) -> None:
    with pipelined.transaction() as session:
        session.execute(sa.insert(Lease).values(**lease("a")))
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.execute(sa.insert(Lease).values(**lease("a")))
        session.execute(sa.insert(Lease).values(**lease("b")))
    with pipelined.reading() as session:
        assert session.scalars(OWNERS).all() == ["owner of a", "owner of b"]


@contextmanager
def tap_of(database: Database) -> Iterator[list[object]]:
    """Yield the connections that are opened meanwhile."""
    opened: list[object] = []
    event.listen(database.engine, "connect", lambda connection, _record: opened.append(connection))
    yield opened


@pytest.fixture
def cluster() -> Iterator[servers.Cluster]:
    """A PostgreSQL server of the test's own, to restart."""
    directory = servers.session_directory()
    made = servers.Cluster(directory, servers.binaries())
    made.start()
    yield made
    made.stop()
    shutil.rmtree(directory)


# reliability.md, F: a database that was restarted is there again for the very next caller.
def test_nobody_meets_a_connection_that_died_in_the_pool(cluster: servers.Cluster) -> None:
    database = Database(cluster.url)
    with database.reading() as one, database.reading() as another:
        assert one.scalar(sa.text("SELECT 1")) == another.scalar(sa.text("SELECT 1")) == 1
    cluster.restart()
    with database.reading() as one, database.reading() as another:
        assert one.scalar(sa.text("SELECT 2")) == another.scalar(sa.text("SELECT 2")) == 2
    database.dispose()


# reliability.md, A8: to open a connection takes several round trips, which no caller should wait for.
def test_connections_are_there_before_they_are_needed(postgresql_shared: Database) -> None:
    database = Database(postgresql_shared.url)
    database.open_ahead()
    with tap_of(database) as opened, database.transaction() as session:
        session.execute(OWNERS).all()
    assert opened == []
    database.dispose()


def test_a_database_that_is_not_there_yet_is_no_fault(cluster: servers.Cluster) -> None:
    cluster.stop()
    Database(cluster.url).open_ahead()


# Decision 6: a webhook's thread whose deadline has passed rolls back. Its pipeline may still wait for a lock,
# which nobody may give back for minutes: rollback would wait with it, and the thread would be held as long.
@pytest.mark.parametrize("gives_up", [False, True], ids=["waits", "rolls back"])
def test_a_lock_that_nobody_gives_back_holds_no_thread(postgresql_shared: Database, gives_up: bool) -> None:
    class GivesUp(Exception):
        """The deadline has passed."""

    holder, waiter = Database(postgresql_shared.url), Database(postgresql_shared.url, lock_wait_seconds=0.1)
    with holder.transaction() as session:
        session.execute(sa.delete(Lease))
        session.execute(sa.insert(Lease).values(**lease("a")))
    with holder.transaction() as holding:
        holding.execute(sa.select(Lease).with_for_update()).all()
        with (
            pytest.raises(GivesUp if gives_up else sa.exc.OperationalError),
            waiter.transaction() as session,
        ):
            session.execute(sa.update(Lease).where(Lease.name == "a").values(owner="me"))
            if gives_up:
                raise GivesUp
        with waiter.reading() as session:
            assert session.scalars(OWNERS).all() == ["owner of a"], "the connection goes on"
    for database in (holder, waiter):
        database.dispose()


# psycopg, "Prepared statements": a statement is prepared once and stays until its connection ends.
def test_who_only_reads_does_not_make_the_connection_forget_what_it_has_prepared(pipelined: Database) -> None:
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM leases%'")
    for _ in range(3):
        with pipelined.reading() as session:
            session.execute(OWNERS).all()
    with pipelined.reading() as session:
        assert session.execute(prepared).scalar_one() == 1


# PostgreSQL manual, PREPARE: a generic plan is kept while it looks no dearer than plans for the values.
@pytest.mark.parametrize(
    "statement",
    [sa.select(REVISION), routing._FIRST, routing._CLAIM, routing._READ_OUTLOOK, known._WHO, calls._CURRENT],
)
def test_what_every_call_asks_names_its_limits(statement: sa.ClauseElement) -> None:
    written = str(statement.compile(dialect=postgresql.dialect()))
    limits = re.findall(r"LIMIT (\S+)", written)
    assert limits
    assert all(limit.rstrip(")").isdigit() for limit in limits)


# PostgreSQL manual, PREPARE: the plan that is made while a table is small is kept while it grows.
@pytest.mark.parametrize("statement", [known._WHO, customers.WHO, customers.WHO_OR_BASE])
def test_who_phones_is_looked_up_however_few_are_known(
    pipelined: Database, statement: sa.ClauseElement
) -> None:
    places = iter(range(1, 20))
    written = re.sub(
        r"%\(\w+\)s", lambda _: f"${next(places)}", str(statement.compile(dialect=pipelined.engine.dialect))
    )
    nothing = ", ".join(["NULL"] * (next(places) - 1))
    with pipelined.reading() as session:
        connection = session.connection()
        for table in ("customers", "customer_numbers"):  # Of which nobody has ever taken the measure.
            connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE who AS {written}".replace("%%", "%"))
        plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE who ({nothing})").scalars().all()
    assert "Index" in "".join(plan)
    assert not [line for line in plan if "Seq Scan on customer" in line]

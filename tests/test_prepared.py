"""Statements by name: the same as SQLAlchemy's own execution for all values; what a fault leaves behind."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from callcenter.customers.actions import remember_caller
from callcenter.customers.queries import numbers_of
from callcenter.db import JSON, Database, UtcDateTime
from callcenter.leases import Lease
from callcenter.organisation.models import Skill
from callcenter.postgresql import adds_rows, merged
from callcenter.prepared import send_off
from callcenter.routing.models import Wait
from callcenter.routing.queries import ask_outlook
from callcenter.statements import Query, Write, as_read, table_of, wire

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_COLUMNS = {
    "text": sa.String(),
    "number": sa.Integer(),
    "real": sa.Float(),
    "yes": sa.Boolean(),
    "uuid": sa.Uuid(),
    "at": UtcDateTime(),
    "day": sa.Date(),
    "json": JSON,
}
_ECHO = sa.select(
    *(sa.cast(sa.bindparam(name, type_=kind), kind).label(name) for name, kind in _COLUMNS.items())
)
_QUERY = Query(lambda _: _ECHO)
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
# Hypothesis, `datetimes`: bounds are naive, the zone is drawn beside them.
_EARLIEST, _LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
_VALUES = st.fixed_dictionaries(
    {
        "text": st.none() | _TEXT,
        "number": st.none() | st.integers(-(2**31), 2**31 - 1),
        "real": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "yes": st.none() | st.booleans(),
        "uuid": st.none() | st.uuids(),
        "at": st.none() | st.datetimes(_EARLIEST, _LATEST, timezones=_ZONES),
        "day": st.none() | st.dates(date(1900, 1, 1)),
        "json": _JSON.filter(lambda told: told is not None),
    }
)


@limits(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=_VALUES)
def test_values_come_back_as_sqlalchemy_gives_them(
    postgresql_shared: Database, values: dict[str, Any]
) -> None:
    with postgresql_shared.reading() as session:
        (ours,) = _QUERY.rows(session, values)
        assert tuple(ours) == tuple(session.execute(_ECHO, values).one())
    assert ours._fields == tuple(_COLUMNS)


@pytest.fixture
def owners(postgresql_shared: Database) -> Iterator[Database]:
    """A database with one connection, and no lease in it."""
    database = Database(postgresql_shared.url)
    with database.transaction() as session:
        session.execute(sa.delete(Lease))
    yield database
    database.dispose()


_ADD = Write(lambda insert: insert(table_of(Lease)))
_ALL = Query(lambda _: sa.select(table_of(Lease).c.name).order_by(table_of(Lease).c.name))


def add(session: Session, name: str) -> None:
    """Add a lease."""
    _ADD.send(session, {"name": name, "owner": "somebody", "until": NOON})


def names(session: Session) -> list[str]:
    """Return the names of all leases."""
    return [row.name for row in _ALL.rows(session, {})]


# PostgreSQL manual, "Pipeline Mode": after an error all is skipped up to the next sync, PREPARE as well.
def test_what_was_to_be_prepared_behind_a_fault_is_prepared_the_next_time(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
    with pytest.raises(sa.exc.IntegrityError), owners.transaction() as session:
        add(session, "a")
        names(session)
    for name in ("b", "c"):
        with owners.transaction() as session:
            add(session, name)
            assert name in names(session)
    with owners.reading() as session:
        assert names(session) == ["a", "b", "c"]


def test_a_fault_at_the_commit_leaves_a_connection_that_works(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
    with pytest.raises(sa.exc.IntegrityError), owners.transaction() as session:
        add(session, "a")
    with owners.transaction() as session:
        assert names(session) == ["a"]
        add(session, "b")
    with owners.reading() as session:
        assert names(session) == ["a", "b"]


# psycopg, "Prepared statements": it forgets all of them now and then, and ours are gone with its own.
def test_when_all_names_are_forgotten_ours_are_made_again(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
        assert names(session) == ["a"]
    with owners.transaction() as session:
        session.execute(sa.text("SELECT 1"))
        session.execute(sa.text("SELECT 1"))
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver._prepared.clear()
        session.execute(sa.text("SELECT 2"))
        add(session, "b")
        assert names(session) == ["a", "b"]


def test_in_a_savepoint_a_fault_is_told_at_once(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
        with pytest.raises(psycopg.IntegrityError), session.begin_nested():
            add(session, "a")
        add(session, "b")
    with owners.reading() as session:
        assert names(session) == ["a", "b"]


# PostgreSQL sends an error at once, and so it may be read while what follows is still being sent.
def test_a_fault_that_is_told_while_something_travels_is_told_to_whoever_waits(owners: Database) -> None:
    for _ in range(20):
        with owners.transaction() as session:
            session.execute(sa.delete(Lease))
            add(session, "a")
        with pytest.raises(sa.exc.IntegrityError), owners.transaction() as session:
            add(session, "a")
            asked = _ALL.ask(session, {})
            send_off(wire(session))
            asked()


def test_what_travels_is_there_when_it_is_asked_for(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
        asked = _ALL.ask(session, {})
        send_off(wire(session))
        add(session, "b")
        assert ([row.name for row in asked()], names(session)) == (["a"], ["a", "b"])


def test_a_fault_that_somebody_has_passed_over_is_no_success(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
    with pytest.raises(sa.exc.DBAPIError), owners.transaction() as session:
        add(session, "b")
        with suppress(sa.exc.IntegrityError):
            add(session, "a")
            names(session)
    with owners.reading() as session:
        assert names(session) == ["a"]


def test_a_statement_that_could_not_be_prepared_in_a_savepoint_is_prepared_later(owners: Database) -> None:
    nowhere = Query(lambda _: sa.select(sa.column("x")).select_from(sa.table("not_there")))
    with owners.transaction() as session:
        for _ in range(2):
            with pytest.raises(sa.exc.ProgrammingError, match="not_there"), session.begin_nested():
                nowhere.rows(session, {})


# The expected wait is asked for in words that only these two back ends have.
def test_a_fault_is_told_as_it_is_whatever_was_asked_when_it_came_out(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
    with pytest.raises(sa.exc.IntegrityError), owners.transaction() as session:
        add(session, "a")
        ask_outlook(session, "CA" + "0" * 32, UUID(int=1), NOON, UUID(int=2), "en")()


def test_a_value_that_was_forgotten_is_no_null(owners: Database) -> None:
    one = Query(lambda _: sa.select(Lease.owner).where(Lease.name == sa.bindparam("name")))
    with owners.reading() as session, pytest.raises(TypeError, match="name"):
        one.rows(session, {"nmae": "a"})


def test_a_change_that_a_savepoint_took_back_can_be_made_again(database: Database) -> None:
    with database.transaction() as session:
        session.add(Lease(name="a", owner="me", until=NOON))
    with database.transaction() as session:
        lease = session.get_one(Lease, "a")
        with suppress(KeyError), session.begin_nested():
            lease.owner = "you"
            session.flush()
            raise KeyError
        assert lease.owner == "me"
        lease.owner = "you"
    with database.reading() as session:
        assert session.get_one(Lease, "a").owner == "you"


def test_a_text_with_nul_is_refused_rather_than_cut_off(owners: Database) -> None:
    with pytest.raises(psycopg.DataError), owners.transaction() as session:
        add(session, "a\x00b")
    with owners.reading() as session:
        assert names(session) == []


def test_a_value_of_another_type_is_refused(owners: Database) -> None:
    with pytest.raises(KeyError), owners.transaction() as session:
        _ADD.send(session, {"name": "a", "owner": ["somebody"], "until": NOON})


# Changes are written past the unit of work on PostgreSQL, and by it on SQLite: the same must be found.
def test_what_was_changed_is_found_changed_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        session.add(Lease(name="a", owner="me", until=NOON))
        session.add(Lease(name="b", owner="me", until=NOON))
    with database.transaction() as session:
        a, b = session.get_one(Lease, "a"), session.get_one(Lease, "b")
        a.owner, b.until = "you", NOON
        session.flush()
        assert session.scalars(sa.select(Lease.owner).order_by(Lease.name)).all() == ["you", "me"]
        a.until = NOON + timedelta(hours=1)
    with database.reading() as session:
        a = session.get_one(Lease, "a")
        assert (a.owner, a.until) == ("you", NOON + timedelta(hours=1))


def test_new_rows_and_changed_ones_go_together(database: Database) -> None:
    with database.transaction() as session:
        session.add(Skill(key="old", names={"en": "old"}))
    with database.transaction() as session:
        old = session.scalars(sa.select(Skill)).one()
        old.names = {"en": "older"}
        session.add(Skill(key="new", names={"en": "new"}))
    with database.reading() as session:
        found = session.scalars(sa.select(Skill).order_by(Skill.key)).all()
        assert [(skill.key, skill.names["en"]) for skill in found] == [("new", "new"), ("old", "older")]


def test_a_row_that_was_read_is_the_session_s_own(database: Database) -> None:
    whole = Query(lambda _: sa.select(*table_of(Lease).c))
    with database.transaction() as session:
        session.add(Lease(name="a", owner="me", until=NOON))
    with database.transaction() as session:
        (row,) = whole.rows(session, {})
        lease = as_read(session, Lease, row)
        assert lease is session.get_one(Lease, "a")
        assert (lease.owner, lease.until) == ("me", NOON)
        lease.owner = "you"
        assert as_read(session, Lease, row) is lease
        assert lease.owner == "you", "what this transaction has changed is not forgotten"
    with database.reading() as session:
        assert session.get_one(Lease, "a").owner == "you"


def test_nothing_was_found_is_nothing(database: Database) -> None:
    with database.reading() as session:
        assert as_read(session, Wait, [None] * len(table_of(Wait).c)) is None


def test_ids_and_times_are_ours(owners: Database) -> None:
    values = dict.fromkeys(_COLUMNS) | {"uuid": UUID(int=7), "at": NOON, "json": {}}
    with owners.reading() as session:
        (row,) = _QUERY.rows(session, values)
    assert (row.uuid, row.at, row.at.tzinfo) == (UUID(int=7), NOON, UTC)


_RENAME = Write(
    lambda _: (
        sa.update(table_of(Lease))
        .where(Lease.name == sa.bindparam("old_name"))
        .values(owner=sa.bindparam("new_owner"))
    )
)
_OWNERS = sa.text("SELECT name, owner FROM leases ORDER BY name")
_ADDED = sa.text(
    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH added_0 AS (INSERT%'"
)


# PostgreSQL manual, "Data-Modifying Statements in WITH": all are executed, whoever refers to them.
def test_rows_that_are_added_one_after_the_other_travel_as_one_statement(owners: Database) -> None:
    for number in range(2):
        with owners.transaction() as session:
            for name in "abc":
                add(session, f"{name}{number}")
    with owners.reading() as session:
        assert names(session) == ["a0", "a1", "b0", "b1", "c0", "c1"]
        assert session.execute(_ADDED).scalar_one() == 1


# A number refers to its customer: references are checked when the whole statement has run.
def test_a_row_may_be_added_together_with_the_one_it_refers_to(owners: Database) -> None:
    with owners.transaction() as session:
        who = remember_caller(session, "+8613800001234", "13800001234", "zh-CN", NOON)
        add(session, "a")
    with owners.reading() as session:
        assert who is not None
        assert numbers_of(session, who) == ["+8613800001234"]


def test_what_is_asked_or_changed_after_rows_were_added_finds_them(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "a")
        add(session, "b")
        assert names(session) == ["a", "b"]
        add(session, "c")
        _RENAME.send(session, {"old_name": "c", "new_owner": "you"})
        add(session, "d")
        session.execute(sa.delete(Lease).where(Lease.name == "d"))
        add(session, "d")
    with owners.reading() as session:
        assert names(session) == ["a", "b", "c", "d"]
        assert dict(session.execute(_OWNERS).all())["c"] == "you"


def test_one_row_that_cannot_be_added_takes_all_with_it(owners: Database) -> None:
    with owners.transaction() as session:
        add(session, "b")
    with pytest.raises(sa.exc.IntegrityError), owners.transaction() as session:
        for name in "abc":
            add(session, name)
    with owners.transaction() as session:
        add(session, "d")
    with owners.reading() as session:
        assert names(session) == ["b", "d"]


def test_what_reads_while_it_adds_is_sent_by_itself() -> None:
    plain = "INSERT INTO a (x, y) VALUES ($1::UUID, $2), ($3, $4)"
    assert adds_rows(plain)
    for other in (
        "INSERT INTO a (x) SELECT x FROM b",
        "INSERT INTO a (x) VALUES ((SELECT max(x) FROM a))",
        f"{plain} RETURNING a.x",
        f"{plain} ON CONFLICT DO NOTHING",
        "UPDATE a SET x = $1",
    ):
        assert not adds_rows(other)


def test_values_of_several_statements_are_numbered_through() -> None:
    together = merged(("INSERT INTO a (x) VALUES ($1)", "INSERT INTO b (x, y) VALUES ($2, $1)"))
    assert together == (
        "WITH added_0 AS (INSERT INTO a (x) VALUES ($1)) INSERT INTO b (x, y) VALUES ($3, $2)"
    )

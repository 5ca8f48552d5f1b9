"""The one place where transactions begin and end, on both back ends."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from callcenter.db import Database, upsert
from callcenter.leases import Lease, take_lease
from callcenter.statements import Write, table_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _leases(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Lease.name).order_by(Lease.name)))


def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    with database.transaction() as session:
        session.add(Lease(name="clock", owner="a", until=NOON))
    assert _leases(database) == ["clock"]


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        session.add(Lease(name="clock", owner="a", until=NOON))
        session.flush()
        raise RuntimeError
    assert _leases(database) == []


def test_a_reading_session_keeps_nothing(database: Database) -> None:
    with database.reading() as session:
        session.add(Lease(name="clock", owner="a", until=NOON))
        session.flush()
    assert _leases(database) == []


def test_an_instant_comes_back_aware_and_in_utc(database: Database) -> None:
    beijing = NOON.astimezone(timezone(timedelta(hours=8)))
    with database.transaction() as session:
        session.add(Lease(name="clock", owner="a", until=beijing))
    with database.reading() as session:
        read = session.scalars(sa.select(Lease.until)).one()
    assert (read, read.tzinfo) == (NOON, UTC)


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="has no time zone"), database.transaction() as session:
        session.add(Lease(name="clock", owner="a", until=NOON.replace(tzinfo=None)))


def test_an_upsert_is_known_on_both_back_ends(database: Database) -> None:
    for owner in ("a", "b"):
        with database.transaction() as session:
            row = upsert(session, Lease).values(name="clock", owner=owner, until=NOON)
            session.execute(
                row.on_conflict_do_update(index_elements=[Lease.name], set_={"owner": row.excluded.owner})
            )
    with database.reading() as session:
        assert session.scalars(sa.select(Lease.owner)).all() == ["b"]


def test_a_lease_has_one_holder_until_it_ends(database: Database) -> None:
    def take(owner: str, seconds_later: int) -> bool:
        with database.transaction() as session:
            at = NOON + timedelta(seconds=seconds_later)
            return take_lease(session, name="clock", owner=owner, seconds=10, at=at)

    assert take("a", 0)
    assert not take("b", 5)
    assert take("a", 5)
    assert not take("b", 14)
    assert take("b", 16)


def test_a_write_is_raised_at_the_latest_when_it_is_committed(database: Database) -> None:
    """A lease's owner must be given; the name is the key."""
    add = Write(lambda insert: insert(table_of(Lease)))
    row = {"name": "sweep", "owner": "one", "until": datetime(2026, 11, 21, tzinfo=UTC)}
    with database.transaction() as session:
        add.send(session, row)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        add.send(session, row)
    with database.reading() as session:
        assert session.scalars(sa.select(Lease.owner)).all() == ["one"]


def test_a_write_takes_constants_and_values_as_columns_do(database: Database) -> None:
    raised = Write(
        lambda insert: insert(table_of(Lease)).on_conflict_do_update(
            index_elements=[Lease.name], set_={"owner": sa.literal("many")}
        )
    )
    with database.transaction() as session:
        for _ in range(2):
            raised.send(
                session,
                {
                    "name": "sweep",
                    "owner": "one",
                    "until": datetime(2026, 11, 21, 8, tzinfo=timezone(timedelta(hours=8))),
                },
            )
    with database.reading() as session:
        kept = session.execute(sa.select(Lease.owner, Lease.until)).one()
    assert kept == ("many", datetime(2026, 11, 21, tzinfo=UTC))

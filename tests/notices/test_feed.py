"""The feed of hints: what changed since, in order."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from callcenter import ids
from callcenter.db import Database
from callcenter.notices.actions import announce
from callcenter.notices.queries import since

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_the_feed_gives_what_came_at_that_instant_and_later_in_order(database: Database) -> None:
    subject = ids.new()
    with database.transaction() as session:
        announce(session, "ticket", subject, NOW + timedelta(seconds=2))
        announce(session, "call", subject, NOW)
        announce(session, "queue", "old", NOW - timedelta(seconds=1))
    with database.reading() as session:
        rows = since(session, NOW)
    assert [(row.type, row.subject_id) for row in rows] == [("call", str(subject)), ("ticket", str(subject))]


# Architecture: a hint says that something changed, not how often: its reader reads the row again.
def test_what_one_transaction_says_of_the_same_row_is_said_once(database: Database) -> None:
    with database.transaction() as session:
        for number in range(9):
            announce(session, "call", f"call {number}", NOW)
            announce(session, "queue", "line", NOW + timedelta(seconds=number))
    with database.reading() as session:
        rows = since(session, NOW)
    assert sorted(row.subject_id for row in rows) == sorted([*(f"call {n}" for n in range(9)), "line"])
    assert [row.at for row in rows if row.type == "queue"] == [NOW + timedelta(seconds=8)]


def test_a_transaction_that_fails_hints_at_nothing(database: Database) -> None:
    with suppress(KeyError), database.transaction() as session:
        announce(session, "call", "nobody", NOW)
        raise KeyError
    with database.reading() as session:
        assert since(session, NOW) == []


def test_a_transaction_that_was_rolled_back_hints_at_nothing(database: Database) -> None:
    with database.transaction() as session:
        announce(session, "call", "nobody", NOW)
        session.rollback()
    with database.reading() as session:
        assert since(session, NOW) == []

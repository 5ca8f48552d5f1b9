"""The feed of hints: what changed since, in order."""

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

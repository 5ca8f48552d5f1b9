"""The ledger keeps who did what to whom when."""

from datetime import UTC, datetime

import sqlalchemy as sa

from callcenter import ids
from callcenter.db import Database
from callcenter.ledger.actions import write
from callcenter.ledger.models import LedgerEntry

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_an_entry_keeps_what_was_written(database: Database) -> None:
    subject = ids.new()
    with database.transaction() as session:
        write(session, "agent:wang", "call.read", "call", subject, NOW, {"fields": ["story"]})
        write(session, "system", "call.closed", "call", subject, NOW)
    with database.reading() as session:
        first, second = session.scalars(sa.select(LedgerEntry).order_by(LedgerEntry.actor)).all()
    assert (first.actor, first.action, first.at, first.subject_id) == (
        "agent:wang",
        "call.read",
        NOW,
        str(subject),
    )
    assert (first.detail, second.detail) == ({"fields": ["story"]}, {})

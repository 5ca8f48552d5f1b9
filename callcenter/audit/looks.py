"""Who looked at what, and who changed what: the entries of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.audit.queries import Place
from callcenter.ledger.models import LedgerEntry

MOST = 50
_NEWEST = (LedgerEntry.at.desc(), LedgerEntry.id.desc())


@dataclass(frozen=True)
class LookFilter:
    """Which entries; None asks nothing. `subject` is the id of what it is about."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None


def looks_at(session: Session, subject_id: UUID) -> Sequence[LedgerEntry]:
    """Return who read, revealed, played or changed something, the newest first, fifty at most."""
    mine = sa.select(LedgerEntry).where(LedgerEntry.subject_id == str(subject_id))
    return session.scalars(mine.order_by(*_NEWEST).limit(MOST)).all()


def list_looks(
    session: Session, wanted: LookFilter, after: Place | None, limit: int
) -> Sequence[LedgerEntry]:
    """Return entries older than a place in the list, the newest first."""
    exact = (
        (LedgerEntry.actor, wanted.actor),
        (LedgerEntry.action, wanted.action),
        (LedgerEntry.subject_id, wanted.subject),
    )
    conditions = [column == value for column, value in exact if value is not None]
    if after is not None:
        conditions.append(sa.tuple_(LedgerEntry.at, LedgerEntry.id) < after)
    found = sa.select(LedgerEntry).where(*conditions).order_by(*_NEWEST)
    return session.scalars(found.limit(limit)).all()

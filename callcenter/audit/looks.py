"""Who looked at what: the entries of the ledger about one thing."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.ledger.models import LedgerEntry

MOST = 50


def looks_at(session: Session, subject_id: UUID) -> Sequence[LedgerEntry]:
    """Return who read, revealed, played or changed something, the newest first, fifty at most."""
    mine = sa.select(LedgerEntry).where(LedgerEntry.subject_id == str(subject_id))
    return session.scalars(mine.order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc()).limit(MOST)).all()

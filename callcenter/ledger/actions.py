"""Write down who did or read what, and seal it into the chain; nothing is ever changed here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from callcenter.ledger.models import LedgerEntry, LedgerSeal
from callcenter.ledger.queries import digest_of, head, unsealed

MOST_AT_ONCE = 1000
# Whatever was committed later than others is at most so much older; all the rest is looked for now and then.
LATE_BY = timedelta(hours=1)


def write(
    session: Session,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: object,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry: actor `agent:{key}`, `token:{prefix}` or `system`; `detail` holds nothing personal."""
    session.add(
        LedgerEntry(
            at=at,
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail=dict(detail or {}),
        )
    )


def seal(session: Session, at: datetime, *, everything: bool = False) -> int:
    """Give entries that were committed their places in the chain; return how many.

    A place is taken by its key: of two who seal at once one fails whole, and nothing forks.
    """
    last = head(session)
    sequence, digest = last.sequence, last.digest
    entries = unsealed(session, None if everything else at - LATE_BY, MOST_AT_ONCE)
    for entry in entries:
        sequence += 1
        digest = digest_of(digest, sequence, entry)
        session.add(LedgerSeal(sequence=sequence, entry_id=entry.id, digest=digest, sealed_at=at))
    session.flush()
    return len(entries)

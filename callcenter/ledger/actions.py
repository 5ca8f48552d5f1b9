"""Write down who did or read what; nothing is ever changed here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.ledger.models import LedgerEntry


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

"""Reading promises."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.promises.models import Promise
from callcenter.promises.rules import OWED
from callcenter.statements import at_most


def owed_by(session: Session, subject_kind: str, subject_id: UUID) -> datetime | None:
    """Return the earliest time by which something is owed about a subject still, None when nothing is."""
    earliest: datetime | None = session.scalars(
        sa.select(Promise.due_at)
        .where(
            Promise.subject_kind == subject_kind,
            Promise.subject_id == subject_id,
            Promise.state.in_(OWED),
            Promise.settled_at.is_(None),
        )
        .order_by(Promise.due_at)
        .limit(at_most(1))
    ).first()
    return earliest

"""The feed, read back."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.notices.models import Notice

_SINCE = (
    sa.select(Notice.id, Notice.type, Notice.subject_id, Notice.at)
    .where(Notice.at >= sa.bindparam("since"))
    .order_by(Notice.at, Notice.id)
)


def since(session: Session, at: datetime) -> Sequence[sa.Row[int, str, str, datetime]]:
    """Return the hints of `at` and later; commits come late, so read again from a little earlier."""
    return session.execute(_SINCE, {"since": at}).all()

"""Say that something has changed; the pages and API clients who care read it again."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.notices.models import Notice
from callcenter.statements import Write, table_of

_HINT = Write(lambda insert: insert(table_of(Notice)).inline())
KEPT = timedelta(minutes=10)


def announce(session: Session, type: str, subject_id: object, at: datetime) -> None:
    """Leave a hint: `type` is call, queue, agent, ticket, callback or offer; the id is its row's."""
    _HINT.send(session, {"type": type, "subject_id": str(subject_id), "at": at})


def forget_notices(session: Session, at: datetime) -> None:
    """Drop hints older than ten minutes: whoever was away longer reads everything again."""
    session.execute(sa.delete(Notice).where(Notice.at < at - KEPT))

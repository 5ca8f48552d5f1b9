"""Say that something has changed; the pages and API clients who care read it again."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.notices.models import Notice
from callcenter.statements import Write, at_last, table_of

KEPT = timedelta(minutes=10)
_HINTS = "hints"
_TOGETHER = 8


def announce(session: Session, type: str, subject_id: object, at: datetime) -> None:
    """Leave a hint: `type` is call, queue, agent, ticket, callback, callback_failed (a supervisor should
    know: all tries were in vain), offer, promise or alert; the id is its row's.

    Hints are written together at the end of the transaction, the same one once.
    """
    hints: dict[tuple[str, str], datetime] | None = session.info.get(_HINTS)
    if hints is None:
        hints = session.info[_HINTS] = {}
        at_last(session, lambda: _write(session))
    hints[type, str(subject_id)] = at


def _write(session: Session) -> None:
    hints = list(session.info.pop(_HINTS).items())
    for first in range(0, len(hints), _TOGETHER):
        some = hints[first : first + _TOGETHER]
        values: dict[str, Any] = {}
        for place, ((type, subject_id), at) in enumerate(some):
            values |= {f"type_{place}": type, f"subject_{place}": subject_id, f"at_{place}": at}
        _hints(len(some)).send(session, values)


@cache
def _hints(count: int) -> Write:
    """Return the statement that writes so many hints."""
    table = table_of(Notice)
    rows = [
        {
            "type": sa.bindparam(f"type_{place}", type_=table.c.type.type),
            "subject_id": sa.bindparam(f"subject_{place}", type_=table.c.subject_id.type),
            "at": sa.bindparam(f"at_{place}", type_=table.c.at.type),
        }
        for place in range(count)
    ]
    return Write(lambda insert: insert(table).inline().values(rows))


def forget_notices(session: Session, at: datetime) -> None:
    """Drop hints older than ten minutes: whoever was away longer reads everything again."""
    session.execute(sa.delete(Notice).where(Notice.at < at - KEPT))

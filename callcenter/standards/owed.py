"""Promises as they are counted: kept, late, owed, broken and why, by rule; and callbacks by their state.

A promise belongs to the day on which it was due, in its line's zone.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback
from callcenter.promises.models import Promise
from callcenter.promises.rules import RULES
from callcenter.standards.rows import BROKEN_BECAUSE, Row, mask, milliseconds
from callcenter.standards.windows import Window
from callcenter.tickets.models import Ticket

OTHER = "given_up"
# A book keeps an amount in 32 bits: 24 days, beyond which nothing is worth a second more.
MOST_MS = 2**31 - 1
_TICKET = sa.func.coalesce(
    Promise.ticket_id, Callback.ticket_id, sa.case((Promise.subject_kind == "ticket", Promise.subject_id))
)
_LINE = sa.func.coalesce(Promise.line_id, Callback.line_id, Ticket.line_id)
_COLUMNS = (
    Promise.id, Promise.rule, Promise.state, Promise.due_at, Promise.grace_seconds, Promise.settled_at,
    Promise.reason, Promise.owner_agent_id, Callback.state.label("callback"), _LINE.label("line_id"),
    sa.func.coalesce(Callback.origin_call_id, Ticket.call_id).label("call_id"),
)  # fmt: skip


def promises(session: Session, window: Window) -> list[Row]:
    """Return what was promised for these days: due when its window is over, or it was settled before.

    What was cancelled in time is in no base.
    """
    of_callback = sa.and_(Promise.subject_kind == "callback", Callback.id == Promise.subject_id)
    statement = (
        sa.select(*_COLUMNS)
        .select_from(Promise)
        .outerjoin(Callback, of_callback)
        .outerjoin(Ticket, Ticket.id == _TICKET)
        .where(
            Promise.due_at >= window.begins(),
            Promise.due_at < window.ends(),
            window.in_places(_LINE),
        )
    )
    rows = (_promise(window, row) for row in session.execute(statement))
    return [row for row in rows if window.holds(row.day)]


def _promise(window: Window, row: Any) -> Row:
    fulfilled_late = row.state == "late" and row.settled_at is not None
    ms = min(milliseconds(row.due_at, row.settled_at), MOST_MS) if fulfilled_late else None
    return Row(
        "promise", row.id, window.day_of(row.line_id, row.due_at), row.line_id, row.owner_agent_id,
        row.call_id, row.due_at, mask("promise", list(_sets(window, row))), ms,
    )  # fmt: skip


def _sets(window: Window, row: Any) -> Iterator[str]:
    yield "promised"
    if row.callback is not None:
        yield from ("callbacks", f"callback_{row.callback}")
    if row.state == "cancelled":
        yield "cancelled"
    over = row.due_at.timestamp() + row.grace_seconds < window.at.timestamp()
    if row.state == "cancelled" or (row.state == "open" and not over):
        return
    known = [row.rule] if row.rule in RULES else []
    yield from ("due", *(f"due_{rule}" for rule in known))
    if row.state == "kept":
        yield from ("kept", *(f"kept_{rule}" for rule in known))
    elif row.state == "broken":
        yield from ("broken", f"broken_{_why(row.reason)}")
    elif row.settled_at is not None:
        yield from ("late", "overdue")
    else:
        yield "owed"


def _why(reason: str | None) -> str:
    """Return the reason's name; whatever people wrote themselves is that it was given up."""
    name = (reason or "").replace("-", "_")
    return name if name in BROKEN_BECAUSE else OTHER

"""Whom a number belongs to, what is open about them and what we owe them: read in one statement (CU-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.callbacks.models import Callback
from callcenter.callbacks.rules import OPEN
from callcenter.calls.models import Leg
from callcenter.customers.models import Customer
from callcenter.customers.queries import known_from
from callcenter.customers.rules import MOST_CANDIDATES, UNKNOWN, Recognition, judge, without_number
from callcenter.revision import REVISION
from callcenter.statements import Query, at_most
from callcenter.tickets.models import Ticket


@dataclass(frozen=True)
class Known:
    """What a number tells for certain: its one customer, its newest ticket that is not closed, a promise.

    A number that several customers share, or sit behind, tells nothing but who may be calling.
    """

    customer_id: UUID | None = None
    name: str | None = None
    ticket: str | None = None
    ticket_kind: str | None = None
    callback_id: UUID | None = None
    promised: datetime | None = None
    chosen: bool = False
    recognition: Recognition = UNKNOWN


_ONE = sa.select(sa.literal(1).label("row")).subquery()
_NUMBER: sa.BindParameter[str] = sa.bindparam("number", type_=sa.String())
_FOUND = known_from(_NUMBER).subquery("found")
_LINE: sa.BindParameter[UUID] = sa.bindparam("line_id", type_=sa.Uuid())
# Named in the statement itself: SQLite takes a partial index only where it can read its condition.
_IS_OWED = Callback.state.in_([sa.literal_column(f"'{state}'") for state in OPEN])


def _newest_open(column: InstrumentedAttribute[str]) -> sa.ScalarSelect[str]:
    """Return a column of the customer's newest ticket that is not closed."""
    return (
        sa.select(column)
        .where(Ticket.customer_id == _FOUND.c.customer_id, Ticket.state != "closed")
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .limit(at_most(1))
        .scalar_subquery()
    )


_WHO = (
    sa.select(
        REVISION.label("revision"),
        _FOUND.c.customer_id,
        sa.select(Customer.name).where(Customer.id == _FOUND.c.customer_id).scalar_subquery().label("name"),
        _newest_open(Ticket.number).label("ticket"),
        _newest_open(Ticket.kind).label("ticket_kind"),
        Callback.id.label("callback_id"),
        Callback.due_at.label("promised"),
        Callback.chosen,
        _FOUND.c.canonical,
        sa.exists().where(Leg.sid == sa.bindparam("sid", type_=sa.String())).label("told_before"),
    )
    .select_from(_ONE)
    .outerjoin(_FOUND, sa.true())
    .outerjoin(Callback, sa.and_(Callback.number == _NUMBER, Callback.line_id == _LINE, _IS_OWED))
    .order_by(sa.case((_FOUND.c.canonical == _NUMBER, 0), else_=1), _FOUND.c.customer_id)
    .limit(at_most(MOST_CANDIDATES + 1))
)
_KNOWN = Query(lambda _: _WHO)


def known_by(
    session: Session, sid: str, number: str | None, raw: str, line_id: UUID | None
) -> tuple[str | None, bool, Known]:
    """Return the configuration's revision, whether this call was told of before, and what a number tells.

    `number` is canonical; `raw` is told where there is none.

    A caller's number never shows an extension: everybody who has one behind it may be calling.
    """
    rows = _KNOWN.rows(session, {"number": number, "line_id": line_id, "sid": sid})
    return rows[0].revision, rows[0].told_before, _known(rows, number, raw)


def _known(rows: Sequence[Any], number: str | None, raw: str) -> Known:
    if number is None:
        return Known(recognition=without_number(raw))
    exact = [row.customer_id for row in rows if row.canonical == number]
    behind = [row.customer_id for row in rows if row.canonical not in (None, number)]
    recognition = judge(exact, behind)
    if recognition.certainty == "maybe":
        return Known(recognition=recognition)
    row = rows[0]
    return Known(
        row.customer_id,
        row.name,
        row.ticket,
        row.ticket_kind,
        row.callback_id,
        row.promised,
        bool(row.chosen),
        recognition,
    )

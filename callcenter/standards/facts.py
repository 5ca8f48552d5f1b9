"""Calls as they are counted, with the sets that each is in; and whether the numbers add up.

A call belongs to the day on which it began in its line's zone, and stays there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent
from callcenter.calls.rules import OUTCOMES
from callcenter.standards.identity import ARRIVED, Identity, identity_of
from callcenter.standards.overtaking import Overtaking, overtaking
from callcenter.standards.rows import Row, mask, milliseconds
from callcenter.standards.windows import Place, Window, calls_in
from callcenter.tickets.models import Ticket, TicketWords

ABANDONED = frozenset({"abandoned_in_queue", "abandoned_short"})
SHORT, ANSWERED, OPEN = "abandoned_short", "answered", "open"


@dataclass(frozen=True)
class Facts:
    """The rows of a window; of its calls, also how they add up."""

    rows: list[Row]
    identity: Identity = field(default_factory=Identity)


_ARRIVAL = (
    sa.exists()
    .where(CallEvent.leg_sid == Call.sid, CallEvent.kind == ARRIVED, CallEvent.call_id == Call.id)
    .label("arrived")
)
_COLUMNS = (
    Call.id, Call.sid, Call.line_id, Call.day, Call.started_at, Call.agent_id, Call.outcome, Call.queued_at,
    Call.left_queue_at, Call.joined_at, Call.ended_at,
)  # fmt: skip


def inbound_calls(session: Session, window: Window) -> Facts:
    """Return the calls that customers made, and the identity: arrivals in the log against calls."""
    statement = sa.select(*_COLUMNS, _ARRIVAL).where(Call.direction == "inbound", *calls_in(window))
    found = session.execute(statement).all()
    complete, overtook = _complete(session, window), overtaking(session, window, [row.id for row in found])
    return Facts(
        [_row(window, row, complete, overtook) for row in found], identity_of(session, window, found)
    )


def _row(window: Window, row: Any, complete: frozenset[UUID], overtook: Overtaking) -> Row:
    place = window.places[row.line_id]
    names = ["received", f"outcome_{row.outcome}"] if row.outcome in OUTCOMES else ["received"]
    wait = None
    if row.queued_at is not None:
        until = row.joined_at or row.left_queue_at
        wait = None if until is None else until - row.queued_at
        names += _queued(place, row, wait, window.at)
    if row.outcome == ANSWERED:
        names += ["taken", *(["complete"] if row.id in complete else [])]
    names += overtook.sets_of(row.id)
    ms = None if wait is None else milliseconds(row.queued_at, row.queued_at + wait)
    return Row(
        "call", row.id, row.day, row.line_id, row.agent_id, row.id, row.started_at, mask("call", names), ms
    )


def _queued(place: Place, row: Any, wait: timedelta | None, at: datetime) -> Iterable[str]:
    """Return the sets of a call with a queue entry (numbers.md, service level X/T)."""
    limit = timedelta(seconds=place.limit_seconds)
    ended = row.outcome != OPEN
    entered = ended or (wait is None and at - row.queued_at > limit)
    soon = wait is not None and wait <= limit
    gave_up_soon = soon and row.outcome in ABANDONED
    lasting = row.outcome != SHORT
    answered = row.outcome == ANSWERED
    truths = {
        "queued": True, f"queued_{row.outcome}": row.outcome in OUTCOMES, "ended": ended,
        "answered": answered, "lasting": ended and lasting, "abandoned": row.outcome == "abandoned_in_queue",
        "in_time": answered and soon, "entered": entered, "contested": entered and not gave_up_soon,
        "settled_in_time": soon and (answered or gave_up_soon), "left_in_time": soon,
        "entered_lasting": entered and lasting,
        "contested_lasting": entered and lasting and not gave_up_soon,
        "settled_in_time_lasting": soon and lasting and (answered or gave_up_soon),
    }  # fmt: skip
    over, under = JUDGED_BY[place.variant]
    truths |= {"judged_in_time": truths[over], "judged_entered": truths[under]}
    return [name for name, true in truths.items() if true]


JUDGED_BY = {
    "answered": ("in_time", "answered"),
    "ignore_abandons": ("in_time", "contested"),
    "negative": ("in_time", "entered"),
    "positive": ("settled_in_time", "entered"),
    "left_queue": ("left_in_time", "queued"),
}


def _complete(session: Session, window: Window) -> frozenset[UUID]:
    """Return the answered calls whose ticket has what HL-4 asks: customer, number, problem, solution."""
    written = [sa.func.length(words) > 0 for words in (TicketWords.problem, TicketWords.solution)]
    statement = (
        sa.select(Call.id)
        .join(Ticket, Ticket.call_id == Call.id)
        .join(TicketWords, TicketWords.ticket_id == Ticket.id)
        .where(
            Call.direction == "inbound",
            Call.outcome == ANSWERED,
            Call.from_number.is_not(None),
            Ticket.customer_id.is_not(None),
            *written,
            *calls_in(window),
        )
    )
    return frozenset(session.scalars(statement))

"""What belongs to each call of a page besides its row: rings, offers, tickets, in two statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call
from callcenter.routing.models import Offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.rules import ACCEPTED
from callcenter.tickets.models import Ticket


class Ring(NamedTuple):
    """What the list says of a measured ring (HL-1); `at` is when the agent was asked."""

    at: datetime
    verdict: str
    ring_seconds: float | None
    rings: int | None
    within: bool | None
    source: str


@dataclass
class Sides:
    """One call's sides: `ring` is the accepted leg's, `first_offer` the first offer's, if measured."""

    offers: int = 0
    ring: Ring | None = None
    first_offer: Ring | None = None
    ticket: str | None = None


_CALLS: sa.BindParameter[Any] = sa.bindparam("calls", expanding=True)
_MEASURED = [getattr(RingMeasure, name) for name in Ring._fields]
_OFFERS = (
    sa.select(Offer.call_id, *_MEASURED)
    .outerjoin(RingMeasure, RingMeasure.offer_id == Offer.id)
    .where(Offer.call_id.in_(_CALLS))
    .order_by(Offer.made_at, Offer.id)
)
_TICKETS: sa.CompoundSelect[Any] = sa.union_all(
    sa.select(Ticket.call_id.label("call"), Ticket.number, Ticket.id, sa.literal(0).label("chosen")).where(
        Ticket.call_id.in_(_CALLS)
    ),
    sa.select(Call.id, Ticket.number, Ticket.id, sa.literal(1))
    .join(Ticket, Ticket.id == Call.ticket_id)
    .where(Call.id.in_(_CALLS)),
)


def sides_of(session: Session, calls: Sequence[UUID]) -> dict[UUID, Sides]:
    """Return the sides of each of these calls; its ticket is the one it chose, else the first it opened."""
    found = {call: Sides() for call in calls}
    if not found:
        return found
    given = {"calls": list(calls)}
    for call, *measured in session.execute(_OFFERS, given):
        _add_offer(found[call], Ring(*measured) if measured[0] else None)
    tickets = session.execute(_TICKETS, given).all()
    for row in sorted(tickets, key=lambda row: (row.chosen, -row.id.int)):
        found[row.call].ticket = row.number
    return found


def _add_offer(sides: Sides, ring: Ring | None) -> None:
    """Count an offer, in the order in which they were made."""
    if sides.offers == 0:
        sides.first_offer = ring
    sides.offers += 1
    if ring and ring.verdict == ACCEPTED and (sides.ring is None or sides.ring.at <= ring.at):
        sides.ring = ring

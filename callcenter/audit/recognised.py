"""Whom a call's number named when it came in: one customer, several who may be meant, or nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent
from callcenter.customers.models import Customer
from callcenter.customers.queries import customers_by_id


@dataclass(frozen=True)
class Recognised:
    """A call's customer where that is certain, else those who may be meant."""

    certainty: str
    customer: Customer | None = None
    candidates: Sequence[Customer] = ()


def recognised_on(session: Session, call: Call) -> Recognised:
    """Return who called: whom the call is filed under, else what its arrival kept of its number.

    Candidates are those of that moment: what the agent was told is not changed by what is learned later.
    """
    if call.customer_id is not None:
        return Recognised("certain", session.get_one(Customer, call.customer_id))
    kept = _kept_on_arrival(session, call)
    candidates = customers_by_id(session, [UUID(each) for each in kept.get("candidates", [])])
    return Recognised(kept.get("certainty", "unknown"), None, candidates)


def _kept_on_arrival(session: Session, call: Call) -> dict[str, Any]:
    arrival = sa.select(CallEvent.detail).where(CallEvent.call_id == call.id, CallEvent.kind == "arrived")
    return session.scalars(arrival).first() or {}

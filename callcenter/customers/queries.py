"""Recognising customers by the number they phone from (CU-2)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.customers.models import Customer, CustomerNumber
from callcenter.errors import Missing


def customer(session: Session, customer_id: UUID) -> Customer:
    """Return one customer; raise Missing."""
    found = session.get(Customer, customer_id)
    if found is None:
        raise Missing("customer", customer_id)
    return found


def candidates(session: Session, canonical: str) -> list[UUID]:
    """Return everybody who is known to phone from this number, the longest known first."""
    return list(
        session.scalars(
            sa.select(CustomerNumber.customer_id)
            .where(CustomerNumber.canonical == canonical)
            .order_by(CustomerNumber.customer_id)
        )
    )


def recognise(session: Session, canonical: str | None) -> UUID | None:
    """Return the one customer of this number. None for nobody, for several, and for a withheld number."""
    known = candidates(session, canonical) if canonical else []
    return known[0] if len(known) == 1 else None


def numbers_of(session: Session, customer_id: UUID) -> list[str]:
    """Return a customer's canonical numbers, in the order in which they became known."""
    return list(
        session.scalars(
            sa.select(CustomerNumber.canonical)
            .where(CustomerNumber.customer_id == customer_id)
            .order_by(CustomerNumber.id)
        )
    )

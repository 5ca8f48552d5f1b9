"""Remembering who phoned."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.customers.models import Customer, CustomerNumber
from callcenter.customers.queries import candidates, recognise
from callcenter.phone_numbers import without_extension


def remember_caller(
    session: Session, canonical: str | None, raw: str, language: str | None, at: datetime
) -> UUID | None:
    """Return the customer who phones from this number, a new nameless one for a number never heard of.

    None for a withheld number, and for one that several customers share or sit behind: which of them it is,
    only the caller can tell, and a guess would merge two people.
    """
    if canonical is None:
        return None
    _one_at_a_time(session, canonical)
    known = recognise(session, canonical)
    if known.certainty == "unknown":
        return _add_nameless(session, canonical, raw, language, at)
    return known.customer_id


def add_number(session: Session, customer_id: UUID, canonical: str, raw: str) -> None:
    """Note that a customer also phones from this number; noting it twice changes nothing."""
    if customer_id not in candidates(session, canonical):
        _add(session, customer_id, canonical, raw)


def _one_at_a_time(session: Session, canonical: str) -> None:
    """Let two first calls from one number make one customer. SQLite has a single writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(canonical, 0))))


def _add_nameless(session: Session, canonical: str, raw: str, language: str | None, at: datetime) -> UUID:
    customer = Customer(id=ids.new(), language=language, created_at=at)
    session.add(customer)
    session.flush()
    _add(session, customer.id, canonical, raw)
    return customer.id


def _add(session: Session, customer_id: UUID, canonical: str, raw: str) -> None:
    base = without_extension(canonical)
    switchboard = None if base == canonical else base
    session.add(
        CustomerNumber(customer_id=customer_id, canonical=canonical, raw=raw[:60], switchboard=switchboard)
    )
    session.flush()

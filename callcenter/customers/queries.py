"""Recognising customers by the number they phone from (CU-2)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.customers.models import Customer, CustomerNumber
from callcenter.customers.rules import Recognition, judge, without_number
from callcenter.errors import Missing
from callcenter.phone_numbers import without_extension
from callcenter.statements import Query

_NUMBER: sa.BindParameter[str] = sa.bindparam("number", type_=sa.String())
_BASE: sa.BindParameter[str] = sa.bindparam("base", type_=sa.String())


def known_from(number: sa.BindParameter[str], *others: sa.BindParameter[str]) -> sa.CompoundSelect[Any]:
    """Return who is known by exactly these numbers, and who sits behind the first one, each once.

    A search for each: PostgreSQL takes an OR over two columns of a small table for worth reading all of it,
    and a process keeps that plan while the table grows.
    """
    behind = sa.select(CustomerNumber.customer_id, CustomerNumber.canonical).where(
        CustomerNumber.switchboard == number
    )
    exactly = []
    for each in (number, *others):
        exactly.append(
            sa.select(CustomerNumber.customer_id, CustomerNumber.canonical).where(
                CustomerNumber.canonical == each
            )
        )
        behind = behind.where(CustomerNumber.canonical != each)
    return sa.union_all(*exactly, behind)


_FOUND = known_from(_NUMBER).subquery("found")
_FOUND_OR_BASE = known_from(_NUMBER, _BASE).subquery("found")
WHO = sa.select(_FOUND).order_by(_FOUND.c.customer_id)
WHO_OR_BASE = sa.select(_FOUND_OR_BASE).order_by(_FOUND_OR_BASE.c.customer_id)
_WHO, _WHO_OR_BASE = Query(lambda _: WHO), Query(lambda _: WHO_OR_BASE)


def customer(session: Session, customer_id: UUID) -> Customer:
    """Return one customer; raise Missing."""
    found = session.get(Customer, customer_id)
    if found is None:
        raise Missing("customer", customer_id)
    return found


def customers_by_id(session: Session, customer_ids: Iterable[UUID]) -> list[Customer]:
    """Return these customers, the longest known first; one who was removed is left out."""
    wanted = sa.select(Customer).where(Customer.id.in_(list(customer_ids)))
    return list(session.scalars(wanted.order_by(Customer.id)))


def candidates(session: Session, canonical: str) -> list[UUID]:
    """Return everybody who is known to phone from this number, the longest known first."""
    return list(
        session.scalars(
            sa.select(CustomerNumber.customer_id)
            .where(CustomerNumber.canonical == canonical)
            .order_by(CustomerNumber.customer_id)
        )
    )


def recognise(session: Session, canonical: str | None, raw: str | None = None) -> Recognition:
    """Return who phones from a number, and how certain that is; `raw` is what the carrier told.

    Whoever phones from behind a switchboard shows its number without the extension. A number with an
    extension nobody is known by may belong to whoever is known by the switchboard alone.
    """
    return without_number(raw) if canonical is None else ask_who(session, canonical)()


def ask_who(session: Session, canonical: str) -> Callable[[], Recognition]:
    """Ask who phones from a number; what is returned waits for the answer."""
    base = without_extension(canonical)
    if base == canonical:
        found = _WHO.ask(session, {"number": canonical})
    else:
        found = _WHO_OR_BASE.ask(session, {"number": canonical, "base": base})
    return lambda: _recognised(found(), canonical, base)


def _recognised(found: Sequence[Any], canonical: str, base: str) -> Recognition:
    exact = [row.customer_id for row in found if row.canonical == canonical]
    others = [row.customer_id for row in found if row.canonical != canonical]
    return judge(exact, [] if exact and base != canonical else others)


def numbers_of(session: Session, customer_id: UUID) -> list[str]:
    """Return a customer's canonical numbers, in the order in which they became known."""
    return list(
        session.scalars(
            sa.select(CustomerNumber.canonical)
            .where(CustomerNumber.customer_id == customer_id)
            .order_by(CustomerNumber.id)
        )
    )

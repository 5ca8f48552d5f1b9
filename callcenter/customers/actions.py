"""Remembering who phoned."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.customers.models import Customer, CustomerNumber
from callcenter.customers.queries import ask_who, candidates
from callcenter.customers.rules import Recognition
from callcenter.phone_numbers import without_extension
from callcenter.postgresql import NOBODY_WAITS
from callcenter.statements import Write, table_of, take

_TAKE_NUMBER = sa.select(
    sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("canonical", type_=sa.String()), 0))
).prefix_with(NOBODY_WAITS)
_ADD_CUSTOMER = Write(lambda insert: insert(table_of(Customer)))
_ADD_NUMBER = Write(lambda insert: insert(table_of(CustomerNumber)))


def remember_caller(
    session: Session,
    canonical: str | None,
    raw: str,
    language: str | None,
    at: datetime,
    who: Callable[[], Recognition] | None = None,
) -> UUID | None:
    """Return the customer who phones from this number, a new nameless one for a number never heard of.

    None for a withheld number, and for one that several customers share or sit behind: which of them it is,
    only the caller can tell, and a guess would merge two people. `who` is what `ask_caller` gave.
    """
    if canonical is None:
        return None
    known = (who or ask_caller(session, canonical))()
    if known.certainty == "unknown":
        return _add_nameless(session, canonical, raw, language, at)
    return known.customer_id


def ask_caller(session: Session, canonical: str) -> Callable[[], Recognition]:
    """Ask who phones from a number, and let nobody else remember him meanwhile."""
    _one_at_a_time(session, canonical)
    return ask_who(session, canonical)


def add_number(session: Session, customer_id: UUID, canonical: str, raw: str) -> None:
    """Note that a customer also phones from this number; noting it twice changes nothing."""
    if customer_id not in candidates(session, canonical):
        _add(session, customer_id, canonical, raw)


def _one_at_a_time(session: Session, canonical: str) -> None:
    """Let two first calls from one number make one customer. SQLite has a single writer anyway."""
    take(session, _TAKE_NUMBER, {"canonical": canonical})


def _add_nameless(session: Session, canonical: str, raw: str, language: str | None, at: datetime) -> UUID:
    customer_id = ids.new()
    _ADD_CUSTOMER.send(session, {"id": customer_id, "language": language, "created_at": at})
    _add(session, customer_id, canonical, raw)
    return customer_id


def _add(session: Session, customer_id: UUID, canonical: str, raw: str) -> None:
    base = without_extension(canonical)
    number = {
        "id": ids.new(), "customer_id": customer_id, "canonical": canonical, "raw": raw[:60],
        "switchboard": None if base == canonical else base,
    }  # fmt: skip
    _ADD_NUMBER.send(session, number)

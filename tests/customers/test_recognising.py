"""Callers are recognised by their number, or honestly not (CU-2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.customers.actions import add_number, remember_caller
from callcenter.customers.models import Customer
from callcenter.customers.queries import candidates, customer, numbers_of, recognise
from callcenter.db import Database
from callcenter.errors import Missing

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MOBILE = "+8619900000101"
SWITCHBOARD = "+862155550100"


def remember(database: Database, number: str | None) -> UUID | None:
    with database.transaction() as session:
        return remember_caller(session, number, "199 0000 0101", "zh-CN", NOON)


def test_a_new_number_is_a_new_nameless_customer_and_known_the_next_time(database: Database) -> None:
    first, second = remember(database, MOBILE), remember(database, MOBILE)
    assert first is not None
    assert first == second
    with database.reading() as session:
        assert recognise(session, MOBILE) == first
        known = customer(session, first)
        assert (known.name, known.language, known.created_at) == (None, "zh-CN", NOON)


def test_a_withheld_number_is_nobody(database: Database) -> None:
    assert remember(database, None) is None
    with database.reading() as session:
        assert recognise(session, None) is None
        assert session.scalar(sa.select(sa.func.count(Customer.id))) == 0


# Issue 3: "several customers behind one number: found or honestly 'maybe', never merged on a guess".
def test_several_customers_behind_one_number_are_never_guessed_between(database: Database) -> None:
    one = remember(database, SWITCHBOARD)
    other = remember(database, MOBILE)
    assert one and other
    with database.transaction() as session:
        add_number(session, other, SWITCHBOARD, "021-5555 0100")
        add_number(session, other, SWITCHBOARD, "021-5555 0100")
    assert remember(database, SWITCHBOARD) is None
    with database.reading() as session:
        assert recognise(session, SWITCHBOARD) is None
        assert candidates(session, SWITCHBOARD) == sorted([one, other])
        assert numbers_of(session, other) == [MOBILE, SWITCHBOARD]
        assert session.scalar(sa.select(sa.func.count(Customer.id))) == 2


def test_an_extension_tells_people_behind_a_switchboard_apart(database: Database) -> None:
    assert remember(database, f"{SWITCHBOARD};ext=12") != remember(database, f"{SWITCHBOARD};ext=13")


def test_first_calls_at_once_make_one_customer(database: Database) -> None:
    together = Barrier(6)

    def call() -> UUID | None:
        together.wait()
        return remember(database, MOBILE)

    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(call) for _ in range(6)]
    assert len({call.result() for call in calls}) == 1


def test_an_unknown_customer_is_missing(database: Database) -> None:
    with database.reading() as session, pytest.raises(Missing):
        customer(session, ids.new())

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
from callcenter.customers.rules import MOST_CANDIDATES, Recognition, judge
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
        assert recognise(session, MOBILE) == Recognition("certain", (first,))
        known = customer(session, first)
        assert (known.name, known.language, known.created_at) == (None, "zh-CN", NOON)


def test_a_withheld_number_is_nobody(database: Database) -> None:
    assert remember(database, None) is None
    with database.reading() as session:
        assert recognise(session, None, "anonymous") == Recognition("withheld")
        assert recognise(session, None, "client:0190a0b0") == Recognition("unknown")
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
        assert recognise(session, SWITCHBOARD) == Recognition("maybe", tuple(sorted([one, other])))
        assert candidates(session, SWITCHBOARD) == sorted([one, other])
        assert numbers_of(session, other) == [MOBILE, SWITCHBOARD]
        assert session.scalar(sa.select(sa.func.count(Customer.id))) == 2


def test_an_extension_tells_people_behind_a_switchboard_apart(database: Database) -> None:
    assert remember(database, f"{SWITCHBOARD};ext=12") != remember(database, f"{SWITCHBOARD};ext=13")


@pytest.fixture
def behind(database: Database) -> tuple[UUID, UUID]:
    """Two customers with extensions behind one switchboard."""
    first = remember(database, f"{SWITCHBOARD};ext=801")
    second = remember(database, f"{SWITCHBOARD};ext=802")
    assert first and second
    return first, second


# A caller's number never shows the extension: everybody behind the switchboard may be calling.
def test_a_switchboard_may_be_anybody_behind_it(database: Database, behind: tuple[UUID, UUID]) -> None:
    with database.reading() as session:
        assert recognise(session, SWITCHBOARD) == Recognition("maybe", behind)
        assert recognise(session, SWITCHBOARD).customer_id is None
    assert remember(database, SWITCHBOARD) is None, "a third, nameless one would gather everybody's tickets"


def test_the_extension_is_certain(database: Database, behind: tuple[UUID, UUID]) -> None:
    with database.reading() as session:
        assert recognise(session, f"{SWITCHBOARD};ext=801") == Recognition("certain", behind[:1])
        assert recognise(session, f"{SWITCHBOARD};ext=803") == Recognition("unknown")


def test_one_person_behind_a_switchboard_is_no_certainty_either(database: Database) -> None:
    alone = remember(database, f"{SWITCHBOARD};ext=801")
    assert alone
    with database.reading() as session:
        assert recognise(session, SWITCHBOARD) == Recognition("maybe", (alone,))


def test_who_phones_from_the_switchboard_itself_comes_first(database: Database) -> None:
    porter = remember(database, SWITCHBOARD)
    assert porter
    with database.transaction() as session:
        clerk = Customer(name="李雷", created_at=NOON)
        session.add(clerk)
        session.flush()
        add_number(session, clerk.id, f"{SWITCHBOARD};ext=801", "转801")
        clerk_id = clerk.id
    with database.reading() as session:
        assert recognise(session, SWITCHBOARD) == Recognition("maybe", (porter, clerk_id))
        assert recognise(session, f"{SWITCHBOARD};ext=802") == Recognition("maybe", (porter,))


# A family's telephone: the same customer twice is still one.
def test_a_customer_with_number_and_extension_is_one(database: Database) -> None:
    customer_id = remember(database, SWITCHBOARD)
    assert customer_id
    with database.transaction() as session:
        add_number(session, customer_id, f"{SWITCHBOARD};ext=801", "转801")
    with database.reading() as session:
        assert recognise(session, SWITCHBOARD) == Recognition("certain", (customer_id,))


def test_a_number_of_hundreds_names_a_few(database: Database) -> None:
    several = [ids.new() for _ in range(MOST_CANDIDATES + 5)]
    kept = judge(several, []).detail()
    assert kept == {"certainty": "maybe", "candidates": [str(each) for each in several[:MOST_CANDIDATES]]}
    assert judge(several[:1], []).detail() == {"certainty": "certain", "candidates": []}


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

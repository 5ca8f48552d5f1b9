"""Who is calling: certain, perhaps one of several, never heard of, or withheld; nobody is guessed at."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter.calls.models import Call
from callcenter.customers.actions import add_number
from callcenter.customers.models import Customer
from callcenter.lines.models import Line
from callcenter.simulator import rings_out
from callcenter.tickets.models import Ticket
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE

LANDLINE = "+861088886666"


def knows(hotline: Hotline, name: str, number: str) -> UUID:
    """A customer whom somebody has entered."""
    with hotline.work.transaction() as session:
        customer = Customer(name=name, organisation="某某公司", created_at=hotline.work.at())
        session.add(customer)
        session.flush()
        add_number(session, customer.id, number, number)
        return customer.id


def calls(hotline: Hotline, number: str) -> tuple[str, dict[str, Any]]:
    """Somebody phones, chooses nothing and hangs up: what he heard, and who the story says he was."""
    caller = hotline.phone(number).dials(HOTLINE)
    caller.hears("技术问题")
    caller.hangs_up()
    hotline.settle()
    return caller.words, hotline.call(caller.sid)["customer"]


def test_one_customer_of_one_number_is_certain(hotline: Hotline) -> None:
    lei = knows(hotline, "李雷", LANDLINE)
    _, customer = calls(hotline, LANDLINE)
    assert (customer["certainty"], customer["id"], customer["name"]) == ("certain", str(lei), "李雷")
    assert customer["candidates"] == []


# Issue 3: "several customers behind one number: found or honestly 'maybe', never merged on a guess".
@pytest.mark.parametrize("first", ["", ";ext=801"], ids=["shared", "switchboard"])
def test_several_behind_one_number_are_candidates_and_nobody_is_greeted(hotline: Hotline, first: str) -> None:
    second = first.replace("1", "2")
    known = [knows(hotline, "李雷", LANDLINE + first), knows(hotline, "韩梅梅", LANDLINE + second)]
    heard, customer = calls(hotline, LANDLINE)
    assert "李雷" not in heard and "韩梅梅" not in heard
    assert (customer["certainty"], customer["id"], customer["name"]) == ("maybe", None, None)
    assert [each["id"] for each in customer["candidates"]] == [str(each) for each in known]
    assert [each["name"] for each in customer["candidates"]] == ["李雷", "韩梅梅"]
    assert hotline.rows(Customer)[2:] == [], "nobody new was made of a guess"


# Twilio, "Trusted calling with SHAKEN/STIR": StirVerstat tells what the networks attest of a number. Who
# shows a number that is not his is not greeted by its owner's name, told his ticket, or called back there.
@pytest.mark.parametrize(
    ("attestation", "attested_only", "certainty"),
    [
        ("TN-Validation-Failed", False, "doubted"),
        ("TN-Validation-Failed-C-Diverted", False, "doubted"),
        ("No-TN-Validation", False, "certain"),
        ("TN-Validation-Passed-B", True, "doubted"),
        ("", True, "doubted"),
        ("TN-Validation-Passed-A-Diverted", True, "certain"),
    ],
)
def test_a_number_that_the_carrier_doubts_names_nobody(
    hotline: Hotline, attestation: str, attested_only: bool, certainty: str
) -> None:
    lei = knows(hotline, "李雷", LANDLINE)
    with hotline.work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == HOTLINE)).one()
        line.attested_only = attested_only
    hotline.agent("zhang-wei").will(rings_out())
    caller = hotline.phone(LANDLINE).dials(HOTLINE, StirVerstat=attestation)
    caller.hears("技术问题")
    assert ("李雷" in caller.words) == (certainty == "certain")
    caller.press("1")
    caller.hears("您的服务单号是", within=60)
    caller.hangs_up()
    hotline.settle()
    customer = hotline.call(caller.sid)["customer"]
    assert customer["certainty"] == certainty
    (call,), (ticket,) = hotline.rows(Call), hotline.rows(Ticket)
    if certainty == "doubted":
        assert [each["id"] for each in customer["candidates"]] == [str(lei)], "whom it would have named"
        assert (call.from_number, call.from_raw, ticket.customer_id) == (None, LANDLINE, None)
    else:
        assert (call.from_number, ticket.customer_id) == (LANDLINE, lei)
    assert len(hotline.rows(Customer)) == 1


def test_a_doubted_caller_is_called_back_at_a_number_that_he_keys(hotline: Hotline) -> None:
    caller = hotline.phone(LANDLINE).dials(HOTLINE, presses=("5",), StirVerstat="TN-Validation-Failed-A")
    caller.hears("请输入", within=60)
    assert "8888" not in caller.words.replace(" ", "")


def test_an_agent_is_told_who_may_be_calling(hotline: Hotline) -> None:
    knows(hotline, "李雷", f"{LANDLINE};ext=801")
    wei = hotline.agent("zhang-wei")
    wei.will(rings_out())
    caller = hotline.phone(LANDLINE).dials(HOTLINE, presses=("1",))
    assert hotline.net.run_until(lambda: wei.is_ringing, 60)
    (offer,) = hotline.get("/offers")["items"]
    assert offer["customer"] is None
    assert [each["name"] for each in offer["candidates"]] == ["李雷"]
    caller.hangs_up()
    hotline.settle(30)
    assert hotline.call(caller.sid)["customer"]["certainty"] == "maybe", "the ticket belongs to nobody yet"


@pytest.mark.parametrize(
    ("number", "certainty"),
    [
        ("anonymous", "withheld"),
        ("+266696687", "withheld"),
        ("client:visitor", "unknown"),
        (LANDLINE, "unknown"),
    ],
)
def test_nobody_is_invented(hotline: Hotline, number: str, certainty: str) -> None:
    _, customer = calls(hotline, number)
    assert customer == {
        "certainty": certainty, "id": None, "name": None, "organisation": None, "candidates": [],
    }  # fmt: skip

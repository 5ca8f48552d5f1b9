"""Promises by API: made by an agent, explained, moved with consent, kept by deeds, taken back, given up."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter import ids
from callcenter.calls.models import Call
from callcenter.customers.actions import add_number
from callcenter.customers.models import Customer
from callcenter.notices.models import Notice
from callcenter.switchboard import sweeps
from tests.doubles import SettableTime
from tests.factories import calls
from tests.web.api.conftest import House

NUMBER = "+8613800138000"
OTHER = "+8613900139000"


@pytest.fixture
def ticket(wang: TestClient) -> str:
    """A technical question on the line, owned by wang."""
    body = {"kind": "technical", "line": "hotline", "problem": "屏幕全黑"}
    return str(wang.post("/tickets", json=body).json()["number"])


def agreed(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/promises", json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


def later(time: SettableTime, **by: float) -> str:
    return (time.at + timedelta(**by)).isoformat()


# HL-7: "hang up with the caller's consent, call back with the result or the state", "<= 1 h after hang-up".
def test_an_hour_after_the_hang_up_about_a_call(house: House, wang: TestClient, time: SettableTime) -> None:
    call, sid = ids.new(), "CA" + "1" * 32
    house.given(lambda session: calls.call(session, house.line, time.at, id=call, sid=sid))
    promise = agreed(wang, rule="HL-7", call=sid)
    assert (promise["rule"], promise["owner"], promise["made_by"], promise["call"]) == (
        "HL-7", "wang", "agent:wang", str(call),
    )  # fmt: skip
    assert promise["awaits_hang_up"]
    assert wang.post(f"/callbacks/{promise['callback']}/call").status_code == 409, "he talks with us still"
    assert wang.post("/promises", json={"rule": "HL-7", "call": sid}).status_code == 409
    ended = time.moves(minutes=5)
    with house.work.transaction() as session:
        session.execute(sa.update(Call).values(ended_at=ended, outcome="answered"))
    sweeps.hang_ups(house.work)
    promise = wang.get(f"/promises/{promise['id']}").json()
    assert (promise["awaits_hang_up"], promise["due_at"]) == (False, _written(ended + timedelta(hours=1)))
    assert (
        "From the hang-up 2026-11-21 12:05 1 h on the clock: due 2026-11-21 13:05"
        in (promise["explanation"]["en-US"])
    )
    called = wang.post(f"/callbacks/{promise['callback']}/call").json()
    assert (called["rule"], called["next_try_at"]) == ("HL-7", _written(time.at))


def _written(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))


@pytest.mark.parametrize(
    ("rule", "what"), [("HL-10", "visit"), ("HL-11", "problem")]
)  # HL-10 and HL-11: what reaches the service manager.
def test_a_report_keeps_it(wang: TestClient, ticket: str, rule: str, what: str) -> None:
    promise = agreed(wang, rule=rule, ticket=ticket)
    assert wang.post("/promises", json={"rule": rule, "ticket": ticket}).status_code == 409
    wang.post(f"/tickets/{ticket}/report", json={"what": what, "note": "请派人"})
    promise = wang.get(f"/promises/{promise['id']}").json()
    assert (promise["state"], promise["settled_by"], promise["ticket"]) == ("kept", "agent:wang", ticket)
    assert promise["explanation"]["zh-CN"][-1].endswith("已履行（agent:wang），按时")


# Live events: who reads of a change finds what it is about, a ticket's promises by the ticket.
def test_a_hint_names_what_can_be_read(house: House, wang: TestClient, ticket: str) -> None:
    agreed(wang, rule="HL-10", ticket=ticket)
    with house.work.db.reading() as session:
        hints = set(session.scalars(sa.select(Notice.subject_id).where(Notice.type == "promise")))
    assert hints == {wang.get(f"/tickets/{ticket}").json()["id"]}


# FU-5: "an appointed reply time"; moved with the customer's consent, and taken back.
def test_a_reply_is_moved_with_consent(wang: TestClient, ticket: str, time: SettableTime) -> None:
    promise = agreed(wang, rule="FU-5", ticket=ticket, due_at=later(time, hours=2))
    order = {"due_at": later(time, days=1), "reason": "is travelling"}
    assert wang.post(f"/promises/{promise['id']}/move", json=order).status_code == 422
    assert wang.post(f"/promises/{promise['id']}/move", json={**order, "consent": False}).status_code == 422
    moved = wang.post(f"/promises/{promise['id']}/move", json={**order, "consent": True}).json()
    assert [(move["consent"], move["reason"]) for move in moved["moves"]] == [(True, "is travelling")]
    assert moved["due_at"] == _written(time.at + timedelta(days=1))
    ended = wang.post(f"/promises/{promise['id']}/cancel", json={"reason": "solved by himself"}).json()
    assert (ended["state"], ended["reason"]) == ("cancelled", "solved by himself")
    for verb in ("cancel", "break"):
        assert wang.post(f"/promises/{promise['id']}/{verb}", json={"reason": "x"}).status_code == 409


def test_what_a_callback_promises_is_moved_and_ended_with_it(
    wang: TestClient, ticket: str, time: SettableTime
) -> None:
    body = {"rule": "HL-8", "ticket": ticket, "number": NUMBER, "due_at": later(time, hours=3)}
    promise = agreed(wang, **body)
    order = {"due_at": later(time, days=1), "consent": True, "reason": "asked for it"}
    moved = wang.post(f"/promises/{promise['id']}/move", json=order).json()
    assert wang.get(f"/callbacks/{promise['callback']}").json()["due_at"] == moved["due_at"]
    ended = wang.post(f"/promises/{promise['id']}/break", json={"reason": "nobody knows an answer"}).json()
    assert (ended["state"], ended["reason"]) == ("broken", "nobody knows an answer")
    assert wang.get(f"/callbacks/{promise['callback']}").json()["state"] == "failed"


# One open callback a person and matter, whoever promises it and whichever of his numbers he gives.
def test_a_customer_is_promised_one_call_about_a_matter(house: House, wang: TestClient, ticket: str) -> None:
    house.given(lambda session: _customer(session, house, NUMBER, OTHER))
    promise = agreed(wang, rule="HL-8", ticket=ticket, number=NUMBER)
    assert wang.post("/promises", json={"rule": "HL-7", "ticket": ticket, "number": OTHER}).status_code == 409
    assert wang.get(f"/callbacks/{promise['callback']}").json()["rule"] == "HL-8"


def _customer(session: Session, house: House, *numbers: str) -> None:
    customer = Customer(name="李雷", organisation=None, created_at=house.work.at())
    session.add(customer)
    session.flush()
    for number in numbers:
        add_number(session, customer.id, number, number)


def test_the_limits_of_a_ticket_end_with_it(wang: TestClient, ticket: str) -> None:
    (limit,) = wang.get("/promises", params={"ticket": ticket, "state": "owed"}).json()["items"]
    assert (limit["rule"], limit["owner"]) == ("HL-9", "wang")
    assert wang.post(f"/promises/{limit['id']}/cancel", json={"reason": "x"}).status_code == 409
    wang.patch(f"/tickets/{ticket}", json={"state": "solved"})
    assert wang.get(f"/promises/{limit['id']}").json()["state"] == "kept"


# CP-4: "Customers who complained are called back", "within 3 days" of the complaint.
def test_a_complaints_call_counts_from_the_complaint(wang: TestClient, time: SettableTime) -> None:
    number = wang.post("/tickets", json={"kind": "complaint", "line": "hotline"}).json()["number"]
    opened = _written(time.at)
    time.moves(days=1)
    promise = agreed(wang, rule="CP-4", ticket=number, number=NUMBER)
    assert (promise["counted_from"], promise["due_at"]) == (opened, "2026-11-24T15:59:59Z")
    time.moves(days=9)
    body = {"rule": "CP-4", "ticket": number, "number": "+8613800138001"}
    assert wang.post("/promises", json=body).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule": "HL-10"}, "ticket"),
        ({"rule": "HL-7"}, "ticket"),
        ({"rule": "HL-10", "ticket": "9"}, "ticket"),
        ({"rule": "HL-7", "call": "CA0"}, "call"),
        ({"rule": "HL-7", "ticket": "261121001"}, "number"),
        ({"rule": "HL-7", "ticket": "261121001", "number": "x"}, "number"),
        ({"rule": "HL-7", "ticket": "261121001", "due_at": "2026-12-01T00:00:00Z"}, "due_at"),
        ({"rule": "FU-5", "ticket": "261121001"}, "due_at"),
        ({"rule": "TK-3", "ticket": "261121001"}, "rule"),
    ],
)
def test_what_is_missing_is_named(wang: TestClient, ticket: str, body: dict[str, str], field: str) -> None:
    refused = wang.post("/promises", json=body)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_lists_are_in_the_order_of_their_times_and_filtered(wang: TestClient, ticket: str) -> None:
    agreed(wang, rule="HL-10", ticket=ticket)
    rules = [each["rule"] for each in wang.get("/promises").json()["items"]]
    assert rules == ["HL-10", "HL-9"]
    for query, count in (
        ({"rule": "HL-9"}, 1), ({"state": "owed"}, 2), ({"state": "kept"}, 0), ({"owner": "wang"}, 2),
        ({"owner": "li"}, 0), ({"line": "hotline"}, 2), ({"due_before": "2026-11-21T05:00:00Z"}, 1),
        ({"due_after": "2026-11-21T05:00:00Z"}, 1),
    ):  # fmt: skip
        assert len(wang.get("/promises", params=query).json()["items"]) == count, query
    first = wang.get("/promises", params={"limit": 1}).json()
    following = wang.get("/promises", params={"limit": 1, "cursor": first["next"]}).json()
    assert [each["rule"] for each in following["items"]] == ["HL-9"]


# TK-3: "+ breaches escalate": the owner reads his alerts, supervisors all of them.
def test_who_is_told_reads_it_and_takes_note(
    house: House, wang: TestClient, supervisor: TestClient, ticket: str, time: SettableTime
) -> None:
    promise = agreed(wang, rule="HL-10", ticket=ticket)
    time.moves(minutes=20)
    sweeps.promise_alerts(house.work)
    time.moves(hours=1)
    sweeps.promise_alerts(house.work)
    assert [each["step"] for each in wang.get("/alerts").json()["items"]] == ["owner", "warning"]
    told = supervisor.get("/alerts", params={"open": "true"}).json()["items"]
    assert {each["step"] for each in told} == {"warning", "owner", "duty_manager"}
    assert {(each["promise"], each["ticket"], each["owner"]) for each in told} == {
        (promise["id"], ticket, "wang")
    }
    manager = next(each["id"] for each in told if each["step"] == "duty_manager")
    owner = next(each["id"] for each in told if each["step"] == "owner")
    assert wang.post(f"/alerts/{manager}/see").status_code == 403
    seen = wang.post(f"/alerts/{owner}/see").json()
    assert seen["seen_by"] == "agent:wang"
    assert supervisor.post(f"/alerts/{owner}/see").json() == seen, "the first one stays"
    open_ones = {"open": "true", "step": "owner", "line": "hotline"}
    assert supervisor.get("/alerts", params=open_ones).json()["items"] == []
    assert any(
        "seen" in line for line in wang.get(f"/promises/{promise['id']}").json()["explanation"]["en-US"]
    )


# HL-17: "First contact: whoever takes the question … owns it to the end".
def test_the_first_owner_is_shown(wang: TestClient, ticket: str) -> None:
    changed = wang.patch(f"/tickets/{ticket}", json={"owner": "li"}).json()
    assert (changed["owner"], changed["first_owner"]) == ("li", "wang")

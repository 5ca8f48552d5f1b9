"""Tickets, callbacks, agents, offers, the queue and the lines, as a desk uses them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter import ids
from callcenter.customers.models import Customer
from callcenter.routing.models import AgentStateChange
from callcenter.tickets.actions import mark_emergency
from callcenter.tickets.queries import ticket_by_number
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import added, calls, centre, offers
from tests.web.api.conftest import House

NUMBER = "+8613800138000"


def created(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def test_a_ticket_is_opened_with_number_and_time_limit(house: House, wang: TestClient) -> None:
    ticket = created(
        wang, "/tickets", kind="technical", subject="开票失败", problem="屏幕全黑", line="hotline"
    )
    assert (ticket["number"], ticket["state"], ticket["owner"], ticket["line"]) == (
        "261121001", "new", "wang", "hotline",
    )  # fmt: skip
    assert (ticket["subject"], ticket["problem"], ticket["solution"]) == ("开票失败", "屏幕全黑", None)
    assert [promise["rule"] for promise in ticket["promises"]] == ["HL-9"]
    assert wang.get("/tickets/261121001").json() == ticket


def test_a_ticket_takes_line_customer_and_language_from_its_call(
    house: House, supervisor: TestClient
) -> None:
    customer, sid = ids.new(), "CA" + "1" * 32

    def rows(session: Session) -> None:
        added(session, Customer(id=customer, name="张", created_at=NOON))
        calls.call(session, house.line, NOON, sid=sid, customer_id=customer, language="en-US")

    house.given(rows)
    ticket = created(supervisor, "/tickets", kind="general", call=sid)
    assert (ticket["call_sid"], ticket["line"], ticket["customer"], ticket["language"]) == (
        sid, "hotline", str(customer), "en-US",
    )  # fmt: skip
    assert ticket["owner"] is None


@pytest.mark.parametrize("body", [{"call": "CA0"}, {"customer": "0" * 32}, {"line": "x"}, {"owner": "x"}])
def test_a_ticket_refers_only_to_what_is_there(supervisor: TestClient, body: dict[str, str]) -> None:
    refused = supervisor.post("/tickets", json={"kind": "general", **body})
    assert refused.status_code == 422
    assert refused.json()["errors"]


def test_a_change_touches_what_is_given_and_is_remembered(house: House, wang: TestClient) -> None:
    created(wang, "/tickets", kind="technical", subject="开票失败", problem="屏幕全黑")
    change = {"state": "open", "owner": "li", "subject": None}
    changed = wang.patch("/tickets/261121001", json=change).json()
    assert (changed["state"], changed["owner"], changed["subject"], changed["problem"]) == (
        "open", "li", None, "屏幕全黑",
    )  # fmt: skip
    events = wang.get("/tickets/261121001/events").json()
    assert [(event["kind"], event["actor"]) for event in events["items"]] == [
        ("opened", "agent:wang"), ("changed", "agent:wang"),
    ]  # fmt: skip


def test_a_change_on_an_old_version_is_a_conflict(wang: TestClient) -> None:
    version = created(wang, "/tickets", kind="general")["version"]
    assert wang.patch("/tickets/261121001", json={"problem": "a", "version": version}).status_code == 200
    assert wang.patch("/tickets/261121001", json={"problem": "b", "version": version}).status_code == 409
    assert wang.get("/tickets/261121001").json()["problem"] == "a"


@pytest.mark.parametrize("body", [{"state": "closed"}, {"state": None}, {"kind": None}, {"number": "1"}])
def test_what_a_change_may_not_do(wang: TestClient, body: dict[str, Any]) -> None:
    created(wang, "/tickets", kind="general")
    assert wang.patch("/tickets/261121001", json=body).status_code == 422


def test_a_ticket_is_closed_once_and_its_promise_kept(wang: TestClient) -> None:
    created(wang, "/tickets", kind="technical")
    closed = wang.post("/tickets/261121001/close", json={"solution": "重装驱动"}).json()
    assert (closed["state"], closed["solution"]) == ("closed", "重装驱动")
    assert [promise["state"] for promise in closed["promises"]] == ["kept"]
    assert wang.post("/tickets/261121001/close").status_code == 409


@pytest.mark.parametrize(
    ("query", "found"),
    [("", [3, 2, 1]), ("kind=general", [2]), ("state=closed", [1]), ("owner=li", [3]), ("line=hotline", [1]),
     ("q=蓝屏", [2]), ("q=261121003", [3]), ("q=25", []), ("created_before=2026-11-21T04:00:00Z", []),
     ("created_after=2026-11-21T04:00:00Z", [3, 2, 1])],
)  # fmt: skip
def test_tickets_are_filtered_newest_first(supervisor: TestClient, query: str, found: list[int]) -> None:
    created(supervisor, "/tickets", kind="technical", line="hotline")
    created(supervisor, "/tickets", kind="general", problem="每天蓝屏 100%")
    created(supervisor, "/tickets", kind="complaint", owner="li")
    supervisor.post("/tickets/261121001/close")
    items = supervisor.get(f"/tickets?{query}").json()["items"]
    assert [int(item["number"][-3:]) for item in items] == found


def test_tickets_have_pages(supervisor: TestClient) -> None:
    for _ in range(3):
        created(supervisor, "/tickets", kind="general")
    first = supervisor.get("/tickets?limit=2").json()
    second = supervisor.get(f"/tickets?limit=2&cursor={first['next']}").json()
    assert [item["number"][-1] for item in first["items"] + second["items"]] == ["3", "2", "1"]
    assert second["next"] is None


def test_a_callback_is_promised_for_a_definite_time(house: House, wang: TestClient) -> None:
    """HL-8: a definite time is promised, generally within an hour."""
    callback = created(wang, "/callbacks", number="138 0013 8000", line="hotline")
    assert (callback["number"], callback["state"], callback["promise"]) == (NUMBER, "booked", "open")
    assert (callback["skill"], callback["language"], callback["created_by"]) == (
        "technical", "zh-CN", "agent:wang",
    )  # fmt: skip
    assert callback["due_at"] == "2026-11-21T05:00:00Z"
    assert wang.get(f"/callbacks/{callback['id']}").json() == callback | {"attempts": [], "overtakes": []}


def test_a_callback_belongs_to_its_call_and_ticket(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: calls.call(session, house.line, NOON, sid="CA" + "1" * 32))
    ticket = created(supervisor, "/tickets", kind="general")["number"]
    made = {"number": NUMBER, "line": "hotline", "call": "CA" + "1" * 32, "ticket": ticket}
    callback = created(supervisor, "/callbacks", **made, due_at="2026-11-21T14:00:00+08:00")
    assert callback["origin_call"] is not None
    assert (callback["ticket"], callback["due_at"]) == (ticket, "2026-11-21T06:00:00Z")


@pytest.mark.parametrize(
    ("change", "status"),
    [({"number": "abc"}, 422), ({"number": "+81312345678"}, 403), ({"line": "x"}, 422), ({"skill": "x"}, 422),
     ({"call": "CA0"}, 422), ({"ticket": "1"}, 422), ({"due_at": "2026-11-21T03:59:00Z"}, 422)],
)  # fmt: skip
def test_what_cannot_be_promised(supervisor: TestClient, change: dict[str, str], status: int) -> None:
    body = {"number": NUMBER, "line": "hotline", **change}
    assert supervisor.post("/callbacks", json=body).status_code == status


def test_a_callback_is_moved_and_cancelled(supervisor: TestClient) -> None:
    path = f"/callbacks/{created(supervisor, '/callbacks', number=NUMBER, line='hotline')['id']}"
    moved = supervisor.post(f"{path}/reschedule", json={"due_at": "2026-11-22T02:00:00Z"}).json()
    assert (moved["due_at"], moved["state"]) == ("2026-11-22T02:00:00Z", "booked")
    cancelled = supervisor.post(f"{path}/cancel", json={"reason": "已解决"}).json()
    assert (cancelled["state"], cancelled["promise"]) == ("cancelled", "cancelled")
    assert supervisor.post(f"{path}/cancel").status_code == 409
    assert supervisor.post(f"{path}/reschedule", json={"due_at": "2026-11-22T02:00:00Z"}).status_code == 409


def test_callbacks_are_listed_by_due_time(house: House, supervisor: TestClient, wang: TestClient) -> None:
    for hour in (8, 6, 7):
        number, due = f"+8613800138{hour}00", f"2026-11-21T0{hour}:00:00Z"
        created(supervisor, "/callbacks", number=number, line="hotline", due_at=due)
    first = supervisor.get("/callbacks?limit=2").json()
    rest = supervisor.get(f"/callbacks?limit=2&cursor={first['next']}").json()
    assert [item["due_at"][12] for item in first["items"] + rest["items"]] == ["6", "7", "8"]
    due = supervisor.get("/callbacks?due_before=2026-11-21T07:00:00Z&state=booked").json()["items"]
    assert [item["number"] for item in due] == ["+8613800138600"]
    assert [item["number"] for item in wang.get("/callbacks?limit=1").json()["items"]] == ["…8600"]


@pytest.mark.parametrize("path", ["/callbacks/x", "/callbacks/" + "0" * 32])
def test_a_callback_that_is_not_there(supervisor: TestClient, path: str) -> None:
    assert supervisor.get(path).status_code == 404
    assert supervisor.post(f"{path}/cancel").status_code == 404


def states(house: House) -> None:
    def rows(session: Session) -> None:
        offers.state(session, house.wang, "available", NOON)
        offers.state(session, house.li, "break", NOON, reason="午饭", until=NOON + timedelta(hours=1))

    house.given(rows)


def test_agents_are_listed_with_what_they_do(house: House, supervisor: TestClient) -> None:
    states(house)
    li, wang = supervisor.get("/agents").json()["items"]
    assert (wang["key"], wang["name"], wang["state"], wang["skills"]) == (
        "wang",
        "王芳",
        "available",
        {"technical": 1},
    )
    assert (li["state"], li["reason"], li["since"], li["until"]) == (
        "break", "午饭", "2026-11-21T04:00:00Z", "2026-11-21T05:00:00Z",
    )  # fmt: skip
    assert supervisor.get(f"/agents/{li['id']}").json() == li
    assert supervisor.get("/agents/nobody").status_code == 404


def test_an_agent_changes_himself_and_nobody_else(house: House, wang: TestClient) -> None:
    states(house)
    changed = wang.post("/agents/wang/state", json={"state": "break", "reason": "培训"})
    assert (changed.json()["state"], changed.json()["reason"]) == ("break", "培训")
    assert wang.post("/agents/li/state", json={"state": "offline"}).status_code == 403
    assert wang.get("/agents/li").status_code == 403
    assert [item["key"] for item in wang.get("/agents").json()["items"]] == ["wang"]
    with house.work.db.reading() as session:
        timeline = session.execute(sa.select(AgentStateChange.state, AgentStateChange.actor)).all()
    assert timeline == [("break", "agent:wang")]


def test_a_supervisor_changes_anybody(house: House, supervisor: TestClient) -> None:
    states(house)
    assert supervisor.post("/agents/li/state", json={"state": "offline"}).json()["state"] == "offline"


@pytest.mark.parametrize("body", [{"state": "talking"}, {"state": "break"}, {}])
def test_a_state_is_one_of_three_and_a_break_has_a_reason(house: House, wang: TestClient, body: Any) -> None:
    """HL-13: breaks with a reason."""
    states(house)
    assert wang.post("/agents/wang/state", json=body).status_code == 422


def ringing(house: House) -> str:
    """wang's phone rings for a caller who has waited ten seconds."""

    def rows(session: Session) -> None:
        states_of = {house.wang: "ringing", house.li: "available"}
        for agent, name in states_of.items():
            offers.state(session, agent, name, NOON)
        waited = offers.wait(
            session, calls.waiting(session, house.line, NOON), NOON, state="offered", connection=1
        )
        house.offer = offers.offer(session, waited, house.wang, NOON)  # type: ignore[attr-defined]

    house.given(rows)
    return str(house.offer.id)  # type: ignore[attr-defined]


def test_an_agent_sees_what_rings_on_his_phone(
    house: House, wang: TestClient, supervisor: TestClient
) -> None:
    offer_id = ringing(house)
    (offer,) = wang.get("/offers").json()["items"]
    assert (offer["id"], offer["agent"], offer["line"], offer["skill"], offer["from"], offer["state"]) == (
        offer_id, "wang", "hotline", "technical", NUMBER, "ringing",
    )  # fmt: skip
    assert supervisor.get("/offers").json()["items"] == [offer]
    with house.client("agent", house.li) as li:
        assert li.get("/offers").json()["items"] == []
    assert supervisor.get("/agents/wang").json()["line"] == "hotline"


def test_a_declined_offer_is_over(house: House, wang: TestClient) -> None:
    offer_id = ringing(house)
    assert wang.post(f"/offers/{offer_id}/decline").json()["state"] == "declined"
    assert wang.post(f"/offers/{offer_id}/decline").status_code == 409
    assert wang.post(f"/offers/{offer_id}/accept").status_code == 409
    assert wang.get("/offers").json()["items"] == []


def test_an_accepted_offer_is_the_agents(house: House, wang: TestClient) -> None:
    offer_id = ringing(house)
    assert wang.post(f"/offers/{offer_id}/accept").json()["state"] == "accepted"
    assert wang.post(f"/offers/{offer_id}/accept").status_code == 200


def test_nobody_answers_for_another(house: House, supervisor: TestClient) -> None:
    offer_id = ringing(house)
    with house.client("agent", house.li) as li:
        assert li.post(f"/offers/{offer_id}/accept").status_code == 403
    assert supervisor.post(f"/offers/{offer_id}/decline").status_code == 403
    assert supervisor.post(f"/offers/{ids.new()}/decline").status_code == 404


def test_the_queue_tells_positions_by_skill(house: House, supervisor: TestClient, wang: TestClient) -> None:
    def rows(session: Session) -> None:
        for seconds, priority, skill in ((0, 0, "technical"), (1, 5, "technical"), (2, 0, "presales")):
            call = calls.waiting(session, house.line, NOON)
            offers.wait(session, call, NOON - timedelta(seconds=60 - seconds), priority=priority,
                        skill_id=centre.skill(session, skill))  # fmt: skip
        gone = calls.waiting(session, house.line, NOON)
        offers.wait(session, gone, NOON, state="left")

    house.given(rows)
    queue = supervisor.get("/queue").json()["items"]
    assert [(item["skill"], item["position"], item["priority"], item["wait_seconds"]) for item in queue] == [
        ("technical", 1, 5, 59), ("technical", 2, 0, 60), ("presales", 1, 0, 58),
    ]  # fmt: skip
    assert {(item["line"], item["kind"], item["from"]) for item in queue} == {("hotline", "call", NUMBER)}
    assert {item["from"] for item in wang.get("/queue").json()["items"]} == {"…8000"}


def test_a_due_callback_is_in_the_queue_when_asked_for(house: House, supervisor: TestClient) -> None:
    def rows(session: Session) -> None:
        call = calls.waiting(session, house.line, NOON)
        offers.wait(session, call, NOON, subject_kind="callback", subject_id=ids.new(), call_id=None)
        offers.wait(session, call, NOON + timedelta(seconds=1))

    house.given(rows)
    assert [item["position"] for item in supervisor.get("/queue").json()["items"]] == [2]
    assert [item["kind"] for item in supervisor.get("/queue?kind=all").json()["items"]] == [
        "callback",
        "call",
    ]
    assert len(supervisor.get("/queue?kind=callback").json()["items"]) == 1


def test_lines_tell_whether_they_are_open_and_why(house: House, supervisor: TestClient) -> None:
    def rows(session: Session) -> None:
        never = centre.calendar(session, always=False, key="never")
        centre.line(session, "closed", calendar_id=never)
        centre.line(session, "retired", active=False)

    house.given(rows)
    lines = {item["key"]: item for item in supervisor.get("/lines").json()["items"]}
    assert lines.keys() == {"hotline", "closed"}
    assert lines["hotline"]["open"] is True
    assert lines["hotline"]["why"] == {"zh-CN": "全天候营业", "en-US": "open around the clock"}
    assert (lines["closed"]["open"], lines["closed"]["opens_at"]) == (False, None)
    assert lines["closed"]["why"]["zh-CN"] == "从不营业"


# A message that was left because we could not answer must be seen among all others.
def test_a_ticket_says_that_it_is_an_emergency(house: House, wang: TestClient) -> None:
    number = created(wang, "/tickets", kind="general")["number"]
    assert wang.get(f"/tickets/{number}").json()["emergency"] is False
    with house.work.transaction() as session:
        ticket = ticket_by_number(session, number, lock=True)
        assert ticket is not None
        mark_emergency(session, ticket, house.work.at(), problem="voice message, 12 s")
    told = wang.get(f"/tickets/{number}").json()
    assert (told["emergency"], told["problem"]) == (True, "voice message, 12 s")
    assert [item["emergency"] for item in wang.get("/tickets").json()["items"]] == [True]

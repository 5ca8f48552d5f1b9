"""Every list in pages: all rows once and in order, whatever the page's size; and the filters of the desks."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter import ids
from callcenter.callbacks.actions import book_callback
from callcenter.promises.models import Promise, PromiseAlert
from callcenter.settings import Settings
from callcenter.tickets.actions import change_ticket, open_ticket
from callcenter.web.api import ENDPOINTS, PREFIX
from callcenter.web.app import create_app
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import calls, centre, offers, tasks
from tests.web.api.conftest import House

TICKET = "261121001"
LISTS = {
    "/calls": 7, "/tickets": 3, f"/tickets/{TICKET}/events": 4, "/callbacks": 3, "/agents": 4, "/offers": 2,
    "/queue": 5, "/lines": 4, "/promises": 6, "/alerts": 2, "/tasks": 3,
}  # fmt: skip


def a_busy_centre(house: House) -> None:
    """Four agents, four lines, five callers in line (two of them offered), three tickets and callbacks."""

    def rows(session: Session) -> None:
        people = [house.wang, house.li, *(centre.agent(session, key) for key in ("zhao", "zhou"))]
        lines = [house.line, *(centre.line(session, key, menu=house.line.menu) for key in ("a", "b", "c"))]
        waits = [
            offers.wait(session, calls.waiting(session, line, NOON), NOON, priority=priority, **more)
            for line, priority, more in zip(
                (*lines, house.line), (0, 0, 2, 0, 2), (*_OFFERED, {}, {}, {}), strict=True
            )
        ]
        for person, wait in zip(people, waits[:2], strict=False):
            offers.state(session, person, "ringing", NOON)
            offers.offer(session, wait, person, NOON)
        for number in range(2):
            calls.call(session, house.line, NOON + timedelta(days=number))
        for number in range(3):
            open_ticket(session, **GENERAL)
            callback = book_callback(
                session, number=f"+861380013800{number}", line_id=house.line.id, language="zh-CN",
                skill_id=centre.skill(session), at=NOON, actor="test",
            )  # fmt: skip
            tasks.task(session, callback.id, NOON)
        owed = session.scalars(sa.select(Promise.id)).first()
        for step in ("warning", "owner"):
            session.add(PromiseAlert(promise_id=owed, step=step, due_at=NOON, at=NOON))
        for subject in ("one", "two", "three"):
            change_ticket(session, TICKET, {"subject": subject}, NOON, "test")

    house.given(rows)


GENERAL: dict[str, Any] = {
    "kind": "general", "channel": "phone", "line_id": None, "call_id": None, "customer_id": None,
    "language": None, "at": NOON, "actor": "test",
}  # fmt: skip
_OFFERED = ({"state": "offered", "connection": 1},) * 2


def read(client: TestClient, path: str, limit: int) -> list[dict[str, Any]]:
    """Read a list page by page."""
    items: list[dict[str, Any]] = []
    page = client.get(path, params={"limit": limit}).json()
    while page["next"] is not None:
        assert len(page["items"]) == limit
        items += page["items"]
        page = client.get(path, params={"limit": limit, "cursor": page["next"]}).json()
    return items + page["items"]


def test_every_list_is_here() -> None:
    """A list that comes without pages would end somewhere without a word."""
    paged = {each.path for each in ENDPOINTS if each.query and "cursor" in each.query.model_fields}
    answered = {each.path for each in ENDPOINTS if "next" in each.answer.model_fields}
    listed = {path.replace(TICKET, "{number}") for path in LISTS}
    assert paged == answered == {*listed, "/standards/rows"}  # It wants a figure: see test_standards.


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_list_holds_everything_once(house: House, supervisor: TestClient, limit: int) -> None:
    a_busy_centre(house)
    for path, count in LISTS.items():
        items = read(supervisor, path, limit)
        assert items == supervisor.get(path).json()["items"], path
        assert len({item["id"] for item in items}) == len(items) == count, path


def test_a_cursor_belongs_to_its_list(house: House, supervisor: TestClient) -> None:
    a_busy_centre(house)
    cursors = {path: supervisor.get(path, params={"limit": 1}).json()["next"] for path in LISTS}
    for path in LISTS:
        for other, cursor in cursors.items():
            expected = 200 if other == path else 422
            assert supervisor.get(path, params={"cursor": cursor}).status_code == expected, (path, other)


def test_positions_are_counted_over_the_whole_line(house: House, supervisor: TestClient) -> None:
    """The second page's first caller is not the first in line."""
    a_busy_centre(house)
    assert [item["position"] for item in read(supervisor, "/queue", 2)] == [1, 2, 3, 4, 5]
    (only,) = supervisor.get("/queue?line=c").json()["items"]
    assert only["position"] == 5


FILTERS = {
    "/agents?state=ringing": ["li", "wang"], "/agents?state=offline": ["zhao", "zhou"],
    "/agents?skill=technical": ["wang"], "/agents?branch=office&state=offline&limit=1": ["zhao"],
    "/agents?branch=none": [], "/agents?active=false": [], "/lines?open=true&limit=2": ["a", "b"],
    "/lines?open=false": [], "/lines?branch=none": [],
}  # fmt: skip


@pytest.mark.parametrize("query", FILTERS)
def test_filters_of_agents_and_lines(house: House, supervisor: TestClient, query: str) -> None:
    a_busy_centre(house)
    assert [item["key"] for item in supervisor.get(query).json()["items"]] == FILTERS[query]


def test_filters_of_offers_and_queue(house: House, supervisor: TestClient, wang: TestClient) -> None:
    a_busy_centre(house)

    def counts(path: str, *queries: str) -> list[int]:
        return [len(supervisor.get(f"{path}?{query}").json()["items"]) for query in queries]

    assert counts("/offers", "agent=li", "line=a", "state=joined", "kind=call") == [1, 1, 0, 2]
    assert counts("/queue", "line=hotline", "skill=technical", "kind=callback") == [2, 5, 0]
    assert len(wang.get("/offers").json()["items"]) == 1
    assert wang.get("/offers?agent=li").status_code == 403


def test_a_field_that_may_not_be_empty_is_said_so(house: House, supervisor: TestClient) -> None:
    a_busy_centre(house)
    for field in ("kind", "state"):
        refused = supervisor.patch(f"/tickets/{TICKET}", json={field: None})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == field


def test_an_error_names_the_field_and_no_type_of_ours(supervisor: TestClient) -> None:
    refused = supervisor.get("/standards", params={"from": "1850-01-01"})
    assert [error["field"] for error in refused.json()["errors"]] == ["from", "from"]


def test_an_address_that_nobody_has_is_a_problem_too(house: House, settings: Settings) -> None:
    """A line break in an address leads past every route of Starlette's."""
    with TestClient(create_app(house.work, settings)) as web:
        for path in ("/tickets/1%0A2", f"/callbacks/{ids.new()}%0A/cancel", "/nowhere"):
            refused = web.get(PREFIX + path, headers={"Accept-Language": "zh-CN"})
            assert (refused.status_code, refused.json()["title"]) == (404, "没有找到"), path
        assert web.get("/nowhere").status_code == 404

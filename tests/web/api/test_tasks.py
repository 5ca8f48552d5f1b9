"""Tasks over the API: listed, read, resolved, and refused in both languages."""

from uuid import UUID

from starlette.testclient import TestClient

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.tasks.actions import open_task
from tests.factories import centre
from tests.web.api.conftest import House

NUMBER = "+8613800138000"


def asks(house: House, n: int = 0) -> UUID:
    """A person is asked about a callback that may not be made in time."""
    at = house.work.at()
    with house.work.transaction() as session:
        callback = Callback(
            id=ids.new(), number=f"+861380013800{n}", line_id=house.line.id,
            skill_id=centre.skill(session), language="zh-CN", state="agent", created_at=at,
            created_by="test", due_at=at, next_try_at=at, tries=0,
        )  # fmt: skip
        session.add(callback)
        session.flush()
        open_task(
            session, kind="not_dialled", reason="number_cap", subject_kind="callback",
            subject_id=callback.id, number=callback.number, at=at,
        )  # fmt: skip
    return callback.id


def test_a_task_is_listed_read_and_resolved(house: House, supervisor: TestClient) -> None:
    callback_id = asks(house)
    (item,) = supervisor.get("/tasks", params={"state": "open"}).json()["items"]
    assert (item["kind"], item["reason"], item["number"]) == ("not_dialled", "number_cap", NUMBER)
    assert (item["about"], item["subject"]) == ("callback", str(callback_id))
    assert supervisor.get(f"/tasks/{item['id']}").json() == item
    answer = supervisor.post(
        f"/tasks/{item['id']}/resolve", json={"verdict": "called", "note": "I phoned him"}
    )
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["verdict"]) == ("resolved", "called")
    assert supervisor.get(f"/callbacks/{callback_id}").json()["state"] == "kept"
    assert supervisor.get("/tasks", params={"state": "open"}).json()["items"] == []


def test_a_second_answer_is_a_conflict_in_both_languages(house: House, supervisor: TestClient) -> None:
    asks(house)
    (item,) = supervisor.get("/tasks").json()["items"]
    path = f"/tasks/{item['id']}/resolve"
    assert supervisor.post(path, json={"verdict": "not_called"}).status_code == 200
    refused = supervisor.post(path, json={"verdict": "called"}, headers={"Accept-Language": "zh-CN"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "这个事项已经确认过。")
    assert refused.headers["content-type"] == "application/problem+json"
    assert supervisor.post(path, json={"verdict": "perhaps"}).status_code == 422


def test_a_cursor_leads_through_the_list(house: House, supervisor: TestClient) -> None:
    for n in range(3):
        asks(house, n)
    seen, cursor = [], None
    while True:
        page = supervisor.get("/tasks", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3


def test_an_agent_has_no_tasks(house: House, wang: TestClient) -> None:
    asks(house)
    assert wang.get("/tasks").status_code == 403

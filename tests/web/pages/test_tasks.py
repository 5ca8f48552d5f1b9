"""A question to a person, as a page."""

import sqlalchemy as sa

from callcenter.tasks.actions import open_task
from callcenter.tasks.models import Task
from tests.web.pages.conftest import House
from tests.web.pages.owing import CUSTOMER, owes


def test_a_task_is_settled_by_a_person(house: House) -> None:
    callback_id = owes(house)
    with house.work.transaction() as session:
        open_task(
            session, kind="not_reached", reason="busy", subject_kind="callback", subject_id=callback_id,
            number=CUSTOMER, at=house.work.at(),
        )  # fmt: skip
    with house.work.db.reading() as session:
        task = session.scalars(sa.select(Task)).one()
    browser = house.browser("supervisor")
    assert f"/tasks/{task.id}" in browser.get("/tasks?state=open").text
    assert browser.post(f"/tasks/{task.id}/resolve", data={"verdict": ""}).status_code == 422
    said = {"verdict": "called", "note": "spoke"}
    assert browser.post(f"/tasks/{task.id}/resolve", data=said).status_code == 303
    with house.work.db.reading() as session:
        assert session.get_one(Task, task.id).state == "resolved"
    told = browser.post(f"/tasks/{task.id}/resolve", data={"verdict": "called"})
    assert told.status_code == 303, "the page says who was first"

"""Callbacks as an agent works through them."""

from datetime import timedelta
from uuid import UUID

from callcenter.callbacks.models import Callback
from tests.web.pages.conftest import House
from tests.web.pages.owing import CUSTOMER, owes


def state(house: House, callback_id: UUID) -> Callback:
    with house.work.db.reading() as session:
        return session.get_one(Callback, callback_id)


def test_a_callback_is_listed_moved_and_cancelled(house: House) -> None:
    callback_id = owes(house)
    browser = house.browser("agent")
    page = browser.get("/callbacks").text
    assert f"/callbacks/{callback_id}" in page
    assert "…8000" in page and CUSTOMER not in page
    before = state(house, callback_id).due_at
    later = (before + timedelta(days=1)).astimezone(house.work.at().tzinfo)
    moved = browser.post(
        f"/callbacks/{callback_id}/move", data={"due_at": f"{later:%Y-%m-%dT%H:%M}", "reason": "asked"}
    )
    assert moved.status_code in (303, 422)
    assert browser.post(f"/callbacks/{callback_id}/move", data={"due_at": "soon"}).status_code == 422
    gone = browser.post(f"/callbacks/{callback_id}/cancel", data={"reason": "found it"})
    assert gone.status_code == 303
    assert state(house, callback_id).state == "cancelled"
    again = browser.post(f"/callbacks/{callback_id}/cancel", data={"reason": "again"})
    assert (again.status_code, "cannot be changed any more" in again.text) == (422, True)

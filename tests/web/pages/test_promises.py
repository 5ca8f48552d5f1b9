"""A promise explains itself on its page."""

import sqlalchemy as sa

from callcenter.promises.models import Promise
from tests.web.pages.conftest import House
from tests.web.pages.owing import owes


def test_a_promise_explains_itself_in_both_languages(house: House) -> None:
    owes(house)
    with house.work.db.reading() as session:
        promise = session.scalars(sa.select(Promise)).one()
    browser = house.browser("agent")
    assert f"/promises/{promise.id}" in browser.get("/promises?state=owed").text
    assert "HL-8" in browser.get(f"/promises/{promise.id}").text
    browser.post("/language", data={"language": "zh-CN"})
    assert "回呼须约定明确时间" in browser.get(f"/promises/{promise.id}").text

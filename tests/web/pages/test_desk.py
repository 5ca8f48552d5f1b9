"""The desk: state, the call on one's phone, and what one owes."""

from uuid import UUID

import sqlalchemy as sa

from callcenter.routing.models import AgentState, Offer
from tests.factories import calls, offers
from tests.web.pages.conftest import House


def state(house: House) -> AgentState | None:
    with house.work.db.reading() as session:
        return session.get(AgentState, house.wang_id)


def rings(house: House) -> UUID:
    """A caller is offered to wang, whose phone rings."""
    at = house.work.at()
    with house.work.transaction() as session:
        line = session.get_one(type(house.line), house.line.id)
        offers.state(session, house.wang, "ringing", at)
        wait = offers.wait(session, calls.call(session, line, at), at)
        return offers.offer(session, wait, house.wang, at).id


def test_an_agent_says_what_he_does_and_why(house: House) -> None:
    house.given(lambda session: offers.state(session, house.wang, "offline", house.work.at()))
    browser = house.browser("agent")
    assert "Offline" in browser.get("/desk").text
    assert browser.post("/desk/state", data={"state": "available"}).status_code == 303
    assert browser.post("/desk/state", data={"state": "break:meal"}).status_code == 303
    now = state(house)
    assert now is not None and (now.state, now.reason) == ("break", "meal")
    refused = browser.post("/desk/state", data={"state": "break"})
    assert refused.status_code == 303, "and the page says that a break needs a reason (HL-13)"
    assert now.reason == "meal"


def test_a_ringing_call_is_shown_and_declined(house: House) -> None:
    offer_id = rings(house)
    browser = house.browser("agent")
    page = browser.get("/desk").text
    assert f"/desk/offers/{offer_id}/accept" in page
    assert "+8613800138000" in page, "it is his own call"
    assert browser.post(f"/desk/offers/{offer_id}/decline").status_code == 303
    with house.work.db.reading() as session:
        assert session.scalars(sa.select(Offer.state)).all() == ["declined"]
    assert f"/desk/offers/{offer_id}/accept" not in browser.get("/desk/now").text
    assert browser.post(f"/desk/offers/{offer_id}/accept").status_code == 303, "told that it is over"
    assert house.browser("supervisor").post(f"/desk/offers/{offer_id}/accept").status_code == 403


def test_an_account_that_is_no_agents_is_told_so(house: House) -> None:
    page = house.browser("supervisor").get("/desk")
    assert "This account is no agent's" in page.text

"""Tickets: whose they are, what is written on them, and that nobody overwrites anybody."""

import sqlalchemy as sa

from callcenter.tickets.actions import open_ticket
from callcenter.tickets.models import Ticket
from tests.web.pages.conftest import House


def a_ticket(house: House, subject: str = "退款问题") -> str:
    with house.work.transaction() as session:
        return open_ticket(
            session, kind="general", channel="phone", line_id=house.line.id, call_id=None, customer_id=None,
            language="zh-CN", at=house.work.at(), actor="ivr", subject=subject,
        ).number  # fmt: skip


def read(house: House, number: str) -> Ticket:
    with house.work.db.reading() as session:
        return session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()


def test_tabs_tell_whose_a_ticket_is(house: House) -> None:
    number = a_ticket(house)
    browser = house.browser("agent")
    assert f"/tickets/{number}" not in browser.get("/tickets").text, "mine"
    assert f"/tickets/{number}" in browser.get("/tickets?whose=unassigned").text
    assert browser.post(f"/tickets/{number}/take").status_code == 303
    assert f"/tickets/{number}" in browser.get("/tickets").text
    assert read(house, number).owner_agent_id == house.wang_id
    assert f"/tickets/{number}" in browser.get("/tickets?whose=all&q=退款").text
    assert "Nothing matches" in browser.get("/tickets?whose=all&q=没有").text
    assert browser.post(f"/tickets/{number}/give?to=").status_code == 303
    assert read(house, number).owner_agent_id is None


def test_a_note_and_an_end_that_can_be_undone(house: House) -> None:
    number = a_ticket(house)
    browser = house.browser("agent")
    assert browser.post(f"/tickets/{number}/note", data={"note": " "}).status_code == 422
    assert browser.post(f"/tickets/{number}/note", data={"note": "请先查日志"}).status_code == 303
    assert "请先查日志" in browser.get(f"/tickets/{number}").text
    assert browser.post(f"/tickets/{number}/close").status_code == 303
    assert read(house, number).state == "closed"
    assert browser.post(f"/tickets/{number}/close").status_code == 422
    assert browser.post(f"/tickets/{number}/reopen").status_code == 303
    assert read(house, number).state == "open"


def test_nobody_overwrites_what_somebody_else_has_changed(house: House) -> None:
    number = a_ticket(house)
    version = str(read(house, number).version)
    form = {"kind": "technical", "state": "open", "owner": "", "subject": "新主题", "version": version}
    mine, yours = house.browser("agent"), house.browser("supervisor")
    assert mine.post(f"/tickets/{number}/save", data=form).status_code == 303
    refused = yours.post(f"/tickets/{number}/save", data=form | {"subject": "另一个"})
    assert (refused.status_code, "changed meanwhile" in refused.text) == (422, True)
    assert "另一个" in refused.text, "what was written is not lost"
    assert read(house, number).kind == "technical"

"""The call audit's pages: the list, a story, revealed numbers, sheets, and who looked."""

from datetime import timedelta

import sqlalchemy as sa

from callcenter.calls.models import Call, Recording
from callcenter.ledger.models import LedgerEntry
from callcenter.web.pages import sheets
from tests.factories import calls as made
from tests.web.pages.conftest import House

NUMBER = "+8613800138000"


def a_call(house: House, **columns: object) -> Call:
    with house.work.transaction() as session:
        line = session.get_one(type(house.line), house.line.id)
        call = made.call(session, line, house.work.at() - timedelta(minutes=5))
        call.from_number = call.from_raw = NUMBER
        for name, value in columns.items():
            setattr(call, name, value)
    return call


def entries(house: House, action: str) -> list[LedgerEntry]:
    with house.work.db.reading() as session:
        return list(session.scalars(sa.select(LedgerEntry).where(LedgerEntry.action == action)))


def test_the_list_masks_numbers_and_leads_to_the_story(house: House) -> None:
    call = a_call(house)
    page = house.browser("supervisor").get("/calls").text
    assert f'<a href="/calls/{call.id}">' in page
    assert "…8000" in page and NUMBER not in page


def test_an_empty_list_says_what_makes_a_call_appear_and_how_to_see_more(house: House) -> None:
    browser = house.browser("supervisor")
    assert "No call has come yet." in browser.get("/calls").text
    assert "Nothing matches these filters." in browser.get("/calls?outcome=answered").text
    assert browser.get("/calls?outcome=never").status_code == 422


def test_a_story_is_read_and_that_is_written_down(house: House) -> None:
    call = a_call(house)
    page = house.browser("supervisor").get(f"/calls/{call.id}").text
    assert NUMBER not in page and "…8000" in page
    assert "Nobody was rung for this call." in page
    assert "call.read" in page, "whoever looked just now stands among who looked"
    assert len(entries(house, "call.read")) == 1
    assert house.browser("agent").get(f"/calls/{call.id}").status_code == 403, "not his call"


def test_a_number_is_revealed_for_a_reason_that_is_written_down(house: House) -> None:
    call = a_call(house)
    browser = house.browser("supervisor")
    refused = browser.post(f"/calls/{call.id}/reveal", data={"reason": " "})
    assert (refused.status_code, NUMBER in refused.text) == (422, False)
    assert entries(house, "call.reveal") == []
    shown = browser.post(f"/calls/{call.id}/reveal", data={"reason": "the customer asked for it"})
    assert NUMBER in shown.text
    (entry,) = entries(house, "call.reveal")
    assert entry.detail == {"reason": "the customer asked for it"}
    assert NUMBER not in browser.get(f"/calls/{call.id}").text, "once, and not for ever"


def test_a_sheet_has_every_call_and_no_formula(house: House) -> None:
    for _ in range(3):
        a_call(house, outcome="failed")
    answer = house.browser("supervisor").post("/calls.csv", data={"outcome": "failed"})
    assert answer.content.startswith(sheets.BOM)
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("Started,Direction,Number")
    assert NUMBER not in answer.text
    (entry,) = entries(house, "calls.export")
    assert entry.detail == {"filters": ["outcome"]}
    assert house.browser("supervisor").post("/calls.csv", data={"outcome": "x"}).status_code == 422


def test_what_a_spreadsheet_takes_for_a_formula_is_text() -> None:
    told = sheets.line("=1+1", "+8613800138000", "@x", "-1", "plain", -1, None, True, "a\nb")
    assert told == b"'=1+1,'+8613800138000,'@x,'-1,plain,-1,,1,a b\r\n"


def test_a_recording_is_played_through_us_and_every_listen_written_down(house: House) -> None:
    call, other = a_call(house), a_call(house)
    sid = "RE" + "1" * 32
    house.given(
        lambda session: session.add(
            Recording(sid=sid, call_id=call.id, kind="message", seconds=3, created_at=house.work.at())
        )
    )
    browser = house.browser("supervisor")
    assert f"/calls/{call.id}/recordings/{sid}" in browser.get(f"/calls/{call.id}").text
    assert browser.get(f"/calls/{other.id}/recordings/{sid}").status_code == 404
    answer = browser.get(f"/calls/{call.id}/recordings/{sid}")
    assert answer.status_code in (200, 503)
    assert len(entries(house, "recording.play")) == (1 if answer.status_code == 200 else 0)

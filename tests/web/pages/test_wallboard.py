"""The wallboard: who waits since when, agents by state, today's figures, and screens without a sign-in."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.promises.models import Promise
from callcenter.web.pages import wallboard
from callcenter.web.pages.wallboard import COUNTED_EVERY
from tests.doubles import SettableTime
from tests.factories import added, calls, centre, offers
from tests.web.pages.conftest import House


def tile(page: str, name: str) -> str:
    """Return what a tile says, its words apart by one space."""
    found = re.search(rf'figure-name">{name}</p>(.*?)</div>', page, re.DOTALL)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>|\u200b|&#8203;", " ", found[1]).split())


def test_who_waits_and_since_when(house: House, time: SettableTime) -> None:
    board = house.browser("supervisor")
    assert tile(board.get("/wallboard").text, "Waiting") == "0 callers"
    house.given(lambda session: _waits(session, house, time.at - timedelta(seconds=75)))
    page = board.get("/wallboard/now").text
    assert tile(page, "Waiting") == "1 callers"
    assert tile(page, "Longest wait") == "01:15"
    assert "<html" not in page, "a part, to be put into the page"


def _waits(session: Session, house: House, at: datetime) -> None:
    offers.wait(session, calls.call(session, house.line, at), at)


def test_a_period_without_calls_has_no_figure(house: House) -> None:
    page = house.browser("supervisor").get("/wallboard").text
    assert tile(page, "Within three rings").startswith("no data")
    assert tile(page, "Connection rate").startswith("no data target 90 %")
    assert "n = 0" in tile(page, "Service level")


def test_agents_by_state(house: House) -> None:
    at = house.work.at()
    house.given(lambda session: offers.state(session, house.wang, "break", at))
    page = house.browser("agent").get("/wallboard").text
    states = dict(re.findall(r'class="state is-(\w+)"><i[^>]*></i>[^<]+</span><b>(\d+)</b>', page))
    assert states == {
        "available": "0", "ringing": "0", "talking": "0", "wrap_up": "0", "break": "1", "reserved": "0",
        "offline": "0",
    }  # fmt: skip


def test_promises_due_and_late(house: House, time: SettableTime) -> None:
    house.given(lambda session: [_promise(session, house, time, minutes) for minutes in (-5, 5, 10, 60 * 24)])
    page = house.browser("supervisor").get("/wallboard").text
    assert tile(page, "Promises late") == "1 due today: 2"


def _promise(session: Session, house: House, time: SettableTime, minutes: int) -> Promise:
    due = time.at + timedelta(minutes=minutes)
    return added(
        session,
        Promise(
            rule="HL-9", subject_kind="ticket", subject_id=ids.new(), made_at=time.at,
            due_at=due, grace_seconds=0, state="open", why={}, line_id=house.line.id,
        ),
    )  # fmt: skip


def test_a_line_or_a_branch_is_shown_alone(house: House) -> None:
    house.given(lambda session: centre.line(session, "second"))
    board = house.browser("supervisor")
    assert board.get("/wallboard").text.count("<tr data-row>") == 2
    assert board.get("/wallboard?line=second").text.count("<tr data-row>") == 1
    assert board.get("/wallboard?branch=office").text.count("<tr data-row>") == 2
    assert "No line is called so." in board.get("/wallboard?line=none").text


def test_a_hundred_boards_are_one_count(
    house: House, time: SettableTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    real = wallboard.standards
    monkeypatch.setattr(wallboard, "standards", lambda *a: counted.append(a[1].line_ids) or real(*a))
    board = house.browser("supervisor")
    for _ in range(3):
        board.get("/wallboard/now")
    assert counted == [frozenset({house.line.id}), None]
    time.at += COUNTED_EVERY
    board.get("/wallboard/now")
    assert len(counted) == 4


def test_a_screen_shows_the_board_and_nothing_else(house: House) -> None:
    supervisor = house.browser("supervisor")
    made = supervisor.post("/wallboard/links", data={"name": "Hall"}).text
    link = re.search(r"https://hotline.example.com(/wallboard/kiosk/[\w-]{43})<", made)
    assert link
    screen = house.browser()
    assert screen.get(f"{link[1]}?branch=office").headers["location"] == "/wallboard?branch=office"
    assert "kiosk" in screen.get("/wallboard?branch=office").text
    assert screen.get("/me").status_code == 403
    listed = supervisor.get("/wallboard/links").text
    assert "Hall" in listed and link[1] not in listed
    close = re.search(r'action="(/wallboard/links/[\w-]+/close)"', listed)
    assert close
    supervisor.post(close[1])
    assert screen.get("/wallboard").status_code == 303
    assert house.browser().get(link[1]).status_code == 404

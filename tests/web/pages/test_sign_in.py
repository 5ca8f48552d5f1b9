"""Signing in: who is let in, for how long, how often it may be tried, and what nobody learns."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from callcenter.access.accounts import disable, sign_out_everywhere
from callcenter.access.models import SignIn, SignInTries
from callcenter.access.rules import IDLE, LONGEST, MOST_TRIES, TRIES_WINDOW
from callcenter.jobs import Work
from callcenter.settings import Settings
from callcenter.staff.actions import retire_agent
from callcenter.switchboard.sweeps import old_keys
from callcenter.web.app import create_app
from tests.doubles import SettableTime
from tests.factories.accounts import PASSWORD
from tests.web.pages.conftest import COOKIE, OURS, House

WRONG = "Name or password is wrong."


def tries(browser: TestClient, name: str, password: str = "wrong") -> int:
    return browser.post("/sign-in", data={"name": name, "password": password}).status_code


def is_in(browser: TestClient) -> bool:
    return browser.get("/me").status_code == 200


def test_whoever_signs_in_is_led_to_where_he_wanted_to_go(house: House) -> None:
    browser = house.browser()
    asked = browser.get("/accounts?role=admin")
    assert asked.headers["location"] == "/sign-in?next=/accounts%3Frole%3Dadmin"
    form = browser.get(asked.headers["location"])
    assert 'name="next" value="/accounts?role=admin"' in form.text
    answer = browser.post(
        "/sign-in", data={"name": " Admin ", "password": PASSWORD, "next": "/accounts?role=admin"}
    )
    assert answer.headers["location"] == "/accounts?role=admin"
    assert is_in(browser)


def test_the_cookie_is_for_this_host_over_https_and_no_script(house: House, settings: Settings) -> None:
    answer = house.browser().post("/sign-in", data={"name": "admin", "password": PASSWORD})
    told = answer.headers["set-cookie"]
    assert told.startswith(f"{COOKIE}=")
    assert {part.strip().lower() for part in told.split(";")} >= {
        "secure",
        "httponly",
        "samesite=lax",
        "path=/",
    }
    secret = answer.cookies[COOKIE]
    with house.work.db.reading() as session:
        assert secret not in str(session.scalars(sa.select(SignIn.digest)).all())


def test_on_this_machine_it_works_over_http(work: Work, settings: Settings) -> None:
    from dataclasses import replace

    at_home = replace(work, public_url="http://127.0.0.1:8000")
    House(at_home, settings)
    browser = TestClient(
        create_app(at_home, settings), "http://127.0.0.1:8000", headers=OURS, follow_redirects=False
    )
    assert tries(browser, "admin", PASSWORD) == 303
    assert is_in(browser)


def test_nobody_learns_who_has_an_account(house: House) -> None:
    browser = house.browser()
    house.given(lambda s: disable(s, "supervisor", at=house.work.at(), actor="test"))
    answers = {
        browser.post("/sign-in", data={"name": "x", "password": password} | given).text.replace(name, "x")
        for name, password in (("admin", "wrong"), ("nobody", "wrong"), ("supervisor", PASSWORD))
        for given in ({"name": name},)
    }
    assert len({text.split("Request")[0] for text in answers}) == 1
    assert WRONG in answers.pop()


def test_a_name_is_guessed_at_so_often_whether_it_exists_or_not(house: House, time: SettableTime) -> None:
    for name in ("admin", "nobody"):
        browser = house.browser()
        codes = [tries(browser, name) for _ in range(MOST_TRIES["account"] + 1)]
        assert codes == [422] * MOST_TRIES["account"] + [429]
    assert tries(house.browser(), "admin", PASSWORD) == 429, "the right one waits as well"
    assert tries(house.browser(), "supervisor", PASSWORD) == 303, "others do not"
    time.at += TRIES_WINDOW
    assert tries(house.browser(), "admin", PASSWORD) == 303


def test_a_right_password_takes_its_try_back(house: House) -> None:
    for _ in range(3 * MOST_TRIES["account"]):
        assert tries(house.browser(), "admin", PASSWORD) == 303
    for _ in range(MOST_TRIES["account"] - 1):
        assert tries(house.browser(), "admin") == 422
    assert tries(house.browser(), "admin", PASSWORD) == 303


def test_an_address_guesses_at_so_many_names(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_TRIES, "address", 5)
    browser = house.browser()
    assert [tries(browser, f"name{n}") for n in range(6)] == [422] * 5 + [429]
    elsewhere = TestClient(house.app, str(browser.base_url), headers=OURS, client=("203.0.113.9", 5))
    assert tries(elsewhere, "name9") == 422


def test_a_proxy_of_ours_says_where_a_request_comes_from(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST_TRIES, "address", 2)

    def at(peer: str, forwarded: str) -> list[int]:
        headers = OURS | {"X-Forwarded-For": forwarded}
        browser = TestClient(house.app, "https://hotline.example.com", headers=headers, client=(peer, 5))
        return [tries(browser, f"name{n}") for n in range(3)]

    assert at("10.0.0.7", "6.6.6.6, 203.0.113.1") == [422, 422, 429]
    assert at("10.0.0.7", "203.0.113.1, 203.0.113.2") == [422, 422, 429], "only the last is believed"
    assert at("10.0.0.7", "nonsense") == [422, 422, 429]
    assert at("9.9.9.9", "203.0.113.3") == [422, 422, 429]
    assert at("9.9.9.9", "203.0.113.4") == [429, 429, 429], "from outside nothing is believed"


def test_a_browser_is_signed_out_after_a_rest_and_a_long_shift(house: House, time: SettableTime) -> None:
    resting, busy = house.browser("agent"), house.browser("agent")
    began = time.at
    while time.at - began < LONGEST - IDLE:
        time.at += IDLE - timedelta(seconds=1)
        assert is_in(busy)
    assert not is_in(resting)
    time.at += IDLE - timedelta(seconds=1)
    time.moves(seconds=20)
    assert not is_in(busy)


def test_looking_again_within_a_minute_writes_nothing(house: House, time: SettableTime) -> None:
    browser = house.browser("agent")
    seen = sa.select(SignIn.seen_at)
    with house.work.db.reading() as session:
        first = session.scalar(seen)
    time.moves(seconds=59)
    assert is_in(browser)
    with house.work.db.reading() as session:
        assert session.scalar(seen) == first
    time.moves(seconds=1)
    assert is_in(browser)
    with house.work.db.reading() as session:
        assert session.scalar(seen) == first + timedelta(seconds=60)


def test_signing_out_ends_this_browser_alone(house: House) -> None:
    here, there = house.browser("agent"), house.browser("agent")
    kept = here.cookies[COOKIE]
    assert here.post("/sign-out").headers["location"] == "/sign-in"
    here.cookies.set(COOKIE, kept)
    assert not is_in(here)
    assert is_in(there)


@pytest.mark.parametrize("how", ["disabled", "signed out", "agent retired"])
def test_an_administrator_ends_it_at_once(house: House, how: str) -> None:
    browser, at = house.browser("agent"), house.work.at()
    acts = {
        "disabled": lambda s: disable(s, "agent", at=at, actor="test"),
        "signed out": lambda s: sign_out_everywhere(s, "agent", at=at, actor="test"),
        "agent retired": lambda s: retire_agent(s, "wang"),
    }
    house.given(acts[how])
    assert not is_in(browser)
    assert tries(browser, "agent", PASSWORD) == (303 if how == "signed out" else 422)


def test_what_is_over_is_forgotten(house: House, time: SettableTime) -> None:
    tries(house.browser("agent"), "nobody")
    time.at += IDLE + LONGEST + timedelta(seconds=1)
    old_keys(house.work)
    with house.work.db.reading() as session:
        assert session.scalars(sa.select(SignIn)).all() == []
        assert session.scalars(sa.select(SignInTries)).all() == []


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(house: House) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "https://hotline.example.com/accounts?q=a"}
    answer = house.browser().get("/accounts", headers=asked)
    assert answer.headers["hx-redirect"] == "/sign-in?next=/accounts%3Fq%3Da"


def test_a_wrong_cookie_is_no_error(house: House) -> None:
    for value in ("nonsense", "\x01", "a" * 4000):
        browser = house.browser()
        browser.headers["Cookie"] = f"{COOKIE}={value}"
        assert browser.get("/").status_code == 303

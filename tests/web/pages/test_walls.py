"""Every route and every role: walls.toml says by hand what each is answered; a route missing there fails."""

import re
import tomllib
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from callcenter.access.accounts import open_kiosk
from callcenter.web.pages import ENDPOINTS
from tests.web.pages.conftest import House

ROLES = ("nobody", "kiosk", "agent", "supervisor", "admin")
WRITTEN = tomllib.loads(Path(__file__).with_name("walls.toml").read_text())
WALLS, OTHERS = WRITTEN["walls"], WRITTEN["others"]
MOUNTED = {"/api/v1", "/assets"}
READY = "GET /health/ready"
"""What it answers hangs on a Redis, which these tests do not have."""


def filled(path: str) -> str:
    return re.sub(r"{number:ordinal}", "7", re.sub(r"{(\w+)}", "none", path))


def client(house: House, role: str) -> TestClient:
    if role == "kiosk":
        made: list[str] = []
        house.given(lambda s: made.append(open_kiosk(s, "hall", at=house.work.at(), actor="test")))
        browser = house.browser()
        browser.cookies.set("__Host-kiosk", made[0])
        return browser
    return house.browser(None if role == "nobody" else role)


def test_every_page_has_its_expectation() -> None:
    assert {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS} == WALLS.keys()


def test_every_other_route_has_its_expectation(house: House) -> None:
    pages = {endpoint.path for endpoint in ENDPOINTS}
    others = {route.path for route in house.app.routes if isinstance(route, Route)} - pages
    assert {wall.split()[1] for wall in [*OTHERS, READY]} == others
    assert {route.path for route in house.app.routes if isinstance(route, Mount)} == MOUNTED


@pytest.mark.parametrize("place", range(len(ROLES)), ids=ROLES)
def test_the_walls_stand(house: House, place: int) -> None:
    browser, answers = client(house, ROLES[place]), {}
    signed_in = dict(browser.cookies)
    for wall in sorted(WALLS, key=lambda wall: wall == "POST /sign-out"):
        method, path = wall.split()
        browser.cookies.update(signed_in)
        answers[wall] = browser.request(method, filled(path)).status_code
    assert answers == {wall: expected[place] for wall, expected in WALLS.items()}


def test_the_walls_around_the_rest_stand(house: House) -> None:
    browser = house.browser()
    answers = {}
    for wall in OTHERS:
        method, path = wall.split()
        form = {"CallSid": "CA" + "0" * 32} if method == "POST" else None
        answers[wall] = browser.request(method, filled(path), data=form).status_code
    assert answers == OTHERS


def test_whoever_must_change_his_password_goes_nowhere_else(house: House) -> None:
    from tests.factories.accounts import account

    house.given(lambda s: account(s, "new", "admin", must_change=True, created_at=house.work.at()))
    browser = house.browser("new")
    for endpoint in ENDPOINTS:
        if endpoint.role != "nobody" and endpoint.path not in ("/me/password", "/sign-out"):
            answer = browser.request(endpoint.method, filled(endpoint.path))
            assert (answer.status_code, answer.headers["location"]) == (303, "/me/password")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://elsewhere.example"},
    ],
    ids=str,
)
def test_no_order_comes_from_another_site(house: House, headers: dict[str, str]) -> None:
    browser = house.browser("admin")
    for endpoint in ENDPOINTS:
        if endpoint.method == "POST":
            assert browser.post(filled(endpoint.path), headers=headers).status_code == 403, endpoint
    assert browser.get("/me").status_code == 200


def test_an_old_browser_says_the_origin_alone(house: House) -> None:
    browser = house.browser("admin")
    del browser.headers["Sec-Fetch-Site"]
    assert browser.post("/me/sign-out-elsewhere").status_code == 403
    ours = {"Origin": "https://hotline.example.com"}
    assert browser.post("/me/sign-out-elsewhere", headers=ours).status_code == 303

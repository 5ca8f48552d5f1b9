"""The front: headers, error pages with a number, what is no form, and a database that is away."""

import re

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from callcenter.web.pages import me
from callcenter.web.pages.headers import POLICY
from tests.web.pages.conftest import House


def test_every_page_says_what_may_be_loaded_and_is_kept_by_nobody(house: House) -> None:
    answers = [
        house.browser().get("/sign-in"),
        house.browser("admin").get("/accounts"),
        house.browser().get("/no"),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "microphone=(self)" in answer.headers["permissions-policy"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert "unsafe-eval" not in POLICY
        assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|hx-on", answer.text)


@pytest.mark.parametrize(
    ("language", "told"), [("en-US", "There is nothing at this address"), ("zh-CN", "没有内容")]
)
def test_an_unknown_address_is_a_page_for_people(house: House, language: str, told: str) -> None:
    answer = house.browser(**{"Accept-Language": language}).get("/nowhere")
    assert answer.status_code == 404
    assert told in answer.text
    assert house.browser(Accept="*/*").get("/nowhere").text == ""


def test_our_fault_has_a_number_that_the_log_has_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser("admin")
    monkeypatch.setattr(me, "account_named", lambda *_: 1 / 0)
    with structlog.testing.capture_logs() as logged:
        answer = browser.get("/me")
    number = re.search(r"Request (\w{12})", answer.text)
    assert answer.status_code == 500
    assert number
    assert [line["request"] for line in logged if line["event"] == "page.failed"] == [number[1]]
    assert "ZeroDivisionError" not in answer.text


def test_a_database_that_is_away_is_said_in_words(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser("admin")

    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(type(house.work.db), "reading", away)
    answer = browser.get("/me")
    assert answer.status_code == 503
    assert "The database does not answer." in answer.text
    assert answer.headers["retry-after"] == "2"


def test_what_is_no_form_is_refused(house: House) -> None:
    browser = house.browser("admin")
    assert browser.post("/theme", json={"theme": "dark"}).status_code == 400
    assert browser.post("/theme", data={"theme": "x" * 70_000}).status_code == 413
    assert browser.post("/theme", data={"theme": "\0"}).status_code == 400
    assert browser.get("/accounts/%00").status_code == 404
    assert browser.get("/accounts?q=%00").status_code == 404
    assert browser.put("/accounts").status_code == 405


def test_nothing_that_somebody_typed_becomes_html(house: House) -> None:
    page = house.browser("admin").get("/accounts?q=%22%3E%3Cscript%3E").text
    assert "<script>" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


def test_a_refused_part_leaves_the_page_as_it_was(house: House) -> None:
    answer = house.browser("admin").get("/accounts/none", headers={"HX-Request": "true"})
    assert answer.headers["hx-reswap"] == "none"
    assert 'data-said="There is no account none."' in answer.text


def test_an_order_that_is_only_looked_at_is_said_to_be_none(house: House) -> None:
    answer = house.browser("admin").get("/accounts/admin/disable")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "Method not allowed" in answer.text


def test_after_a_made_up_password_the_language_leads_back_to_the_account(house: House) -> None:
    page = house.browser("admin").post("/accounts/agent/password").text
    assert page.count('name="next" value="/accounts/agent"') == 2

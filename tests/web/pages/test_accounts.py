"""Accounts as an administrator sees them, and one's own."""

import re

import sqlalchemy as sa
from starlette.testclient import TestClient

from callcenter.access.models import Account
from callcenter.ledger.models import LedgerEntry
from tests.factories.accounts import PASSWORD
from tests.web.pages.conftest import House

OWN = "three green lanterns"


def password_on(page: str) -> str:
    found = re.search(r'class="secret"[^>]*>([^<]+)<', page)
    assert found
    return found[1]


def change(browser: TestClient, present: str, new: str, again: str | None = None) -> "TestClient":
    return browser.post("/me/password", data={"present": present, "password": new, "again": again or new})


def test_an_account_is_made_and_its_password_changed_at_the_first_sign_in(house: House) -> None:
    admin = house.browser("admin")
    given = {"name": "Zhang", "display_name": "张伟", "role": "agent", "agent": "wang"}
    made = admin.post("/accounts/new", data=given)
    password = password_on(made.text)
    browser = house.browser()
    assert browser.post("/sign-in", data={"name": "zhang", "password": password}).status_code == 303
    assert browser.get("/").headers["location"] == "/me/password"
    assert change(browser, password, OWN).status_code == 303
    assert "张伟" in browser.get("/me").text
    assert password not in admin.get("/accounts/zhang").text, "shown once"


def test_what_cannot_be_an_account_is_said_in_the_form(house: House) -> None:
    admin = house.browser("admin")
    wrong = {
        ("", "admin"): "The name must be letters",
        ("a b", "admin"): "The name must be letters",
        ("x", "king"): "The role must be one of agent, supervisor, admin",
        ("x", "agent"): "The role an agent needs to say which agent",
        ("admin", "admin"): "There is an account admin already.",
    }
    for (name, role), told in wrong.items():
        answer = admin.post("/accounts/new", data={"name": name, "role": role})
        assert answer.status_code == 422
        assert told in answer.text
    admin.post("/language", data={"language": "zh-CN"})
    assert "名称只能包含字母" in admin.post("/accounts/new", data={"name": "!", "role": "admin"}).text


def test_filters_are_in_the_address_and_an_empty_list_says_why(house: House) -> None:
    admin = house.browser("admin")
    assert '<a href="/accounts/agent">' in admin.get("/accounts?role=agent").text
    assert '<a href="/accounts/agent">' not in admin.get("/accounts?role=admin").text
    assert "Nothing matches these filters." in admin.get("/accounts?q=xyz").text
    assert "Nothing matches" in admin.get("/accounts?state=disabled").text


def test_disabling_is_undone_by_its_toast(house: House) -> None:
    admin = house.browser("admin")
    disabled = admin.post("/accounts/agent/disable")
    page = admin.get(disabled.headers["location"])
    assert "agent is disabled and signed out." in page.text
    undo = re.search(r'action="(/accounts/agent/enable)"><button class="plain"', page.text)
    assert undo
    assert "is disabled" not in admin.get("/accounts/agent").text, "told once"
    admin.post(undo[1])
    assert house.browser("agent").get("/me").status_code == 200


def test_the_last_administrator_stays(house: House) -> None:
    admin = house.browser("admin")
    answer = admin.post("/accounts/admin/disable")
    assert "is the last administrator" in admin.get(answer.headers["location"]).text
    admin.post("/accounts/new", data={"name": "second", "role": "admin"})
    admin.post("/accounts/admin/disable")
    assert admin.get("/me").status_code == 303


def test_a_new_password_signs_everybody_out_who_has_the_old_one(house: House) -> None:
    agent, admin = house.browser("agent"), house.browser("admin")
    made = password_on(admin.post("/accounts/agent/password").text)
    assert agent.get("/me").status_code == 303
    assert house.browser().post("/sign-in", data={"name": "agent", "password": PASSWORD}).status_code == 422
    assert house.browser().post("/sign-in", data={"name": "agent", "password": made}).status_code == 303


def test_ones_own_password_is_changed_and_only_here_one_stays(house: House) -> None:
    here, there = house.browser("agent"), house.browser("agent")
    wrong = {
        ("no", OWN, OWN): "This is not your present password.",
        (PASSWORD, "short", "short"): "The new password must have 10 to 200 characters.",
        (PASSWORD, "my agent name", "my agent name"): "The new password is easily guessed",
        (PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa"): "The new password is easily guessed",
        (PASSWORD, OWN, OWN + "!"): "The two new passwords differ.",
    }
    for (present, new, again), told in wrong.items():
        answer = change(here, present, new, again)
        assert answer.status_code == 422
        assert told in answer.text
    assert change(here, PASSWORD, OWN).status_code == 303
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303


def test_other_browsers_are_signed_out(house: House) -> None:
    here, there = house.browser("agent"), house.browser("agent")
    assert "Sign out everywhere else" in here.get("/me").text
    here.post("/me/sign-out-elsewhere")
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 303)
    assert "Sign out everywhere else" not in here.get("/me").text


def test_everything_is_in_the_ledger_and_no_password_anywhere(house: House) -> None:
    admin = house.browser("admin")
    password = password_on(admin.post("/accounts/new", data={"name": "x", "role": "admin"}).text)
    admin.post("/accounts/x/disable")
    with house.work.db.reading() as session:
        rows = session.execute(sa.select(LedgerEntry.actor, LedgerEntry.action, LedgerEntry.subject_id)).all()
        kept = session.scalars(sa.select(Account.password_hash)).all()
    assert ("account:admin", "account.added", "x") in [tuple(row) for row in rows]
    assert ("account:admin", "account.disabled", "x") in [tuple(row) for row in rows]
    assert password not in str(kept)
    assert any(each.startswith("$argon2id$v=19$m=65536") for each in kept)

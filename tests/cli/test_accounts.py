"""`callcenter accounts`: the first administrator, a forgotten password, an end for whoever leaves."""

import json

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter.access.passwords import matches
from callcenter.access.queries import account_named
from callcenter.cli.accounts import register
from callcenter.db import Database
from tests.factories import centre
from tests.factories.accounts import account

app = typer.Typer()
register(app)


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment's database is the test's."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["accounts", *arguments])


def test_the_first_administrator_is_made_and_gets_a_password_to_change(cli: Database) -> None:
    made = json.loads(run("add", "Anna", "--role", "admin", "--display", "陈安娜", "--json").stdout)
    with cli.reading() as session:
        kept = account_named(session, "anna")
    assert made["name"] == "anna"
    assert (kept.role, kept.display_name, kept.must_change) == ("admin", "陈安娜", True)
    assert matches(made["password"], kept.password_hash)
    assert not matches(made["password"] + "x", kept.password_hash)


def test_an_agents_account_names_its_agent(cli: Database) -> None:
    with cli.transaction() as session:
        centre.agent(session)
    assert "signs in with" in run("add", "wang", "--role", "agent", "--agent", "wang").stdout
    assert json.loads(run("list", "--json").stdout)[0]["agent"] == "wang"
    assert "wang  agent agent wang  active  never seen" in run("list").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x", "--role", "king"), "agent, supervisor, admin"),
        (("add", "x", "--role", "agent"), "which agent"),
        (("add", "x", "--role", "agent", "--agent", "nobody"), "no agent 'nobody'"),
        (("add", "-x", "--role", "admin"), ""),
        (("add", "anna", "--role", "admin"), "There is an account anna already."),
        (("password", "nobody"), "There is no account nobody."),
        (("disable", "anna"), "is the last administrator"),
        (("signout", "nobody"), "There is no account nobody."),
    ],
)
def test_what_cannot_be_done_is_said(cli: Database, arguments: tuple[str, ...], words: str) -> None:
    with cli.transaction() as session:
        account(session, "anna", "admin")
    refused = run(*arguments)
    assert refused.exit_code in (1, 2)
    assert words in refused.stderr


def test_an_account_is_disabled_enabled_and_signed_out(cli: Database) -> None:
    with cli.transaction() as session:
        account(session, "bo")
    assert run("disable", "bo").stdout == "bo is disabled and signed out\n"
    assert "disabled" in run("list").stdout
    assert run("enable", "bo").stdout == "bo may sign in again\n"
    assert run("signout", "bo").stdout == "bo is signed out of 0 browsers\n"
    assert json.loads(run("password", "bo", "--json").stdout)["name"] == "bo"

"""`callcenter token`: what is printed, and that it works."""

import json

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter import clock
from callcenter.access.queries import authenticate
from callcenter.cli.access import register
from callcenter.db import Database
from tests.factories import centre

app = typer.Typer()
register(app)


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment's database is the test's."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", *arguments])


def who(database: Database, presented: str) -> object:
    with database.reading() as session:
        return authenticate(session, presented, clock.system())


def test_a_token_is_printed_once_and_works(cli: Database) -> None:
    presented = run("create", "--role", "supervisor", "--name", "wallboard").stdout.strip()
    assert getattr(who(cli, presented), "role", None) == "supervisor"
    listed = run("list").stdout
    assert presented.split("_")[1] in listed
    assert "wallboard" in listed
    assert presented.split("_", 2)[2] not in listed


def test_an_agents_token_names_its_agent(cli: Database) -> None:
    with cli.transaction() as session:
        centre.agent(session)
    made = json.loads(run("create", "--role", "agent", "--agent", "wang", "--json").stdout)
    assert getattr(who(cli, made["token"]), "agent_key", None) == "wang"
    assert json.loads(run("list", "--json").stdout)[0]["agent"] == "wang"


def test_a_revoked_token_ends(cli: Database) -> None:
    presented = run("create", "--role", "admin", "--days", "1").stdout.strip()
    assert run("revoke", presented.split("_")[1]).exit_code == 0
    assert who(cli, presented) is None
    assert json.loads(run("list", "--json").stdout)[0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "--role", "king"), "agent, supervisor, admin"),
        (("create", "--role", "agent"), "which agent"),
        (("create", "--role", "agent", "--agent", "nobody"), "no agent 'nobody'"),
        (("revoke", "00000000"), "no token 00000000"),
    ],
)
def test_what_cannot_be_done_is_said(cli: Database, arguments: tuple[str, ...], words: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert words in refused.stderr


def test_a_database_without_tables_says_what_to_do(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite")
    refused = run("list")
    assert refused.exit_code == 1
    assert "callcenter migrate" in refused.stderr

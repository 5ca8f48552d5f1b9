"""`callcenter tasks`: what is shown, in both languages, and that an answer counts."""

import json

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter import clock, ids
from callcenter.callbacks.models import Callback
from callcenter.cli.tasks import register
from callcenter.db import Database
from callcenter.errors import Invalid
from callcenter.tasks.actions import open_task
from tests.factories import centre

app = typer.Typer()
register(app)
NUMBER = "+8613800138000"


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment's database is the test's; the console is English."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("LANGUAGE", "en")
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["tasks", *arguments])


def asks(database: Database) -> None:
    """A person is asked about a callback."""
    at = clock.system()
    with database.transaction() as session:
        centre.centre(session)
        line = centre.line(session)
        callback = Callback(
            id=ids.new(), number=NUMBER, line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
            state="agent", created_at=at, created_by="test", due_at=at, next_try_at=at, tries=0,
        )  # fmt: skip
        session.add(callback)
        session.flush()
        open_task(
            session, kind="not_dialled", reason="day_cap", subject_kind="callback",
            subject_id=callback.id, number=NUMBER, at=at,
        )  # fmt: skip


def test_a_task_is_shown_and_resolved(cli: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("list").stdout == "Nothing waits for a person.\n"
    asks(cli)
    shown = run("list").stdout
    assert NUMBER in shown and "not dialled in time" in shown and "day_cap" in shown
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    assert "未能按时拨打" in run("list").stdout
    (row,) = json.loads(run("list", "--json").stdout)
    assert run("resolve", row["id"], "--called", "--note", "on the phone").stdout == f"{row['id']}: 已呼叫\n"
    assert run("list").stdout == "没有需要人工确认的事项。\n"
    assert json.loads(run("list", "--all", "--json").stdout)[0]["verdict"] == "called"
    again = run("resolve", row["id"], "--not-called")
    assert again.exit_code == 1
    assert "resolved already" in again.stderr


def test_what_is_no_id_is_said_to_be_none(cli: Database) -> None:
    assert isinstance(run("resolve", "seven", "--called").exception, Invalid)

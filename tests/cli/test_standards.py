"""`callcenter standards`: the figures in both languages, and a closed day counted anew."""

import json
from datetime import timedelta

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter.cli.standards import register
from callcenter.db import Database
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.jobs import close_all
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import calls, centre

app = typer.Typer()
register(app)


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment's database is the test's, with one answered call."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    with database.transaction() as session:
        centre.centre(session)
        calls.queued(session, centre.line(session), NOON, "answered", 10)
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["standards", *arguments])


DAY = ("--day", "2026-11-21", "--line", "hotline")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ("接通率", "暂无数据", "收到 1 通，计入 1 通：一致")),
        ("en", ("Connection rate", "no data", "they agree")),
    ],
)
def test_every_figure_is_printed_in_both_languages(
    cli: Database, language: str, said: tuple[str, ...]
) -> None:
    printed = run(*DAY, "--language", language).stdout
    assert all(words in printed for words in said)
    assert "100.0%  1 / 1" in printed


def test_figures_for_scripts(cli: Database) -> None:
    found = {
        each["id"]: each
        for each in json.loads(run("--period", "month", "--day", "2026-11-01", "--json").stdout)
    }
    assert found.keys() == FORMULAS.keys()
    assert found["speed_of_answer.mean"]["value"] == 10


def test_a_closed_day_is_counted_anew_only_when_asked(cli: Database) -> None:
    assert run("recompute", "2026-11-21", "--reason", "early").exit_code == 1
    close_all(cli, NOON + timedelta(days=1))
    with cli.transaction() as session:
        session.execute(calls.Call.__table__.update().values(outcome="callback"))
    assert "100.0%  1 / 1" in run(*DAY).stdout
    told = run("recompute", "2026-11-21", "--line", "hotline", "--reason", "a promise came late").stdout
    assert "version 2" in told
    assert '"figure": "connection_rate"' in told
    assert "0.0%  0 / 1" in run(*DAY).stdout


@pytest.mark.parametrize(
    "wrong", [("--line", "x"), ("--agent", "x"), ("--period", "year"), ("--day", "today")]
)
def test_what_means_nothing_is_refused(cli: Database, wrong: tuple[str, str]) -> None:
    assert run(*wrong).exit_code == 1

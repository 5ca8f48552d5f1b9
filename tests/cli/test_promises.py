"""`callcenter promises` and `callcenter callbacks`: what is due next, why, how it was kept."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter import clock
from callcenter.callbacks.actions import book_callback, cancel_callback, keep_callback
from callcenter.cli.promises import OURS, register
from callcenter.db import Database
from callcenter.promises.models import Promise
from callcenter.tickets.actions import close_ticket, open_ticket, promise_about
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import centre

app = typer.Typer()
register(app)


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The environment's database is the test's: three callbacks and a ticket, an hour ago."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setattr(clock, "system", lambda: NOON + timedelta(hours=1, minutes=30))
    with database.transaction() as session:
        centre.centre(session)
        line, skill = centre.line(session), centre.skill(session)
        _, met, gone = (
            book_callback(
                session, number=f"+861380013800{each}", line_id=line.id, skill_id=skill, language="zh-CN",
                at=NOON, actor="agent:wang",
            )
            for each in range(3)
        )  # fmt: skip
        keep_callback(session, met, NOON + timedelta(minutes=30))
        cancel_callback(session, gone.id, NOON + timedelta(minutes=5), "agent:wang", "solved")
        ticket = open_ticket(
            session, kind="technical", channel="phone", line_id=line.id, call_id=None, customer_id=None,
            language=None, at=NOON, actor="agent:wang", owner_agent_id=centre.agent(session).id,
        )  # fmt: skip
        promise_about(session, ticket.number, "HL-10", NOON, "agent:wang")
        close_ticket(session, ticket.number, NOON + timedelta(minutes=40), "agent:wang")
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_what_is_owed_is_printed_by_its_time(cli: Database) -> None:
    (line,) = run("promises", "--language", "en").stdout.splitlines()
    assert line.startswith("2026-11-21 13:00  HL-8   open")
    assert line.endswith("30 min late")
    assert "已超期 30 min" in run("promises", "--language", "zh").stdout
    assert [each["rule"] for each in json.loads(run("promises", "--json").stdout)] == ["HL-8"]
    assert run("promises", "--line", "x").exit_code == 1


def test_nothing_owed_is_said(cli: Database) -> None:
    with cli.transaction() as session:
        session.execute(sa.update(Promise).values(state="kept", settled_at=NOON))
    assert run("promises", "--language", "en").stdout == "nothing is owed\n"


@pytest.mark.parametrize(("language", "said"), [("en", "Broken 2026-11-21 12:40"), ("zh", "未能履行")])
def test_a_promise_explains_itself(cli: Database, language: str, said: str) -> None:
    with cli.reading() as session:
        broken = session.scalars(sa.select(Promise.id).where(Promise.rule == "HL-10")).one()
    assert said in run("promises", "explain", str(broken), "--language", language).stdout
    assert json.loads(run("promises", "explain", str(broken), "--json").stdout).keys() == {"zh-CN", "en-US"}
    for wrong in ("x", "0" * 32):
        assert run("promises", "explain", wrong).exit_code == 1


# Due: two callbacks (one kept, one owed past its time), HL-9 (kept), HL-10 (broken: the ticket was closed).
def test_how_they_were_kept_is_counted_with_what_is_behind(cli: Database) -> None:
    day = ("--day", "2026-11-21", "--line", "hotline")
    printed = run("promises", "report", *day, "--language", "en").stdout
    assert "50.0%  2 / 4  Promises kept in time (v1)  owed 1  broken 1" in printed
    assert "25.0%  1 / 4  Promises broken (v1)  ticket_closed 1" in printed
    assert "33.3%  1 / 3  Callbacks that met their customer, by state (v1)" in printed
    assert "承诺按时履行率" in run("promises", "report", *day, "--language", "zh").stdout
    found = json.loads(run("promises", "report", *day, "--json").stdout)
    assert [each["id"] for each in found] == [formula.id for formula in OURS]
    listed = json.loads(
        run("promises", "rows", "promises.broken", "--side", "numerator", *day, "--json").stdout
    )
    assert [(each["rule"], each["reason"]) for each in listed] == [("HL-10", "ticket_closed")]
    assert len(run("promises", "rows", "promises.kept_in_time", *day).stdout.splitlines()) == 4
    of_wang = json.loads(run("promises", "report", *day[:2], "--agent", "wang", "--json").stdout)
    counted = {each["id"]: each["denominator"] for each in of_wang}
    assert counted["promises.kept_in_time"] == 2, "the ticket's two are his; nobody was named for the calls"


@pytest.mark.parametrize("wrong", [("connection_rate",), ("promises.broken", "--side", "x")])
def test_a_list_is_of_a_figure_of_promises(cli: Database, wrong: tuple[str, ...]) -> None:
    assert run("promises", "rows", *wrong).exit_code == 1


def test_callbacks_by_state_and_those_due_next(cli: Database) -> None:
    counted, due = run("callbacks", "--language", "en").stdout.splitlines()
    assert counted == "booked 1  waiting 0  agent 0  kept 1  failed 0  cancelled 1"
    assert due.startswith("2026-11-21 13:00  30 min late  HL-8  booked  hotline  …8000")
    told = json.loads(run("callbacks", "--line", "hotline", "--json").stdout)
    assert told["states"] == {"booked": 1, "kept": 1, "cancelled": 1}
    assert [each["rule"] for each in told["due"]] == ["HL-8"]
    assert run("callbacks", "--language", "fr").exit_code == 1

"""`callcenter replay`: a call that was really led is played again, and what differs is shown."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import typer
from click.testing import Result
from typer.testing import CliRunner

from callcenter.calls.models import Call, CallEvent, CallWords
from callcenter.cli.replay import register
from callcenter.db import Database
from callcenter.errors import Missing
from callcenter.simulator import answers
from tests.journeys.conftest import Hotline, opened
from tests.xinghe import HOTLINE

app = typer.Typer()
register(app)
app.callback()(lambda: None)  # One command alone would have no name.


@pytest.fixture
def led(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hotline, str]]:
    """A caller who has talked with an agent, and the database of that in the environment."""
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    with opened(database) as hotline:
        wei = hotline.agent("zhang-wei")
        wei.will(answers(rings=1, presses="1", talks_for=5))
        caller = hotline.phone().dials(HOTLINE, presses=("1",))
        caller.talks_with(wei)
        hotline.settle(40)
        yield hotline, caller.sid


def replayed(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def test_a_call_says_again_what_it_said(led: tuple[Hotline, str]) -> None:
    hotline, sid = led
    (call,) = hotline.rows(Call, Call.sid == sid)
    by_sid, by_id = replayed(sid), replayed(str(call.id))
    assert (by_sid.exit_code, by_sid.stdout) == (0, by_id.stdout)
    *turns, told = by_sid.stdout.splitlines()
    assert told == f"{len(turns)} of {len(turns)} turns are as they were"
    assert {line.split()[1] for line in turns} == {"caller", "agent"}
    assert all(line.split()[4] == "equal" for line in turns)


def test_what_was_said_otherwise_is_shown_and_told_by_the_status(led: tuple[Hotline, str]) -> None:
    hotline, sid = led
    second = sa.select(CallEvent.id).where(CallEvent.leg_sid == sid, CallEvent.key == "2")
    with hotline.work.transaction() as session:
        session.execute(
            sa.update(CallWords).where(CallWords.event_id.in_(second)).values(document="<Response/>")
        )
    told, as_json = replayed(sid), replayed(sid, "--json")
    assert told.exit_code == as_json.exit_code == 1
    assert "  - <Response/>" in told.stdout and "  + <?xml" in told.stdout
    (odd,) = [row for row in json.loads(as_json.stdout) if row["verdict"] == "different"]
    assert (odd["leg"], odd["said"], odd["again"].count("<Response>")) == (sid, "<Response/>", 1)
    assert {row["said"] for row in json.loads(as_json.stdout) if row is not odd} >= {None}


def test_a_call_that_nobody_knows_is_named(led: tuple[Hotline, str]) -> None:
    unknown = replayed("CA" + "9" * 32)
    assert isinstance(unknown.exception, Missing)

"""The ledger cannot be altered silently: guards, a chain, and heads that were exported (reliability D2)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from callcenter.cli import make_app
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.ledger import queries
from callcenter.ledger.actions import seal, write
from callcenter.ledger.models import LedgerEntry, LedgerSeal
from callcenter.ledger.queries import faults, head
from callcenter.ledger.rules import Head
from callcenter.switchboard import sweeps
from tests.ledger.tampering import TAMPERINGS, without_guards

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def written(database: Database, count: int, at: datetime = NOW) -> None:
    with database.transaction() as session:
        for n in range(count):
            told = at + timedelta(seconds=n)
            write(
                session, f"agent:{n % 5}", "call.read", "call", f"call-{n}", told, {"n": n, "reason": "查询"}
            )


def found(database: Database, *heads: Head, at: datetime = NOW) -> list[str]:
    with database.reading() as session:
        return [fault.kind for fault in faults(session, heads, at)]


def test_what_was_written_is_sealed_once_and_in_order(database: Database) -> None:
    written(database, 3)
    with database.transaction() as session:
        assert seal(session, NOW) == 3
    written(database, 2, NOW + timedelta(minutes=1))
    with database.transaction() as session:
        assert seal(session, NOW) == 2
        assert seal(session, NOW) == 0
        assert head(session).sequence == 5
    assert found(database) == []


def test_of_two_who_seal_at_once_one_fails_whole(database: Database) -> None:
    written(database, 3)
    with database.reading() as session:
        stale = head(session)
    with database.transaction() as session:
        seal(session, NOW)
    written(database, 1, NOW + timedelta(seconds=30))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("callcenter.ledger.actions.head", lambda _: stale)
        with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
            seal(session, NOW)
    with database.transaction() as session:
        seal(session, NOW)
    assert found(database) == []


CHANGES = (
    "UPDATE ledger SET actor = 'x'",
    "DELETE FROM ledger",
    "UPDATE ledger_seals SET digest = 'x'",
    "DELETE FROM ledger_seals",
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_guards_let_nobody_change_it(database: Database, change: str) -> None:
    written(database, 2)
    with database.transaction() as session:
        seal(session, NOW)
    with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), database.transaction() as session:
        session.execute(sa.text(change))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whoever_gets_past_them_is_found(database: Database, name: str) -> None:
    written(database, 12)
    with database.transaction() as session:
        seal(session, NOW)
        exported = head(session)
    with database.transaction() as session:
        without_guards(session)
        TAMPERINGS[name](session, Random(7))
    assert found(database, exported) != []


def test_an_entry_that_was_never_sealed_is_told(database: Database) -> None:
    written(database, 1)
    assert found(database) == []
    assert found(database, at=NOW + timedelta(minutes=6)) == ["unsealed"]


def test_the_clock_seals_and_the_head_goes_into_the_log(work: Work) -> None:
    with work.transaction() as session:
        write(session, "agent:wang", "call.read", "call", "1", work.at())
        write(session, "agent:wang", "call.read", "call", "2", work.at() - timedelta(days=2))
    sweeps.ledger_seals(work)
    with work.db.reading() as session:
        assert head(session).sequence == 1
    sweeps.ledger_head(work)
    with work.db.reading() as session:
        assert head(session).sequence == 2


def test_the_command_line_tells_and_exits(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    written(database, 4)
    runner = CliRunner()
    kept = runner.invoke(make_app(), ["audit", "heads"])
    assert json.loads(kept.stdout)["sequence"] == 4
    assert runner.invoke(make_app(), ["audit", "verify"]).exit_code == 0
    with database.transaction() as session:
        without_guards(session)
        TAMPERINGS["the whole chain made anew"](session, Random(1))
    assert runner.invoke(make_app(), ["audit", "verify"]).exit_code == 0, "it fits together again"
    file = tmp_path / "heads"
    file.write_text(kept.stdout)
    told = runner.invoke(make_app(), ["audit", "verify", "--heads", str(file), "--json"])
    assert told.exit_code == 1
    assert [fault["kind"] for fault in json.loads(told.stdout)["faults"]] == ["rewritten"]


def test_a_chain_longer_than_one_reading_holds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "AT_ONCE", 5)
    written(database, 13)
    with database.transaction() as session:
        seal(session, NOW)
    assert found(database) == []
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(LedgerSeal)) == 13
        assert session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) == 13

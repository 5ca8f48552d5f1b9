"""Readiness: ready while a caller can be answered, with the names of the parts that are away."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from rq import Worker

from callcenter import bell, health, migrate, schema
from callcenter.db import Database
from callcenter.health import readiness
from callcenter.jobs import Work
from callcenter.leases import take_lease
from callcenter.settings import Settings, load_settings
from callcenter.spool import UNUSABLE
from tests.doubles import SettableTime


@pytest.fixture(autouse=True)
def nobody_was_asked() -> Iterator[None]:
    """Each test asks anew."""
    health._asked.clear()
    yield
    health._asked.clear()


@pytest.fixture
def worker(redis_url: str) -> Iterator[Worker]:
    """A worker that has said that it is there."""
    listening = Worker([bell.QUEUE], connection=bell.connect(redis_url))
    listening.register_birth()
    yield listening
    listening.register_death()


@pytest.fixture
def settings(redis_url: str, worker: Worker) -> Settings:
    return load_settings(
        {
            "REDIS_URL": redis_url,
            "TWILIO_AUTH_TOKEN": "token",
            "SECRET_KEY": "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh",
        }
    )


@pytest.fixture
def whole(work: Work) -> Work:
    """A work with all its parts: the clock has just renewed its lease."""
    with work.transaction() as session:
        take_lease(session, name="clock", owner="a", seconds=5, at=work.at())
    return work


def test_with_everything_there_nothing_is_degraded(whole: Work, settings: Settings) -> None:
    assert readiness(whole, settings) == (200, [])


def test_without_redis_calls_are_still_answered(whole: Work, settings: Settings) -> None:
    gone = settings.model_copy(update={"redis_url": "unix:///nowhere.sock"})
    assert readiness(whole, gone) == (200, ["redis", "worker"])


# A worker that is missing is easily overlooked: jobs are handed over, and no phone rings.
def test_a_missing_worker_is_told(whole: Work, settings: Settings, worker: Worker) -> None:
    worker.register_death()
    assert readiness(whole, settings) == (200, ["worker"])
    worker.register_birth()


def test_a_clock_that_has_stopped_is_told(whole: Work, settings: Settings, time: SettableTime) -> None:
    time.moves(seconds=14)
    assert readiness(whole, settings) == (200, [])
    time.moves(seconds=2)
    assert readiness(whole, settings) == (200, ["clock"])


# A message that no database takes waits for a person: nobody would look into the folder otherwise.
def test_a_message_that_could_not_be_used_is_told(whole: Work, settings: Settings, tmp_path: Path) -> None:
    there = settings.model_copy(update={"spool_dir": tmp_path})
    assert readiness(whole, there) == (200, [])
    (tmp_path / UNUSABLE).mkdir()
    (tmp_path / UNUSABLE / "message-1.json").write_text("no JSON")
    assert readiness(whole, there) == (200, ["spool"])


def test_without_a_database_the_apology_still_answers(whole: Work, settings: Settings) -> None:
    nowhere = replace(whole, db=Database("sqlite:////nowhere/at/all.sqlite"))
    assert readiness(nowhere, settings) == (200, ["database", "schema", "clock"])


def test_an_old_schema_is_told(whole: Work, settings: Settings) -> None:
    with whole.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert readiness(whole, settings) == (200, ["schema"])
    finally:
        with whole.db.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE alembic_version SET version_num = :head"), {"head": schema.head()}
            )


@pytest.mark.parametrize("missing", ["twilio_auth_token", "secret_key"])
def test_without_its_secrets_a_process_is_not_ready(whole: Work, settings: Settings, missing: str) -> None:
    assert readiness(whole, settings.model_copy(update={missing: None})) == (503, ["settings"])


def test_a_part_that_hangs_is_away_and_asked_once(
    whole: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)
    hanging: Future[bool] = Future()
    health._asked["database"] = hanging
    assert readiness(whole, settings)[1][0] == "database"
    assert health._asked["database"] is hanging
    hanging.set_result(True)
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 5)
    assert readiness(whole, settings) == (200, [])


def test_a_database_that_was_never_migrated_has_no_revision(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    database = Database(url)
    assert schema.current(database.engine) is None
    migrate.upgrade(url)
    assert schema.current(database.engine) == schema.head()
    database.dispose()

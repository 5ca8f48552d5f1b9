"""Jobs leave after the commit, once, and vanish with a rollback."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from callcenter import jobs
from callcenter.jobs import NoDoorbell, Work, later, perform
from callcenter.leases import Lease
from tests.doubles import RememberingBell, SettableTime

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_job_leaves_after_the_commit(work: Work, bell: RememberingBell) -> None:
    with work.transaction() as session:
        later(session, "greet", 7)
        assert bell.rung == []
    assert bell.rung == [("greet", "7")]


def test_a_job_that_is_asked_for_twice_is_rung_once(work: Work, bell: RememberingBell) -> None:
    with work.transaction() as session:
        later(session, "greet", 7)
        later(session, "greet", "7")
        later(session, "greet", 8)
    assert bell.rung == [("greet", "7"), ("greet", "8")]


def test_a_job_vanishes_with_the_rollback(work: Work, bell: RememberingBell) -> None:
    with pytest.raises(RuntimeError), work.transaction() as session:
        later(session, "greet", 7)
        raise RuntimeError
    assert bell.rung == []


# SQLAlchemy's after_commit event also fires when a SAVEPOINT is released (architecture, decision 2).
def test_a_savepoint_releases_no_job(work: Work, bell: RememberingBell) -> None:
    with pytest.raises(RuntimeError), work.transaction() as session:
        with session.begin_nested():
            later(session, "greet", 7)
        raise RuntimeError
    assert bell.rung == []


def test_a_dead_doorbell_does_not_harm_the_transaction(work: Work, bell: RememberingBell) -> None:
    bell.dead = True
    with work.transaction() as session:
        session.add(Lease(name="clock", owner="a", until=NOON))
        later(session, "greet", 7)
    with work.db.reading() as session:
        assert session.scalars(sa.select(Lease.name)).all() == ["clock"]


def test_no_doorbell_says_that_nobody_was_woken() -> None:
    assert NoDoorbell().ring("greet", "7") is False


def test_a_job_is_performed_by_its_name(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setitem(jobs._JOBS, "greet", lambda work, subject_id: seen.append((work, subject_id)))
    perform(work, "greet", "7")
    assert seen == [(work, "7")]


def test_work_tells_its_own_time(work: Work, time: SettableTime) -> None:
    assert work.at() == time.at
    assert time.moves(minutes=5) == work.at()

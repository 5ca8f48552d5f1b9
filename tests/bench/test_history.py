"""An invented year that could have happened: its checker is itself tested by spoiling what it checks."""

from datetime import date
from random import Random

import pytest
import sqlalchemy as sa

from callcenter import migrate
from callcenter.calls.models import Call, CallWords
from callcenter.db import Database
from callcenter.errors import Conflict
from tests.bench.history import stories, year
from tests.bench.history.checking import CHECKS, complaints
from tests.bench.history.filling import Size, fill

SMALL = Size(calls=150, days=10, words_days=8, until=date(2026, 11, 21))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> stories.Recorded:
    """A story of a kind, played once."""
    return stories.record(tmp_path_factory.mktemp("stories"), stories.few())


@pytest.fixture(scope="module")
def history(recorded: stories.Recorded, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A small history on SQLite."""
    url = f"sqlite:///{tmp_path_factory.mktemp('history') / 'calls.sqlite'}"
    migrate.upgrade(url)
    fill(url, SMALL, recorded)
    return Database(url)


def test_nothing_is_wrong_with_a_history(database: Database, recorded: stories.Recorded) -> None:
    written = fill(database.url, SMALL, recorded)
    assert complaints(database, sample=10) == []
    assert 140 <= written["calls"] <= 160
    with database.reading() as session:
        outcomes = set(session.scalars(sa.select(Call.outcome)))
        words = session.scalar(sa.select(sa.func.count(CallWords.event_id)))
    assert outcomes == {"answered", "abandoned_in_queue", "callback", "closed"}
    assert words is not None
    assert 0 < words < written["call_events"], "words are kept for the last days only"


def test_a_seed_gives_one_history_on_both_databases(
    database: Database, history: Database, recorded: stories.Recorded
) -> None:
    fill(database.url, SMALL, recorded)
    columns = (Call.sid, Call.started_at, Call.ended_at, Call.day, Call.outcome, Call.from_number)
    told = []
    for each in (database, history):
        with each.reading() as session:
            told.append([tuple(row) for row in session.execute(sa.select(*columns).order_by(Call.sid))])
    assert told[0] == told[1]


# "Not dangerous on a real centre."
def test_a_centre_with_calls_is_refused(history: Database, recorded: stories.Recorded) -> None:
    with pytest.raises(Conflict, match="calls in this database"):
        fill(history.url, SMALL, recorded)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ("UPDATE calls SET outcome = 'open' WHERE outcome = 'answered'", "open calls"),
        ("UPDATE legs SET state = 'ringing'", "legs that are not over"),
        ("UPDATE calls SET joined_at = NULL", "its facts say"),
        ("UPDATE calls SET day = '2020-01-01'", "belongs to another day"),
        ("DELETE FROM call_events WHERE kind = 'arrived'", "were counted"),
        ("UPDATE ticket_counters SET last = last + 1", "numbers were given out"),
        ("UPDATE promises SET due_at = settled_at", "the calendar says"),
        ("UPDATE promises SET state = CASE state WHEN 'kept' THEN 'late' ELSE 'kept' END", "is late"),
        ("UPDATE ring_measures SET ring_seconds = ring_seconds + 5", "the product measures"),
        ("DELETE FROM ring_measures", "without a measure"),
        (
            "UPDATE offers SET agent_id = (SELECT id FROM agents LIMIT 1), ended_at = '2027-01-01'",
            "another one",
        ),
        ("UPDATE attempts SET purpose_id = id", "about a offer that is not there"),
        ("UPDATE tickets SET closed_at = '2020-01-01'", "closed_at before created_at"),
        ("UPDATE attempts SET sid = 'CA' || substr(id, 1, 32)", "was placed as"),
    ],
)
def test_what_could_not_have_happened_is_found(history: Database, spoil: str, complaint: str) -> None:
    with history.transaction() as session:
        session.execute(sa.text(spoil))
        found = [wrong for wrong in complaints_in(session) if complaint in wrong]
        session.rollback()
    assert found


def complaints_in(session: sa.orm.Session) -> list[str]:
    """What the checker says inside a transaction that will not be kept."""
    return [wrong for check in CHECKS for wrong in check(session, 10, Random(1))]


def test_a_year_has_as_many_calls_as_asked_in_order() -> None:
    times = list(year.arrivals(Random(3), date(2026, 11, 20), 7, 1000, "Asia/Shanghai"))
    assert len(times) == 1000
    assert times == sorted(times)


# HL-9: three working hours; a lunch break and a night do not count.
@pytest.mark.parametrize(("made", "due"), [(9, 12), (10, 34), (11, 35), (13, 36), (35, 59)])
def test_working_time_skips_what_is_closed(made: int, due: int) -> None:
    hours = year.Opening(
        [9 * year.HOUR, 33 * year.HOUR, 57 * year.HOUR], [12 * year.HOUR, 36 * year.HOUR, 60 * year.HOUR]
    )
    assert hours.later(made * year.HOUR, 3 * year.HOUR) == due * year.HOUR

"""Measuring offers from what the carrier has stamped so far."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.db import Database
from callcenter.dialing.models import Attempt
from callcenter.jobs import Work
from callcenter.standards.actions import measure_offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.queries import unmeasured_offers
from callcenter.switchboard import jobs, sweeps  # noqa: F401  Importing jobs names them.
from tests.doubles import SATURDAY_NOON as NOON
from tests.doubles import RememberingBell, SettableTime
from tests.factories import added, centre
from tests.factories.calls import call, leg
from tests.factories.offers import offer, wait

# In Shanghai this call begins before midnight and its agent's leg after it.
BEFORE_MIDNIGHT = NOON.replace(hour=15, minute=59, second=50)


def measures(session: Session) -> list[RingMeasure]:
    return list(session.scalars(sa.select(RingMeasure)))


def an_offer(session: Session, stamps: dict[str, Any] | None, **other: Any) -> Any:
    line = centre.line(session, cadence_country=other.pop("country", "CN"))
    caller = call(session, line, BEFORE_MIDNIGHT)
    at = BEFORE_MIDNIGHT + timedelta(seconds=15)
    ringing = leg(session, at, **stamps) if stamps is not None else None
    return offer(session, wait(session, caller, at), centre.agent(session), at, ringing, **other)


def test_an_accepted_offer_is_measured_with_its_profile(database: Database) -> None:
    with database.transaction() as session:
        made = an_offer(
            session, {"ringing": 2, "answered": 13}, state="accepted", accepted_at=NOON, country="US"
        )
        measure_offer(session, made.id, NOON)
        (measure,) = measures(session)
    assert (measure.ring_seconds, measure.rings, measure.within, measure.judged) == (11, 2, True, True)
    assert (measure.profile, measure.profile_version, measure.cycle_seconds, measure.limit_rings) == (
        "US",
        1,
        6,
        3,
    )
    assert measure.call_id == made.call_id


def test_a_leg_belongs_to_the_day_on_which_its_call_began(database: Database) -> None:
    """ "A call and its legs belong to the day on which the call started, in the line's zone." """
    with database.transaction() as session:
        made = an_offer(session, {"ringing": 2, "ended": 27}, state="missed")
        measure_offer(session, made.id, NOON)
        (measure,) = measures(session)
    assert measure.day == date(2026, 11, 21)


def test_an_offer_without_a_call_belongs_to_its_own_day_on_the_line(database: Database) -> None:
    with database.transaction() as session:
        made = an_offer(session, {"ringing": 2, "ended": 27}, state="missed")
        made.call_id = None
        session.flush()
        measure_offer(session, made.id, NOON)
        (measure,) = measures(session)
    assert measure.day == date(2026, 11, 22)


def test_an_offer_that_still_rings_is_not_measured(database: Database) -> None:
    with database.transaction() as session:
        made = an_offer(session, {"ringing": 2})
        assert measure_offer(session, made.id, NOON) is None
        assert measure_offer(session, ids.new(), NOON) is None
        assert measures(session) == []


def test_measuring_again_changes_nothing_until_a_stamp_arrives(database: Database) -> None:
    """Status callbacks may come in any order: the pick-up first, `ringing` minutes later."""
    with database.transaction() as session:
        made = an_offer(session, {"initiated": 0, "answered": 14}, state="accepted", accepted_at=NOON)
        first = measure_offer(session, made.id, NOON)
        assert measure_offer(session, made.id, NOON) == first
        (before,) = measures(session)
        assert (before.source, before.judged, before.ring_seconds) == ("estimated", False, 14)
        session.execute(sa.text("UPDATE legs SET ringing_at = initiated_at"))
        session.expire_all()
        measure_offer(session, made.id, NOON)
        session.expire_all()
        (after,) = measures(session)
        assert after.id == before.id
        assert (after.source, after.judged, after.rings) == ("measured", True, 3)


def test_a_leg_whose_ringing_never_came_is_found_by_its_attempt(database: Database) -> None:
    with database.transaction() as session:
        made = an_offer(session, None, state="missed")
        attempt = Attempt(
            purpose_kind="offer", purpose_id=made.id, target="agent:x", to_address="+8619900000101",
            from_number="+862155550100", timeout_seconds=30, state="settled", created_at=NOON, bell_at=NOON,
        )  # fmt: skip
        added(session, attempt)
        leg(session, NOON, initiated=0, ended=30, attempt_id=attempt.id, state="no-answer")
        facts = measure_offer(session, made.id, NOON)
    assert facts is not None
    assert (facts.verdict, facts.source, facts.judged, facts.seconds) == ("rung_out", "estimated", False, 30)


def test_an_offer_whose_call_was_never_placed_failed(database: Database) -> None:
    with database.transaction() as session:
        made = an_offer(session, None, state="failed")
        facts = measure_offer(session, made.id, NOON)
    assert facts is not None
    assert (facts.verdict, facts.source, facts.judged) == ("failed", "none", False)


# Architecture 3: "Everything due has its due time in the database; Redis may be flushed at any moment".
@pytest.mark.parametrize(
    ("state", "ended_ago", "accepted_ago", "due"),
    [
        ("ringing", None, None, False),
        ("accepted", None, 6, True),
        ("joined", None, 600, True),
        ("accepted", None, 4, False),
        ("ended", 4, 600, True),
        *((state, 6, None, True) for state in ("missed", "declined", "withdrawn", "failed")),
        ("missed", 4, None, False),
        ("missed", 3 * 3600, None, True),
        ("missed", 30 * 3600, None, False),
    ],
)
def test_an_offer_whose_bell_was_lost_is_found(
    database: Database, state: str, ended_ago: float | None, accepted_ago: float | None, *, due: bool
) -> None:
    """Its own bell has five seconds; what was lost a day ago is history."""
    ended, accepted = (ago and NOON - timedelta(seconds=ago) for ago in (ended_ago, accepted_ago))
    rang = min(filter(None, (ended, accepted)), default=NOON)
    with database.transaction() as session:
        made = an_offer(session, {"ringing": 2}, state=state, ended_at=ended, accepted_at=accepted)
        made.made_at, made.ring_until = rang - timedelta(seconds=15), rang
        session.flush()
        assert unmeasured_offers(session, NOON) == ([made.id] if due else [])
        measure_offer(session, made.id, NOON)
        assert unmeasured_offers(session, NOON) == []


def test_the_clock_rings_for_it_again(work: Work, bell: RememberingBell, time: SettableTime) -> None:
    with work.transaction() as session:
        made = an_offer(session, {"ringing": 2, "ended": 27}, state="missed", ended_at=work.at())
        made.ring_until = work.at() + timedelta(seconds=30)
    bell.rung.clear()
    for seconds in (4, 2):
        time.moves(seconds=seconds)
        sweeps.unmeasured_offers(work)
    assert bell.rung == [("measure_offer", str(made.id))]
    bell.drain(work)
    sweeps.unmeasured_offers(work)
    assert bell.rung == []
    with work.db.reading() as session:
        assert [measure.verdict for measure in measures(session)] == ["rung_out"]

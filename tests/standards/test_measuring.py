"""Measuring offers from what the carrier has stamped so far."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.db import Database
from callcenter.dialing.models import Attempt
from callcenter.standards.actions import measure_offer
from callcenter.standards.models import RingMeasure
from tests.doubles import SATURDAY_NOON as NOON
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

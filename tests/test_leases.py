"""A lease is taken over when its holder is gone, whatever became of the clock meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.db import Database
from callcenter.leases import take_lease

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def take(database: Database, owner: str, at: datetime) -> bool:
    """Ask for a lease of five seconds."""
    with database.transaction() as session:
        return take_lease(session, name="clock", owner=owner, seconds=5, at=at)


# Architecture 3: "the clock process sweeps (queue and ring work every second ...)". The leader died, and the
# machine's clock was set back by an hour: the row it left behind must not stop all sweeps for that hour.
def test_a_clock_that_was_set_back_holds_nobody_up(database: Database) -> None:
    assert take(database, "a", NOON)
    assert take(database, "b", NOON - timedelta(hours=1))
    assert not take(database, "a", NOON - timedelta(hours=1)), "the new holder has it now"


@pytest.mark.parametrize(("seconds", "taken"), [(0, False), (-1, True), (5, False), (6, True)])
def test_a_lease_is_held_for_its_own_length_and_no_longer(
    database: Database, seconds: int, taken: bool
) -> None:
    assert take(database, "a", NOON)
    assert take(database, "b", NOON + timedelta(seconds=seconds)) is taken

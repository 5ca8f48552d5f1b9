"""Idempotency-Keys are remembered for a week."""

from datetime import UTC, datetime, timedelta

from callcenter.access.actions import KEY_LIFE, claim_key
from callcenter.access.models import IdempotencyKey
from callcenter.jobs import Work
from callcenter.switchboard.sweeps import old_keys
from tests.doubles import SettableTime

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_a_key_is_forgotten_after_a_week_and_not_before(work: Work, time: SettableTime) -> None:
    time.at = NOW
    with work.transaction() as session:
        assert claim_key(session, "old", "digest", NOW - KEY_LIFE - timedelta(seconds=1)) is None
        assert claim_key(session, "young", "digest", NOW - KEY_LIFE + timedelta(seconds=1)) is None
    old_keys(work)
    with work.db.reading() as session:
        assert session.get(IdempotencyKey, "old") is None
        assert session.get(IdempotencyKey, "young") is not None

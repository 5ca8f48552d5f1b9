"""One mechanism behind every time limit: open, kept, late, broken, cancelled."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.jobs import Work
from callcenter.promises.actions import keep_promise, mark_late, promise, settle_promises
from callcenter.promises.models import Promise
from tests.doubles import SettableTime
from tests.waiting import until_somebody_is_locked_out

GRACE = timedelta(minutes=10)


@pytest.fixture
def owed(work: Work) -> UUID:
    """A callback that is due in an hour."""
    subject = ids.new()
    with work.transaction() as session:
        promise(
            session, rule="HL-8", subject_kind="callback", subject_id=subject, grace=GRACE,
            due_at=work.at() + timedelta(hours=1), why={"rule": "HL-8"}, at=work.at(),
        )  # fmt: skip
    return subject


def state(work: Work) -> str:
    """The promise's state."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Promise.state)).one()


# numbers.md: "promises whose window [due, due + grace, default 10 min] saw the attempt".
@pytest.mark.parametrize(("minutes", "expected"), [(0, "kept"), (60, "kept"), (70, "kept"), (70.1, "late")])
def test_kept_up_to_its_grace(
    work: Work, owed: UUID, time: SettableTime, minutes: float, expected: str
) -> None:
    time.moves(minutes=minutes)
    with work.transaction() as session:
        keep_promise(session, "HL-8", "callback", owed, work.at())
    assert state(work) == expected


def test_a_late_one_is_still_owed_and_may_be_broken(work: Work, owed: UUID, time: SettableTime) -> None:
    time.moves(minutes=71)
    with work.transaction() as session:
        assert mark_late(session, work.at()) == 1
    with work.transaction() as session:
        assert mark_late(session, work.at()) == 0, "marked once"
    assert state(work) == "late"
    with work.transaction() as session:
        settle_promises(session, "callback", owed, "broken", work.at())
    assert state(work) == "broken"


def test_what_is_settled_stays_settled(work: Work, owed: UUID, time: SettableTime) -> None:
    with work.transaction() as session:
        keep_promise(session, "HL-8", "callback", owed, work.at())
    time.moves(hours=3)
    with work.transaction() as session:
        mark_late(session, work.at())
        settle_promises(session, "callback", owed, "broken", work.at())
        keep_promise(session, "HL-8", "callback", owed, work.at())
    assert state(work) == "kept"


# The sweep has read that it is owed; then it is cancelled, kept or promised anew, before the sweep writes. On
# SQLite a writer is alone.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("settled", ["cancelled", "kept", "late", "open"])
def test_marking_late_overwrites_nothing(work: Work, owed: UUID, time: SettableTime, settled: str) -> None:
    marked: list[int] = []

    def sweeps() -> None:
        with work.transaction() as session:
            marked.append(mark_late(session, work.at()))

    time.moves(minutes=71)
    sweep = threading.Thread(target=sweeps)
    with work.transaction() as session:
        _settle(session, owed, settled, work.at())
        session.flush()
        session.scalar(sa.select(1))  # What returns nothing travels with the next question (decision 0030).
        sweep.start()
        until_somebody_is_locked_out(work.db)
    sweep.join(20)
    with work.db.reading() as session:
        row = session.scalars(sa.select(Promise)).one()
    assert (row.state, row.settled_at is None, marked) == (settled, settled == "open", [0])


def _settle(session: Session, owed: UUID, state: str, at: datetime) -> None:
    """Let a promise come to this state now."""
    if state == "cancelled":
        settle_promises(session, "callback", owed, state, at)
    elif state == "open":
        due = at + timedelta(hours=5)
        promise(session, rule="HL-8", subject_kind="callback", subject_id=owed, due_at=due, why={}, at=at)
    else:
        began = at if state == "late" else at - timedelta(minutes=11)
        keep_promise(session, "HL-8", "callback", owed, began)


def test_promising_again_moves_the_time(work: Work, owed: UUID, time: SettableTime) -> None:
    later = work.at() + timedelta(hours=5)
    with work.transaction() as session:
        promise(
            session, rule="HL-8", subject_kind="callback", subject_id=owed, due_at=later, why={}, at=work.at()
        )
    with work.db.reading() as session:
        row = session.scalars(sa.select(Promise)).one()
    assert (row.due_at, row.state) == (later, "open")


def test_who_ended_it_and_why_is_kept(work: Work, owed: UUID) -> None:
    with work.transaction() as session:
        settle_promises(
            session, "callback", owed, "cancelled", work.at(), by="agent:wang", reason="solved meanwhile"
        )
    with work.db.reading() as session:
        row = session.scalars(sa.select(Promise)).one()
    assert (row.state, row.settled_by, row.reason, row.next_alert_at) == (
        "cancelled", "agent:wang", "solved meanwhile", None,
    )  # fmt: skip

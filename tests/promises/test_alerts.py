"""Warned before the limit; after it owner, duty manager, supervisor: each once, whatever fails."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.jobs import Work
from callcenter.notices.models import Notice
from callcenter.promises import actions
from callcenter.promises.actions import keep_promise, move_promise, promise, see_alert, tell
from callcenter.promises.models import Promise, PromiseAlert, PromiseMove
from callcenter.promises.queries import promise_by_id
from callcenter.staff.models import Agent
from callcenter.switchboard.sweeps import late_promises, promise_alerts
from tests.doubles import SettableTime
from tests.factories import centre
from tests.waiting import until_somebody_is_locked_out

ALL = ["warning", "owner", "duty_manager", "supervisor"]


@pytest.fixture
def wang(work: Work) -> Agent:
    with work.transaction() as session:
        centre.centre(session)
        return centre.agent(session)


@pytest.fixture
def owed(work: Work, wang: Agent) -> UUID:
    """Something that wang owes in an hour; the usual numbers are 15 minutes before, 15 and 60 after."""
    with work.transaction() as session:
        return promise(
            session, rule="HL-10", subject_kind="request", subject_id=ids.new(), owner_agent_id=wang.id,
            due_at=work.at() + timedelta(hours=1), why={"basis": "working", "minutes": 60}, at=work.at(),
        )  # fmt: skip


def alerts(work: Work) -> list[PromiseAlert]:
    with work.db.reading() as session:
        return list(session.scalars(sa.select(PromiseAlert).order_by(PromiseAlert.at, PromiseAlert.id)))


def steps(work: Work) -> list[str]:
    return sorted((alert.step for alert in alerts(work)), key=ALL.index)


# TK-3 "+ breaches escalate": one step after the other, at its time.
@pytest.mark.parametrize(
    ("minutes", "told"),
    [(44.9, 0), (45, 1), (59, 1), (60, 1), (60.1, 2), (75, 2), (75.1, 3), (120, 3), (120.1, 4), (900, 4)],
)
def test_who_is_told_when(work: Work, owed: UUID, time: SettableTime, minutes: float, told: int) -> None:
    began = work.at()
    for at in sorted({45.0, 61.0, 76.0, minutes}):
        if at <= minutes:
            time.at = began + timedelta(minutes=at)
            for _ in range(3):
                promise_alerts(work)
    assert steps(work) == ALL[:told]


def test_the_owner_is_named_and_everybody_can_read_it(
    work: Work, wang: Agent, owed: UUID, time: SettableTime
) -> None:
    for minutes in (45, 16, 15, 60):
        time.moves(minutes=minutes)
        promise_alerts(work)
    assert [alert.agent_id for alert in alerts(work)] == [wang.id, wang.id, None, None]
    with work.db.reading() as session:
        hints = session.scalars(sa.select(Notice.subject_id).where(Notice.type == "alert"))
        assert sorted(hints) == sorted(str(alert.id) for alert in alerts(work))
        assert session.scalars(sa.select(Promise.next_alert_at)).one() is None, "nothing is left to be told"


def test_a_warning_that_comes_too_late_is_not_given(work: Work, owed: UUID, time: SettableTime) -> None:
    time.moves(hours=9)
    promise_alerts(work)
    assert steps(work) == ALL[1:]


def test_what_is_kept_is_told_to_nobody(work: Work, owed: UUID, time: SettableTime) -> None:
    with work.transaction() as session:
        subject = session.scalars(sa.select(Promise.subject_id)).one()
        keep_promise(session, "HL-10", "request", subject, work.at(), "agent:wang")
    time.moves(hours=9)
    promise_alerts(work)
    assert steps(work) == []


def test_a_moved_one_is_told_anew_for_its_new_time(work: Work, owed: UUID, time: SettableTime) -> None:
    time.moves(minutes=61)
    promise_alerts(work)
    due = work.at() + timedelta(hours=2)
    with work.transaction() as session:
        row = promise_by_id(session, owed, lock=True)
        assert row is not None
        before = row.due_at
        move_promise(session, row, due, work.at(), by="agent:wang", why={}, consent=True, reason="asked")
    promise_alerts(work)
    assert steps(work) == ["owner"]
    time.at = due
    promise_alerts(work)
    time.moves(seconds=1)
    promise_alerts(work)
    assert [(alert.step, alert.due_at) for alert in alerts(work)] == [("owner", before), ("owner", due)]
    with work.db.reading() as session:
        moved = session.scalars(sa.select(PromiseMove)).one()
    assert (moved.from_due_at, moved.to_due_at, moved.consent, moved.reason) == (before, due, True, "asked")


def test_who_has_seen_it_first_stays(work: Work, owed: UUID, time: SettableTime) -> None:
    time.moves(minutes=45)
    promise_alerts(work)
    (alert,) = alerts(work)
    for who in ("agent:wang", "agent:li"):
        with work.transaction() as session:
            see_alert(session, alert.id, work.at(), who)
    assert alerts(work)[0].seen_by == "agent:wang"


# An older release promises, and settles, without knowing of alerts.
def test_what_an_older_release_promised_is_told_of_when_it_is_late(
    work: Work, owed: UUID, time: SettableTime
) -> None:
    with work.transaction() as session:
        session.execute(sa.update(Promise).values(next_alert_at=None))
    time.moves(minutes=61)
    promise_alerts(work)
    assert steps(work) == []
    late_promises(work)
    promise_alerts(work)
    assert steps(work) == ["owner"]


def test_what_an_older_release_settled_is_looked_at_once_more(
    work: Work, owed: UUID, time: SettableTime
) -> None:
    with work.transaction() as session:
        session.execute(sa.update(Promise).values(state="kept", settled_at=work.at()))
    time.moves(hours=9)
    promise_alerts(work)
    with work.db.reading() as session:
        assert session.scalars(sa.select(Promise.next_alert_at)).one() is None
    assert steps(work) == []


class Killed(BaseException):
    """A process dies here: nothing catches it."""


# The clock dies after the row was written, before the commit: told afterwards, and once.
def test_a_crash_tells_nobody_twice(
    work: Work, owed: UUID, time: SettableTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise Killed

    time.moves(minutes=61)
    with monkeypatch.context() as patch:
        patch.setattr(actions, "next_alert", dies)
        with pytest.raises(Killed):
            promise_alerts(work)
    assert steps(work) == []
    promise_alerts(work)
    promise_alerts(work)
    assert steps(work) == ["owner"]
    with work.db.reading() as session:
        assert len(session.scalars(sa.select(Notice).where(Notice.type == "alert")).all()) == 1


# Two clocks, each of which believes that it leads.
def test_two_clocks_tell_once(work: Work, owed: UUID, time: SettableTime) -> None:
    time.moves(hours=9)
    told: list[list[str]] = []

    def sweeps() -> None:
        with work.transaction() as session:
            told.append(tell(session, owed, None, work.at()))

    clocks = [threading.Thread(target=sweeps) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join(20)
    promise_alerts(work)
    assert steps(work) == ALL[1:]
    assert sum(map(len, told)) <= 3


# The second clock read the promise before the first one wrote: it meets the row that is there. On SQLite a
# writer is alone.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_step_that_is_being_written_is_not_written_again(
    work: Work, owed: UUID, time: SettableTime
) -> None:
    time.moves(hours=9)
    at: datetime = work.at()
    second: list[bool] = []

    def another() -> None:
        with work.transaction() as session:
            row = promise_by_id(session, owed)
            assert row is not None
            second.append(actions._tell(session, row, "owner", None, at))

    clock = threading.Thread(target=another)
    with work.transaction() as session:
        assert tell(session, owed, None, at) == ALL[1:]
        session.flush()
        session.scalar(sa.select(1))
        clock.start()
        until_somebody_is_locked_out(work.db)
    clock.join(20)
    assert second == [False]
    assert steps(work) == ALL[1:]

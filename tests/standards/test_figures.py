"""The figures of a period, a line, an agent, from rows; and whether they add up."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.db import Database
from callcenter.dialing.models import Attempt
from callcenter.promises.models import Promise
from callcenter.standards.actions import measure_offer
from callcenter.standards.figures import Figure
from callcenter.standards.formulas import BY_AGENT
from callcenter.standards.identity import Identity
from callcenter.standards.queries import Scope, standards
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import added, calls, centre, offers

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = Scope(date(2026, 11, 21), date(2026, 11, 21), ZONE)


def of_lines(*line_ids: UUID) -> Scope:
    return Scope(TODAY.first, TODAY.last, ZONE, line_ids=frozenset(line_ids))


def figures(session: Session, scope: Scope, at: datetime) -> list[Figure]:
    return standards(session, scope, at)[0]


def identity(session: Session, scope: Scope) -> Identity:
    return standards(session, scope, NOON)[1].identity


def values(found: list[Figure]) -> dict[str, tuple[float | None, float]]:
    return {figure.id: (figure.numerator, figure.denominator) for figure in found}


def test_calls_are_counted_by_day_line_and_agent(database: Database) -> None:
    with database.transaction() as session:
        line, other = centre.line(session), centre.line(session, "branch")
        wang, li = centre.agent(session), centre.agent(session, "li")
        calls.queued(session, line, NOON, "answered", 10, agent_id=wang.id)
        calls.queued(session, line, NOON, "answered", 30, agent_id=li.id)
        calls.queued(session, other, NOON, "abandoned_in_queue", 30)
        calls.queued(session, line, NOON - timedelta(days=1), "abandoned_in_queue", 60)
        session.flush()
        whole = values(figures(session, TODAY, NOON))
        of_line = values(figures(session, of_lines(line.id), NOON))
        of_li = values(figures(session, Scope(TODAY.first, TODAY.last, ZONE, agent_id=li.id), NOON))
    assert whole["connection_rate"] == (2, 3)
    assert of_line["connection_rate"] == (2, 2)
    assert of_li.keys() == BY_AGENT
    assert of_li["speed_of_answer.mean"] == (30, 1)


def test_each_line_has_its_own_limit(database: Database) -> None:
    with database.transaction() as session:
        patient = centre.line(session, "patient", service_level_seconds=60)
        calls.queued(session, centre.line(session), NOON, "answered", 30)
        calls.queued(session, patient, NOON, "answered", 30)
        found = values(figures(session, TODAY, NOON))
    assert found["service_level.negative"] == (1, 2)


def test_instants_narrow_a_period(database: Database) -> None:
    with database.transaction() as session:
        line = centre.line(session)
        for minutes in (0, 10, 20):
            calls.queued(session, line, NOON + timedelta(minutes=minutes), "answered", 5)
        narrowed = Scope(
            TODAY.first,
            TODAY.last,
            ZONE,
            since=NOON + timedelta(minutes=10),
            until=NOON + timedelta(minutes=20),
        )
        found = values(figures(session, narrowed, NOON))
    assert found["connection_rate"] == (1, 1)


def test_three_rings_of_legs_and_of_first_offers(database: Database) -> None:
    """A call missed by one agent and answered by the next: one of two legs, and its first offer failed."""
    with database.transaction() as session:
        line, wang, li = centre.line(session), centre.agent(session), centre.agent(session, "li")
        call = calls.queued(session, line, NOON, "answered", 40, agent_id=li.id)
        waited = offers.wait(session, call, NOON)
        missed = calls.leg(session, NOON, ringing=11, ended=36)
        answered = calls.leg(session, NOON, ringing=38, answered=45, ended=105)
        first = offers.offer(session, waited, wang, NOON, missed, state="missed")
        second = offers.offer(
            session, waited, li, NOON + timedelta(seconds=36), answered, state="ended", accepted_at=NOON
        )
        for each in (first, second):
            measure_offer(session, each.id, NOON)
        found = values(figures(session, TODAY, NOON))
        of_li = values(figures(session, Scope(TODAY.first, TODAY.last, ZONE, agent_id=li.id), NOON))
    assert found["three_rings"] == (1, 2)
    assert found["three_rings.first_offer"] == (0, 1)
    assert found["three_rings.coverage"] == (2, 2)
    assert found["speed_of_answer.ring_mean"] == (7, 1)
    assert of_li["three_rings"] == (1, 1)


def test_callbacks_are_counted_by_their_due_time(database: Database) -> None:
    with database.transaction() as session:
        line = centre.line(session)
        callback = Callback(
            number="+8613800138000", line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
            state="kept", created_at=NOON, created_by="system", due_at=NOON, next_try_at=NOON,
        )  # fmt: skip
        added(session, callback)
        promise = Promise(
            rule="HL-8", subject_kind="callback", subject_id=callback.id, made_at=NOON, due_at=NOON,
            grace_seconds=600, state="kept", why={},
        )  # fmt: skip
        attempt = Attempt(
            purpose_kind="callback", purpose_id=callback.id, target=callback.number, timeout_seconds=30,
            to_address=callback.number, from_number=line.number, state="ended", created_at=NOON, bell_at=NOON,
            sent_at=NOON + timedelta(minutes=9),
        )  # fmt: skip
        session.add_all([promise, attempt])
        session.flush()
        today = values(figures(session, TODAY, NOON))
        tomorrow = Scope(TODAY.first + timedelta(days=1), TODAY.last + timedelta(days=1), ZONE)
        nothing = values(figures(session, tomorrow, NOON))
        elsewhere = values(figures(session, of_lines(ids.new()), NOON))
    assert today["callback.attempted_in_time"] == today["callback.kept_in_time"] == (1, 1)
    assert nothing["callback.kept_in_time"] == elsewhere["callback.kept_in_time"] == (0, 0)


# numbers.md: "Caller's true wait": from the arrival of the first call to the meeting in the second.
def test_the_true_wait_runs_over_both_calls(database: Database) -> None:
    with database.transaction() as session:
        line = centre.line(session)
        first = calls.queued(session, line, NOON, "callback", 40)
        met = NOON + timedelta(minutes=20)
        callback = Callback(
            number="+8613800138000", line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
            origin_call_id=first.id, state="kept", created_at=NOON + timedelta(seconds=70),
            created_by="caller", due_at=NOON, next_try_at=NOON, settled_at=met,
        )  # fmt: skip
        added(session, callback)
        promise = Promise(
            rule="HL-8", subject_kind="callback", subject_id=callback.id, made_at=NOON, due_at=NOON,
            grace_seconds=600, state="late", why={},
        )  # fmt: skip
        session.add(promise)
        session.flush()
        found = values(figures(session, TODAY, NOON + timedelta(hours=2)))
        seconds = (met - first.started_at).total_seconds()
    assert found["true_wait.mean"] == (seconds, 1)


def test_received_and_counted_agree(database: Database) -> None:
    """ "Received = distinct CallSids in the event log; outcomes are counted from calls. Both must agree." """
    with database.transaction() as session:
        line = centre.line(session)
        calls.queued(session, line, NOON, "answered", 10)
        calls.call(session, line, NOON)
        calls.call(session, line, NOON, direction="outbound", sid=None)
        found = identity(session, TODAY)
    assert found.agrees
    assert found.received == found.counted == {"answered": 1, "open": 1}


def test_what_is_on_one_side_only_is_named(database: Database) -> None:
    with database.transaction() as session:
        line = centre.line(session)
        silent = calls.call(session, line, NOON)
        session.execute(sa.text("DELETE FROM call_events"))
        known = calls.call(session, line, NOON)
        orphan = calls.event(session, known, "arrived", NOON, leg_sid="CA" + "f" * 32, call_id=None)
        found = identity(session, TODAY)
        of_line = identity(session, of_lines(line.id))
    assert not found.agrees
    assert (found.received.total(), found.counted.total()) == (2, 2)
    assert found.differences == {silent.sid, orphan.leg_sid}
    assert (of_line.received.total(), of_line.counted.total(), of_line.differences) == (1, 2, {silent.sid})


def test_two_arrivals_on_one_call_are_a_difference(database: Database) -> None:
    with database.transaction() as session:
        call = calls.call(session, centre.line(session), NOON)
        stray = calls.event(session, call, "arrived", NOON, leg_sid="CA" + "f" * 32)
        found = identity(session, TODAY)
    assert (found.received.total(), found.counted.total(), found.differences) == (2, 1, {stray.leg_sid})

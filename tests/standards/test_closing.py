"""Days are closed once, in order, and counted anew only where somebody asks for it."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.carrier.port import CarrierCall, CarrierDown
from callcenter.carrier.twin import Twin
from callcenter.db import Database
from callcenter.errors import Conflict
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.routing.models import AgentStateChange
from callcenter.standards import jobs
from callcenter.standards.actions import close_day, recompute_day
from callcenter.standards.closing import draft
from callcenter.standards.formulas import AGENTS, CALLS, TICKETS
from callcenter.standards.models import AgentTally, DayBook, DayReport
from callcenter.standards.queries import Due, Scope, days_due, standards
from callcenter.switchboard import sweeps
from callcenter.tickets.actions import change_ticket, close_ticket, open_ticket
from tests.doubles import SATURDAY_NOON as NOON
from tests.doubles import RememberingBell, SettableTime
from tests.factories import added, calls, centre, offers

DAY = date(2026, 11, 21)
# The line's day ends at 16:00 UTC; five hours later it is closed.
CLOSES = NOON.replace(hour=21)
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = Scope(DAY, DAY, ZONE)


def a_line(session: Session) -> Line:
    centre.centre(session)
    return centre.line(session)


def reports(session: Session) -> list[DayReport]:
    return list(session.scalars(sa.select(DayReport).order_by(DayReport.day, DayReport.version)))


def value(session: Session, figure: str, scope: Scope = TODAY) -> tuple[Any, float]:
    found = {each.id: each for each in standards(session, scope, CLOSES)[0]}
    return found[figure].numerator, found[figure].denominator


def test_a_day_is_due_when_its_calls_have_ended_and_its_tickets_a_week_later(database: Database) -> None:
    with database.transaction() as session:
        line = a_line(session)
        calls.queued(session, line, NOON, "answered", 10)
        before = days_due(session, CLOSES - timedelta(seconds=1))
        assert Due(CALLS, line.id, DAY) not in before
        _ticket(session, line, None)
        wang = centre.agent(session)
        added(session, AgentStateChange(agent_id=wang.id, state="available", at=NOON, actor="test"))
        assert days_due(session, CLOSES) == [Due(CALLS, line.id, DAY), Due(AGENTS, None, DAY)]
        assert Due(TICKETS, line.id, DAY) in days_due(session, CLOSES + timedelta(days=7))


def test_each_line_begins_with_its_own_first_day(database: Database) -> None:
    """However far the others are: a day that was passed over would be counted as nothing."""
    with database.transaction() as session:
        line, other = a_line(session), centre.line(session, "branch")
        calls.queued(session, line, NOON - timedelta(days=3), "answered", 10)
        for day in range(3, 0, -1):
            at = DAY - timedelta(days=day)
            close_day(session, draft(session, CALLS, line.id, at, CLOSES), CLOSES)
        calls.queued(session, other, NOON - timedelta(days=2), "answered", 10)
        assert days_due(session, CLOSES) == [
            Due(CALLS, other.id, DAY - timedelta(days=2)),
            Due(CALLS, line.id, DAY),
        ]


def test_closing_twice_keeps_the_first_report(database: Database) -> None:
    with database.transaction() as session:
        line = a_line(session)
        calls.queued(session, line, NOON, "answered", 10)
        first = draft(session, CALLS, line.id, DAY, CLOSES)
        calls.queued(session, line, NOON, "answered", 10)
        assert close_day(session, first, CLOSES)
        assert not close_day(session, draft(session, CALLS, line.id, DAY, CLOSES), CLOSES)
        assert [report.tally["counts"]["call:answered"] for report in reports(session)] == [1]
        assert len(session.scalars(sa.select(DayBook)).all()) == 1


def test_the_clock_closes_day_after_day_whatever_is_lost(
    work: Work, bell: RememberingBell, time: SettableTime
) -> None:
    """Architecture 3: the row is the truth. A worker that dies before its commit has closed nothing."""
    with work.transaction() as session:
        line = a_line(session)
        agent = centre.agent(session)
        calls.queued(session, line, NOON, "answered", 10, agent_id=agent.id)
        calls.queued(session, line, NOON + timedelta(days=1), "abandoned_in_queue", 30)
    bell.rung.clear()
    time.at = CLOSES + timedelta(days=1)
    sweeps.days_to_close(work)
    bell.rung.clear()  # Every bell is lost; the next sweep finds the same days.
    sweeps.days_to_close(work)
    doubled = [*bell.rung, *bell.rung]
    bell.rung[:] = doubled
    bell.drain(work)
    with work.db.reading() as session:
        kept = {(r.part, r.place, r.day): r.version for r in reports(session)}
        assert len(kept) == len(reports(session))
        assert {day for part, place, day in kept} == {DAY, DAY + timedelta(days=1)}
        assert (CALLS, line.id.hex, DAY + timedelta(days=1)) in kept
        assert set(session.scalars(sa.select(AgentTally.agent_id))) == {agent.id}
    bell.rung.clear()
    sweeps.days_to_close(work)
    assert bell.rung == []


def test_what_comes_late_changes_nothing_until_somebody_asks(database: Database) -> None:
    with database.transaction() as session:
        line = a_line(session)
        late = calls.queued(session, line, NOON, "abandoned_in_queue", 30)
        with pytest.raises(Conflict):
            recompute_day(session, DAY, None, CLOSES, actor="test", reason="too early")
        close_day(session, draft(session, CALLS, line.id, DAY, CLOSES), CLOSES)
        late.outcome = "voicemail"
        session.flush()
        assert value(session, "abandonment") == (1, 1)
        (changed,) = recompute_day(session, DAY, line.id, CLOSES, actor="test", reason="a message came late")
        assert changed.version == 2
        assert {"figure": "abandonment", "numerator": [1, 0], "denominator": [1, 1], "value": [1, 0]} in (
            changed.differences
        )
        (row,) = [each for each in changed.differences if "kind" in each]
        assert row["call"] == str(late.id)
        assert set(row["left"]) == {"abandoned", "queued_abandoned_in_queue", "outcome_abandoned_in_queue"}
        assert set(row["entered"]) == {"queued_voicemail", "outcome_voicemail"}
        assert value(session, "abandonment") == (0, 1)
        assert value(session, "abandonment", Scope(DAY, DAY, ZONE, as_of=CLOSES - timedelta(seconds=1))) == (
            0,
            1,
        )
        first, second = reports(session)
        assert (first.superseded_at, second.superseded_at, second.reason) == (
            CLOSES,
            None,
            "a message came late",
        )
        (same,) = recompute_day(session, DAY, line.id, CLOSES, actor="test", reason="again")
        assert (same.version, same.differences) == (2, [])


@pytest.mark.parametrize("knows", ["all", "one more", "one less", "nothing said"])
def test_the_carriers_own_list_is_compared(work: Work, twin: Twin, time: SettableTime, knows: str) -> None:
    """ "Received = distinct CallSids in the event log, reconciled with the carrier's list." """
    with work.transaction() as session:
        line = a_line(session)
        ours = [calls.queued(session, line, NOON, "answered", 10).sid for _ in range(2)]
    listed = {"one more": [*ours, "CA" + "f" * 32], "one less": ours[:1]}.get(knows, ours)
    for sid in listed:
        twin.calls[str(sid)] = CarrierCall(
            str(sid), "completed", "inbound", line.number, "+8613800138000", NOON, NOON
        )
    time.at = CLOSES
    if knows == "nothing said":
        twin.refuse("list_calls", CarrierDown("503"))
    due = Due(CALLS, line.id, DAY)
    jobs.close(work.db, due, CLOSES, jobs._listed(work, due, CLOSES))
    with work.db.reading() as session:
        found = reports(session)[-1].identity
    expected: dict[str, tuple[int | None, list[str]]] = {
        "all": (2, []), "one more": (3, ["CA" + "f" * 32]), "one less": (1, [str(ours[1])]),
        "nothing said": (None, []),
    }  # fmt: skip
    assert (found["listed"], found["unlisted"]) == expected[knows]


def test_first_contact(database: Database) -> None:
    """ "Tickets solved by the first owner on the first contact, not reopened within 7 days / tickets." """
    with database.transaction() as session:
        line, wang, li = a_line(session), centre.agent(session), centre.agent(session, "li")
        numbers = [_ticket(session, line, wang.id) for _ in range(4)]
        close_ticket(session, numbers[0], NOON, "agent:wang")
        close_ticket(session, numbers[1], NOON, "agent:li")
        change_ticket(session, numbers[2], {"state": "solved"}, NOON, "agent:wang")
        change_ticket(session, numbers[2], {"state": "open"}, NOON + timedelta(days=6), "agent:li")
        change_ticket(session, numbers[3], {"state": "solved"}, NOON, "agent:wang")
        change_ticket(session, numbers[3], {"state": "open"}, NOON + timedelta(days=8), "agent:li")
        assert value(session, "first_contact_resolution") == (2, 4)
        own = Scope(DAY, DAY, ZONE, agent_id=li.id)
        assert value(session, "first_contact_resolution", own) == (0, 0)


def _ticket(session: Session, line: Line, agent_id: Any) -> str:
    call = calls.queued(session, line, NOON, "answered", 5, agent_id=agent_id)
    return open_ticket(
        session, kind="technical", channel="phone", line_id=line.id, call_id=call.id, customer_id=None,
        language=None, at=NOON, actor="ivr",
    ).number  # fmt: skip


def test_occupancy_is_parted_at_midnight(database: Database) -> None:
    """An agent is available from 23:00 on, talks from 23:30 to 00:30: half the hour, all of the next."""
    with database.transaction() as session:
        a_line(session)
        wang = centre.agent(session)
        for hour, minute, state in ((15, 0, "available"), (15, 30, "talking"), (16, 30, "offline")):
            at = NOON.replace(hour=hour, minute=minute)
            added(session, AgentStateChange(agent_id=wang.id, state=state, at=at, actor="test"))
        following = Scope(DAY + timedelta(days=1), DAY + timedelta(days=1), ZONE)
        assert value(session, "occupancy") == (1800, 3600)
        assert value(session, "occupancy", following) == (1800, 1800)


# "Callers served before an earlier arrival of equal priority and skill, with the reason."
@pytest.mark.parametrize(
    ("passed", "why"),
    [
        ({}, "unexplained"),
        ({"language": "en-US"}, "language"),
        ({"priority": -1}, None),
        ({"ended_at": NOON + timedelta(seconds=5), "state": "left"}, None),
    ],
)
def test_who_is_passed_is_told_with_the_reason(
    database: Database, passed: dict[str, Any], why: str | None
) -> None:
    with database.transaction() as session:
        line, wang = a_line(session), centre.agent(session)
        first, second = (
            calls.queued(session, line, NOON, "answered", 30, agent_id=wang.id) for _ in range(2)
        )
        offers.wait(session, first, NOON, **passed)
        later = offers.wait(session, second, NOON + timedelta(seconds=2), state="joined")
        chosen = NOON + timedelta(seconds=10)
        offers.offer(session, later, wang, chosen, state="ended", accepted_at=chosen, joined_at=chosen)
        assert value(session, "overtakes") == (int(why is not None), 1)
        found = {each.id: each for each in standards(session, TODAY, CLOSES)[0]}
        assert found["overtakes"].parts == ({why: 1} if why else {})

"""What agents promise about a ticket, and the deeds that keep it: reports, the solution, the end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter.errors import Conflict, Invalid
from callcenter.jobs import Work
from callcenter.promises.actions import keep_about
from callcenter.promises.models import Promise
from callcenter.staff.models import Agent
from callcenter.tickets.actions import change_ticket, close_ticket, open_ticket, promise_about, report
from callcenter.tickets.models import Ticket, TicketEvent
from callcenter.tickets.queries import owner_of_promise
from tests.doubles import SettableTime
from tests.factories import calls, centre


@pytest.fixture
def wang(work: Work) -> Agent:
    """An agent of a centre in China with a line that is always open."""
    with work.transaction() as session:
        centre.centre(session)
        centre.line(session)
        centre.agent(session, "li")
        return centre.agent(session)


@pytest.fixture
def ticket(work: Work, wang: Agent) -> Ticket:
    """A technical question on the line, three hours from its limit, that nobody owns."""
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        call = calls.call(session, line, work.at(), agent_id=wang.id)
        return open_ticket(
            session, kind="technical", channel="phone", line_id=line.id, call_id=call.id, customer_id=None,
            language=None, at=work.at(), actor="ivr",
        )  # fmt: skip


def promises(work: Work, ticket: Ticket, rule: str, **other: Any) -> UUID:
    with work.transaction() as session:
        return promise_about(session, ticket.number, rule, work.at(), "agent:wang", **other)


def state(work: Work, rule: str) -> tuple[str, str | None]:
    with work.db.reading() as session:
        row = session.scalars(sa.select(Promise).where(Promise.rule == rule).order_by(Promise.id)).all()[-1]
        return row.state, row.reason


# HL-10: "request reaches the service manager", "<= 30 min". HL-11: "full problem record" to him.
@pytest.mark.parametrize(
    ("rule", "what", "kind"),
    [("HL-10", "visit", "visit_requested"), ("HL-11", "problem", "problem_reported")],
)
def test_what_is_handed_to_the_manager_keeps_it(
    work: Work, ticket: Ticket, rule: str, what: str, kind: str
) -> None:
    promises(work, ticket, rule)
    with work.transaction() as session, pytest.raises(Conflict, match="already"):
        promise_about(session, ticket.number, rule, work.at(), "agent:li")
    with work.transaction() as session:
        change_ticket(session, ticket.number, {"problem": "读卡器不亮"}, work.at(), "agent:wang")
        report(session, ticket.number, what, work.at(), "agent:wang", "请派人")
        told = session.scalars(sa.select(TicketEvent).order_by(TicketEvent.id)).all()[-1]
    assert (told.kind, told.note, state(work, rule)) == (kind, "请派人", ("kept", None))
    promises(work, ticket, rule)
    assert state(work, rule) == ("open", None), "a second one is a promise of its own"


def test_an_empty_record_is_no_full_one(work: Work, ticket: Ticket) -> None:
    with work.transaction() as session, pytest.raises(Conflict, match="HL-11"):
        report(session, ticket.number, "problem", work.at(), "agent:wang", None)


# FU-5: "A question that cannot be answered at once gets an appointed reply time".
def test_a_reply_is_promised_for_a_time_and_kept_by_the_solution(work: Work, ticket: Ticket) -> None:
    due = work.at() + timedelta(days=1)
    promises(work, ticket, "FU-5", due_at=due)
    with work.transaction() as session:
        change_ticket(session, ticket.number, {"state": "solved"}, work.at(), "agent:wang")
    assert (state(work, "FU-5")[0], state(work, "HL-9")[0]) == ("kept", "kept")
    with work.transaction() as session:
        change_ticket(session, ticket.number, {"state": "open"}, work.at(), "agent:li")
    assert (state(work, "FU-5")[0], state(work, "HL-9")[0]) == ("kept", "open"), "he had his reply"


@pytest.mark.parametrize(("rule", "hours"), [("FU-5", None), ("FU-5", -1), ("HL-10", 1)])
def test_a_time_belongs_to_rules_that_are_given_one(
    work: Work, ticket: Ticket, rule: str, hours: int | None
) -> None:
    given = {} if hours is None else {"due_at": work.at() + timedelta(hours=hours)}
    with pytest.raises(Invalid):
        promises(work, ticket, rule, **given)


@pytest.mark.parametrize(("minutes", "expected"), [(10, "cancelled"), (31, "broken")])
def test_a_closed_ticket_leaves_nothing_owed(
    work: Work, ticket: Ticket, time: SettableTime, minutes: int, expected: str
) -> None:
    promises(work, ticket, "HL-10")
    time.moves(minutes=minutes)
    with work.transaction() as session:
        close_ticket(session, ticket.number, work.at(), "agent:wang")
    assert state(work, "HL-10") == (expected, "ticket_closed")
    with pytest.raises(Conflict):
        promises(work, ticket, "HL-10")


# HL-17: "whoever takes the question has it accepted, and owns it to the end".
def test_the_first_owner_stays_whoever_works_on_it(work: Work, ticket: Ticket, wang: Agent) -> None:
    with work.transaction() as session:
        limit = session.scalars(sa.select(Promise.id)).one()
        assert owner_of_promise(session, limit) == wang.id, "nobody owned it: who took the call"
        li = session.scalars(sa.select(Agent.id).where(Agent.key == "li")).one()
        change_ticket(session, ticket.number, {"owner_agent_id": li}, work.at(), "agent:wang")
        changed = session.scalars(sa.select(Ticket)).one()
        assert (changed.owner_agent_id, changed.first_owner_agent_id) == (li, wang.id)
        change_ticket(session, ticket.number, {"owner_agent_id": wang.id}, work.at(), "agent:li")
        assert (changed.first_owner_agent_id, owner_of_promise(session, limit)) == (wang.id, wang.id)


def test_a_line_has_limits_of_its_own(work: Work, ticket: Ticket, time: SettableTime) -> None:
    with work.transaction() as session:
        session.scalars(sa.select(centre.Line)).one().policies = {"visit_request_minutes": 5}
    promises(work, ticket, "HL-10")
    with work.db.reading() as session:
        due = session.scalars(sa.select(Promise.due_at).where(Promise.rule == "HL-10")).one()
    assert due == work.at() + timedelta(minutes=5)


# An older release names the ticket as the subject only.
def test_what_an_older_release_promised_is_kept_too(work: Work, ticket: Ticket) -> None:
    with work.transaction() as session:
        session.execute(sa.update(Promise).values(ticket_id=None, line_id=None, made_by=None))
        keep_about(session, ticket.id, ("HL-9",), work.at(), "agent:wang")
    assert state(work, "HL-9") == ("kept", None)

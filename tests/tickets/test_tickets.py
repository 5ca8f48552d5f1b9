"""Tickets: numbers of the day, time limits as rows, changes as events."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa

from callcenter.errors import Conflict, Invalid
from callcenter.jobs import Work
from callcenter.postgresql import Pipelined
from callcenter.promises.models import Promise
from callcenter.tickets.actions import change_ticket, close_ticket, open_ticket, take_number
from callcenter.tickets.models import Ticket, TicketCounter, TicketEvent
from callcenter.tickets.rules import readable_number
from tests.doubles import SettableTime
from tests.factories import centre


@pytest.fixture(autouse=True)
def a_centre(work: Work) -> None:
    """A centre in China with a line."""
    with work.transaction() as session:
        centre.centre(session)
        centre.line(session)


def opened(work: Work, kind: str = "technical", *, on_line: bool = False) -> Ticket:
    """Open a ticket now."""
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        return open_ticket(
            session, kind=kind, channel="phone", line_id=line.id if on_line else None, call_id=None,
            customer_id=None, language="zh-CN", at=work.at(), actor="test",
        )  # fmt: skip


# TK-7: "date plus the day's sequence (C numbers its files so: 040214001 = first of 2004-02-14)".
def test_numbers_are_the_day_and_its_sequence(work: Work, time: SettableTime) -> None:
    assert [opened(work).number for _ in range(3)] == ["261121001", "261121002", "261121003"]
    time.at = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # Midnight in the centre's zone.
    assert opened(work).number == "261122001"


def test_after_999_come_four_digits(work: Work) -> None:
    first = opened(work)
    with work.transaction() as session:
        session.execute(sa.update(TicketCounter).values(last=999))
    assert opened(work).number == "2611211000"
    assert readable_number(first.created_at.date(), 7) == "261121007"


def open_some(work: Work) -> None:
    """Open five tickets, of which the third fails with everything else in its transaction."""
    for turn in range(5):
        with suppress(KeyError), work.transaction() as session:
            open_ticket(
                session, kind="general", channel="phone", line_id=None, call_id=None,
                customer_id=None, language=None, at=work.at(), actor="test",
            )  # fmt: skip
            if turn == 2:
                raise KeyError("something else in the transaction fails")


def numbers(work: Work) -> list[str]:
    """Return every ticket's number."""
    with work.db.reading() as session:
        return list(session.scalars(sa.select(Ticket.number).order_by(Ticket.number)))


# Decision 73: "the number is given back, as long as nobody has the next one".
def test_a_number_whose_ticket_failed_is_given_to_the_next(work: Work) -> None:
    open_some(work)
    assert numbers(work) == [f"261121{sequence:03}" for sequence in range(1, 5)]


def test_no_doubles_under_threads_and_rollbacks_and_no_gaps_but_for_those(work: Work) -> None:
    threads = [threading.Thread(target=open_some, args=[work]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = numbers(work)
    gaps = 0 if work.db.engine.dialect.name == "sqlite" else 4
    assert len(set(found)) == len(found) == 16
    assert set(found) <= {f"261121{sequence:03}" for sequence in range(1, 17 + gaps)}


# Decision 73: "Where the way to the database broke while COMMIT was under way, nobody knows what was kept".
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_number_that_may_be_a_tickets_is_never_given_again(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Pipelined.commit

    def breaks_down(connection: Pipelined) -> None:
        commit(connection)
        raise psycopg.OperationalError("the answer to COMMIT was lost")

    with monkeypatch.context() as patch, pytest.raises(sa.exc.OperationalError):
        patch.setattr(Pipelined, "commit", breaks_down)
        opened(work)
    assert numbers(work) == ["261121001"]
    assert [opened(work).number for _ in range(2)] == ["261121002", "261121003"]


# Decision 73: "the row is locked for as long as PostgreSQL needs"; on SQLite one writes at a time.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_waits_for_the_end_of_a_transaction_that_opens_a_ticket(work: Work) -> None:
    with work.transaction() as slow:
        taken = [take_number(slow, work.at())]
        with work.transaction() as quick:
            taken.append(take_number(quick, work.at()))
    assert taken == ["261121001", "261121002"]


@pytest.mark.parametrize(
    ("kind", "rule", "due"),
    [
        # HL-9: "Not solvable on the phone: experts consult, answer or visit appointment <= 3 h".
        ("technical", "HL-9", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        # CP-2: "Recorded, investigated the same day".
        ("complaint", "CP-2", datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)),
        # TK-3: "Each kind of question has a time limit, watched".
        ("presales", "TK-3", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        ("general", "TK-3", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
    ],
)
def test_time_limits_are_rows_from_the_start(work: Work, kind: str, rule: str, due: datetime) -> None:
    ticket = opened(work, kind, on_line=True)
    with work.db.reading() as session:
        promise = session.scalars(sa.select(Promise)).one()
    assert (promise.rule, promise.due_at, promise.state) == (rule, due, "open")
    assert promise.subject_id == ticket.id and promise.why["rule"] == rule


def test_a_centre_may_give_complaints_more_days(work: Work) -> None:
    with work.transaction() as session:
        home = session.scalars(sa.select(centre.Centre)).one()
        home.policies = home.policies | {"complaint_result_days": 2}
    opened(work, "complaint")
    with work.db.reading() as session:
        due = session.scalars(sa.select(Promise.due_at)).one()
    assert due == datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)


def test_closing_in_time_keeps_the_promise(work: Work, time: SettableTime) -> None:
    ticket = opened(work)
    time.moves(hours=2)
    with work.transaction() as session:
        close_ticket(session, ticket.number, work.at(), "wang", solution="换了驱动。")
    with work.db.reading() as session:
        assert session.scalars(sa.select(Promise.state)).one() == "kept"
    with pytest.raises(Conflict), work.transaction() as session:
        close_ticket(session, ticket.number, work.at(), "wang")


def test_closing_too_late_shows(work: Work, time: SettableTime) -> None:
    ticket = opened(work)
    time.moves(hours=4)
    with work.transaction() as session:
        close_ticket(session, ticket.number, work.at(), "wang")
    with work.db.reading() as session:
        assert session.scalars(sa.select(Promise.state)).one() == "late"


def test_nobody_overwrites_somebody_elses_change(work: Work) -> None:
    ticket = opened(work)
    with work.transaction() as session:
        change_ticket(
            session, ticket.number, {"state": "open", "subject": "读卡器"}, work.at(), "wang", version=1
        )
    with pytest.raises(Conflict, match="changed meanwhile"), work.transaction() as session:
        change_ticket(session, ticket.number, {"state": "solved"}, work.at(), "li", version=1)
    with work.db.reading() as session:
        kinds = session.scalars(sa.select(TicketEvent.kind).order_by(TicketEvent.id)).all()
    assert kinds == ["opened", "changed"]


def test_unknown_kinds_are_refused_with_what_is_allowed(work: Work) -> None:
    with pytest.raises(Invalid, match="technical, presales, complaint, general"):
        opened(work, "gossip")


def test_a_limit_counts_working_time_on_the_lines_calendar(work: Work, time: SettableTime) -> None:
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        session.execute(sa.text("DELETE FROM calendar_periods WHERE weekday <> 0"))
        line.calendar_id = centre.calendar(session)
    time.at = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # A Saturday; the line opens on Mondays only.
    opened(work, on_line=True)
    with work.db.reading() as session:
        due = session.scalars(sa.select(Promise.due_at)).one()
    assert due == datetime(2026, 11, 22, 16, 0, tzinfo=UTC) + timedelta(hours=3)

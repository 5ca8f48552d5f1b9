"""Callbacks: promised for a definite time, tried, kept, given up: never forgotten and never twice."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.callbacks import actions, rules
from callcenter.callbacks.models import Callback
from callcenter.customers.actions import add_number
from callcenter.customers.models import Customer
from callcenter.errors import Conflict, Forbidden, Invalid
from callcenter.jobs import Work
from callcenter.promises.actions import mark_late
from callcenter.promises.models import Promise, PromiseMove
from callcenter.routing.models import Wait
from callcenter.switchboard import jobs, sweeps  # noqa: F401  Importing jobs names them.
from callcenter.tickets.actions import open_ticket, promise_about
from tests.doubles import RememberingBell, SettableTime
from tests.factories import calls, centre
from tests.waiting import until_somebody_is_locked_out

NUMBER = "+8613800138000"
OTHER = "+8613900139000"


@pytest.fixture(autouse=True)
def a_centre(work: Work) -> None:
    """A centre in China with a line that is always open."""
    with work.transaction() as session:
        centre.centre(session)
        centre.line(session)
        centre.skill(session)


def book(work: Work, number: str = NUMBER, **other: object) -> Callback:
    """Promise a call now."""
    with work.transaction() as session:
        return book_in(session, work, number, **other)


def book_in(session: Session, work: Work, number: str = NUMBER, **other: object) -> Callback:
    """Promise a call in this transaction."""
    line = session.scalars(sa.select(centre.Line)).one()
    return actions.book_callback(
        session, number=number, line_id=line.id, skill_id=centre.skill(session), language="zh-CN",
        at=work.at(), actor="caller", **other,  # type: ignore[arg-type]
    )  # fmt: skip


def states(work: Work) -> tuple[str, str]:
    """The callback's state and its promise's."""
    with work.db.reading() as session:
        promise = session.scalars(sa.select(Promise.state)).one()
        return session.scalars(sa.select(Callback.state)).one(), promise


def sweep(work: Work, bell: RememberingBell) -> None:
    """Let the clock look for due callbacks."""
    sweeps.callbacks_due(work)
    bell.drain(work)


# HL-8: "The callback is promised for a definite time", "generally <= 1 h".
def test_a_definite_time_is_promised(work: Work) -> None:
    callback = book(work)
    assert callback.due_at == work.at() + timedelta(hours=1)
    with work.db.reading() as session:
        promise = session.scalars(sa.select(Promise)).one()
    assert (promise.rule, promise.due_at, promise.grace_seconds) == ("HL-8", callback.due_at, 600)


def test_the_clock_starts_it_when_its_time_has_come_and_only_once(
    work: Work, bell: RememberingBell, time: SettableTime
) -> None:
    book(work)
    sweep(work, bell)
    assert states(work)[0] == "booked", "the caller is still hanging up"
    time.moves(seconds=20)
    for _ in range(3):
        sweep(work, bell)
    assert states(work)[0] == "waiting"
    with work.db.reading() as session:
        assert len(session.scalars(sa.select(Wait)).all()) == 1


# "Nobody who was promised a call is forgotten, and nobody is called twice."
def test_the_same_number_is_owed_one_call(work: Work) -> None:
    assert book(work).id == book(work).id


# Two webhooks, or a caller and the API: both find no callback, both book one. On SQLite a writer is alone.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_bookings_at_once_are_one(work: Work) -> None:
    theirs: list[UUID] = []
    rival = threading.Thread(target=lambda: theirs.append(book(work).id))
    with work.transaction() as session:
        ours = book_in(session, work).id
        rival.start()
        until_somebody_is_locked_out(work.db, or_done=lambda: bool(theirs))
    rival.join(20)
    assert theirs == [ours]
    assert states(work) == ("booked", "open"), "one callback, one promise"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_booking_that_came_to_nothing_leaves_the_other_in_force(work: Work) -> None:
    theirs: list[UUID] = []
    rival = threading.Thread(target=lambda: theirs.append(book(work).id))
    with pytest.raises(RuntimeError), work.transaction() as session:
        book_in(session, work)
        rival.start()
        until_somebody_is_locked_out(work.db, or_done=lambda: bool(theirs))
        raise RuntimeError
    rival.join(20)
    with work.db.reading() as session:
        assert session.scalars(sa.select(Callback.id)).all() == theirs


# The rule in the database itself, whoever writes: one open callback a number and line, past ones at will.
@pytest.mark.parametrize("state", rules.OPEN)
def test_the_database_knows_one_open_callback_of_a_number(work: Work, state: str) -> None:
    first = book(work)
    with work.transaction() as session:
        session.execute(sa.update(Callback).values(state=state))
    again = {column.key: getattr(first, column.key) for column in sa.inspect(Callback).columns}
    with pytest.raises(sa.exc.IntegrityError), work.transaction() as session:
        session.execute(sa.insert(Callback).values(**again | {"id": ids.new()}))
    with work.transaction() as session:
        actions.keep_callback(session, session.get_one(Callback, first.id), work.at())
    assert book(work).id != first.id


def test_a_number_outside_the_allow_list_is_refused(work: Work) -> None:
    with pytest.raises(Forbidden, match="dial_prefixes"):
        book(work, "+4930123456")


def test_a_time_that_has_passed_is_refused(work: Work) -> None:
    with pytest.raises(Invalid, match="future"):
        book(work, due_at=work.at() - timedelta(seconds=1))


# FU-2: "Not reached: try again at another time".
def test_a_missed_customer_is_tried_again_and_given_up_at_last(
    work: Work, bell: RememberingBell, time: SettableTime
) -> None:
    callback_id = book(work).id
    for tries, minutes in ((1, 31), (2, 31), (3, 61)):
        time.moves(minutes=minutes)
        sweep(work, bell)
        assert states(work)[0] == "waiting"
        _miss(work, callback_id)
        assert states(work)[0] == ("booked" if tries < 3 else "failed")
    assert states(work) == ("failed", "broken")


def _miss(work: Work, callback_id: UUID) -> None:
    """An agent was found, the customer was not."""
    from callcenter.callbacks.queries import callback_by_id
    from callcenter.routing.actions import leave_line
    from callcenter.routing.queries import live_wait

    with work.transaction() as session:
        callback = callback_by_id(session, callback_id, lock=True)
        wait = live_wait(session, "callback", callback_id, lock=True)
        assert callback and wait
        leave_line(session, wait, "no_answer", work.at())
        callback.tries += 1
        actions.miss_callback(session, callback, "no_answer", work.at())


@pytest.mark.parametrize(("minutes", "promise"), [(60, "kept"), (70, "kept"), (71, "late")])
def test_kept_within_its_window_or_late(work: Work, time: SettableTime, minutes: int, promise: str) -> None:
    callback_id = book(work).id
    time.moves(minutes=minutes)
    with work.transaction() as session:
        mark_late(session, work.at())
        actions.keep_callback(session, session.get_one(Callback, callback_id), work.at())
    assert states(work) == ("kept", promise)


def test_cancelled_by_the_customer(work: Work, bell: RememberingBell, time: SettableTime) -> None:
    callback_id = book(work).id
    time.moves(seconds=30)
    sweep(work, bell)
    with work.transaction() as session:
        actions.cancel_callback(session, callback_id, work.at(), "wang", "solved by itself")
    assert states(work) == ("cancelled", "cancelled")
    with work.db.reading() as session:
        assert session.scalars(sa.select(Wait.state)).one() == "left"
    with pytest.raises(Conflict, match="cancelled"), work.transaction() as session:
        actions.cancel_callback(session, callback_id, work.at(), "wang", "again")


def test_rescheduled(work: Work, bell: RememberingBell, time: SettableTime) -> None:
    callback_id = book(work).id
    later = work.at() + timedelta(hours=5)
    with work.transaction() as session:
        actions.reschedule_callback(session, callback_id, later, work.at(), "wang")
    time.moves(hours=4)
    sweep(work, bell)
    assert states(work)[0] == "booked"
    time.moves(hours=1)
    sweep(work, bell)
    assert states(work) == ("waiting", "open")


def promised(work: Work) -> Promise:
    """The one promise."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Promise)).one()


# HL-7: "hang up with the caller's consent, call back with the result or the state", "<= 1 h after hang-up".
def test_the_hour_begins_when_the_customer_hangs_up(
    work: Work, bell: RememberingBell, time: SettableTime
) -> None:
    with work.transaction() as session:
        call = calls.call(session, session.scalars(sa.select(centre.Line)).one(), work.at(), outcome="open")
    booked = book(work, rule="HL-7", awaits_call_id=call.id, origin_call_id=call.id)
    time.moves(hours=2)
    sweeps.hang_ups(work)
    sweeps.late_promises(work)
    sweeps.promise_alerts(work)
    sweep(work, bell)
    assert states(work) == ("booked", "open"), "while he talks with us nothing is late and nobody is rung"
    with work.transaction() as session, pytest.raises(Conflict):
        actions.bring_forward(session, booked.id, work.at())
    ended = time.moves(minutes=1)
    with work.transaction() as session:
        session.execute(sa.update(calls.Call).values(ended_at=ended))
    time.moves(seconds=3)
    for _ in range(2):
        sweeps.hang_ups(work)
    owed = promised(work)
    assert (owed.counted_from, owed.due_at, owed.awaits_call_id) == (ended, ended + timedelta(hours=1), None)
    time.at = ended + timedelta(minutes=49)
    sweep(work, bell)
    assert states(work)[0] == "booked", "the agent consults"
    with work.transaction() as session:
        actions.bring_forward(session, booked.id, work.at())
    sweep(work, bell)
    assert states(work)[0] == "waiting"


def test_an_agent_is_looked_for_before_the_hour_is_over(
    work: Work, bell: RememberingBell, time: SettableTime
) -> None:
    hung_up = work.at()
    book(work, rule="HL-7", counted_from=hung_up)
    time.at = hung_up + timedelta(minutes=50)
    sweep(work, bell)
    assert states(work)[0] == "waiting"


def test_an_hour_that_is_over_cannot_be_promised(work: Work) -> None:
    with pytest.raises(Conflict):
        book(work, rule="HL-7", counted_from=work.at() - timedelta(hours=2))


# CP-4: "Customers who complained are called back", "within 3 days".
def test_a_complaints_call_is_due_within_the_days_of_its_line(work: Work) -> None:
    with work.transaction() as session:
        session.scalars(sa.select(centre.Line)).one().policies = {"complaint_callback_days": 1}
    callback = book(work, rule="CP-4")
    assert (promised(work).rule, promised(work).why["days"]) == ("CP-4", 1)
    assert timedelta(days=1) < callback.due_at - work.at() < timedelta(days=2)


def test_moving_keeps_the_time_before_and_the_customers_consent(work: Work) -> None:
    callback = book(work)
    later = work.at() + timedelta(days=2)
    with work.transaction() as session:
        actions.reschedule_callback(
            session, callback.id, later, work.at(), "agent:wang", consent=True, reason="is travelling"
        )
    with work.db.reading() as session:
        moved = session.scalars(sa.select(PromiseMove)).one()
    assert (moved.from_due_at, moved.to_due_at, moved.consent) == (callback.due_at, later, True)
    assert (promised(work).due_at, promised(work).state) == (later, "open")


# He presses the key for "as soon as possible": that is the usual promise, whatever an agent had promised.
def test_moving_without_a_time_is_the_usual_promise(work: Work) -> None:
    callback_id = book(work, due_at=work.at() + timedelta(hours=5)).id
    with work.transaction() as session:
        moved = actions.reschedule_callback(session, callback_id, None, work.at(), "caller", consent=True)
        assert (moved.chosen, moved.due_at) == (False, work.at() + timedelta(hours=1))
    assert (promised(work).why["basis"], promised(work).due_at) == ("working", work.at() + timedelta(hours=1))


def test_who_cancelled_it_and_why_stands_with_the_promise(work: Work) -> None:
    callback = book(work)
    with work.transaction() as session:
        actions.cancel_callback(session, callback.id, work.at(), "agent:wang", "solved by itself")
    assert (promised(work).settled_by, promised(work).reason) == ("agent:wang", "solved by itself")


# FU-5: "an appointed reply time": who is called back has his reply.
def test_a_call_about_a_ticket_is_the_reply_that_was_owed(work: Work, time: SettableTime) -> None:
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        ticket = open_ticket(
            session, kind="general", channel="phone", line_id=line.id, call_id=None, customer_id=None,
            language=None, at=work.at(), actor="test",
        )  # fmt: skip
        due = work.at() + timedelta(hours=5)
        promise_about(session, ticket.number, "FU-5", work.at(), "agent:wang", due_at=due)
        callback = book_in(session, work, ticket_id=ticket.id)
        actions.keep_callback(session, callback, work.at())
    with work.db.reading() as session:
        found = dict(session.execute(sa.select(Promise.rule, Promise.state)).all())
    assert found == {"FU-5": "kept", "HL-8": "kept", "TK-3": "open"}
    with work.transaction() as session:
        actions.reopen_callback(session, callback.id)
    with work.db.reading() as session:
        found = dict(session.execute(sa.select(Promise.rule, Promise.state)).all())
    assert found == {"FU-5": "open", "HL-8": "open", "TK-3": "open"}, "the agent was gone: they never met"


def customer_of(work: Work, *numbers: str) -> UUID:
    """A customer who phones from these numbers."""
    with work.transaction() as session:
        customer = Customer(name="李雷", organisation=None, created_at=work.at())
        session.add(customer)
        session.flush()
        for number in numbers:
            add_number(session, customer.id, number, number)
        return customer.id


# One open callback a person and matter, whichever of his numbers he gives.
def test_a_customer_with_two_numbers_is_owed_one_call_and_at_the_last_number(work: Work) -> None:
    lei = customer_of(work, NUMBER, OTHER)
    first = book(work)
    second = book(work, OTHER)
    assert (second.id, second.number, second.customer_id) == (first.id, OTHER, lei)
    assert states(work) == ("booked", "open"), "one callback, one promise"


def test_another_matter_is_another_call(work: Work) -> None:
    customer_of(work, NUMBER, OTHER)
    first = book(work)
    with work.transaction() as session:
        line = session.scalars(sa.select(centre.Line)).one()
        skill_id = centre.skill(session, "presales")
        second = actions.book_callback(
            session, number=OTHER, line_id=line.id, skill_id=skill_id, language="zh-CN", at=work.at(),
            actor="caller",
        )  # fmt: skip
        assert second.id != first.id


def test_two_people_whom_nobody_knows_are_owed_a_call_each(work: Work) -> None:
    assert book(work).id != book(work, OTHER).id


# From the phone and from the API in the same instant, for two numbers of one person.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_requests_of_one_person_at_once_are_one(work: Work) -> None:
    customer_of(work, NUMBER, OTHER)
    theirs: list[UUID] = []
    rival = threading.Thread(target=lambda: theirs.append(book(work, OTHER).id))
    with work.transaction() as session:
        ours = book_in(session, work).id
        rival.start()
        until_somebody_is_locked_out(work.db, or_done=lambda: bool(theirs))
    rival.join(20)
    assert theirs == [ours]
    assert states(work) == ("booked", "open")

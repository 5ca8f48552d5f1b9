"""Two transactions that meet on the same call: both come through, whoever is first.

Rows are locked in one order, everywhere: callback, call, wait, offer, an agent's leg, agent state. One of
the two pauses with its locks in hand until the other waits for them, or did not have to. PostgreSQL ends a
circle of waiting by failing one of its transactions; on SQLite a writer is alone from its first statement.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.actions import book_callback
from callcenter.calls import queries as calls
from callcenter.calls.actions import record_event
from callcenter.calls.models import Call, Leg
from callcenter.carrier.port import Placement
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.routing import actions as routing
from callcenter.routing import matching, queries
from callcenter.routing.models import Offer, Wait
from callcenter.standards import actions as standards
from callcenter.standards.models import RingMeasure
from callcenter.switchboard import answers, jobs, offers, outcomes, placing, progress, rooms
from callcenter.switchboard.answers import CallerDesks
from ivr import asks
from ivr.turns import Step
from tests.factories import centre
from tests.routing.conftest import Floor
from tests.waiting import until_somebody_is_locked_out

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

PATIENCE = 20


def in_thread(run: Callable[[], None], faults: list[Exception]) -> threading.Thread:
    """Run something beside us and keep what it raises."""

    def body() -> None:
        try:
            run()
        except Exception as fault:  # The test asserts that there was none.
            faults.append(fault)

    thread = threading.Thread(target=body)
    thread.start()
    return thread


def pauses_behind(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> tuple[threading.Event, threading.Event]:
    """Let the first call of a function return only when told so: (it was reached, it may go on)."""
    real, reached, go = getattr(where, name), threading.Event(), threading.Event()

    def pauses(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        if not reached.is_set():
            reached.set()
            go.wait(PATIENCE)
        return found

    monkeypatch.setattr(where, name, pauses)
    return reached, go


def meet(
    floor: Floor,
    monkeypatch: pytest.MonkeyPatch,
    first: Callable[[], None],
    behind: tuple[Any, str],
    second: Callable[[], None],
) -> None:
    """Let `first` pause with its locks behind a function until `second` waits or is through; both succeed."""
    faults: list[Exception] = []
    reached, go = pauses_behind(monkeypatch, *behind)
    one = in_thread(first, faults)
    assert reached.wait(PATIENCE), faults
    two = in_thread(second, faults)
    try:
        until_somebody_is_locked_out(floor.work.db, or_done=lambda: not two.is_alive())
    finally:
        go.set()
        one.join(PATIENCE)
        two.join(PATIENCE)
    assert faults == []
    assert not one.is_alive() and not two.is_alive()


def in_transaction(floor: Floor, does: Callable[[Session], object]) -> Callable[[], None]:
    """Return something that opens one transaction, does this, and commits."""

    def run() -> None:
        with floor.work.transaction() as session:
            does(session)

    return run


def caller_with_a_leg(floor: Floor) -> Call:
    """Somebody phones and waits; return the call, whose leg is known by its SID."""
    wait_id = floor.caller()
    at = floor.work.at()
    with floor.work.transaction() as session:
        call = session.get_one(Call, session.get_one(Wait, wait_id).subject_id)
        leg = Leg(sid=call.sid, call_id=call.id, role="caller", state="answered", created_at=at)
        leg.checked_at, leg.turn = at, 1
        session.add(leg)
    return call


def agent_whom_nobody_asked_yet(floor: Floor) -> None:
    """An agent comes while the bell is dead: he is free, and not matched."""
    floor.bell.dead = True
    floor.agent("wang")
    floor.bell.dead = False


def hangs_up(floor: Floor, call: Call) -> Callable[[], None]:
    """The caller's final status."""
    at = floor.work.at()
    report = progress.Report(str(call.sid), "completed", at, at, {})
    return in_transaction(floor, lambda s: progress.inbound_call(s, report, from_raw="", to_raw=""))


def rings(floor: Floor) -> Callable[[], None]:
    """The first status of the agent's phone."""
    attempt, at = the_attempt(floor), floor.work.at()
    report = progress.Report(str(attempt.sid), "ringing", at, at, {})
    return in_transaction(floor, lambda s: progress.placed_leg(s, attempt.id, report))


def the_attempt(floor: Floor) -> Attempt:
    """The one call that was placed."""
    with floor.work.db.reading() as session:
        return session.scalars(sa.select(Attempt)).one()


def notes_a_turn(session: Session, floor: Floor, call_id: UUID | None, leg_sid: str, step: str) -> None:
    """Write down a document that a leg was given, as the driver does."""
    at = floor.work.at()
    record_event(
        session, call_id=call_id, leg_sid=leg_sid, key=f"given-{step}", kind="turn", at=at, recorded_at=at,
        detail={"step": step},
    )  # fmt: skip


def assert_nobody_is_asked(floor: Floor) -> None:
    """The caller has gone, and no phone rings for him."""
    assert floor.rung() == []
    with floor.work.db.reading() as session:
        assert set(session.scalars(sa.select(Wait.state))) == {"left"}


# A new offer refers to its call: the check of that foreign key must not wait for who has locked the call.
def test_a_match_meets_the_callers_hang_up(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    call = caller_with_a_leg(floor)
    agent_whom_nobody_asked_yet(floor)
    matches = partial(jobs.match, floor.work, "all")
    meet(floor, monkeypatch, matches, (queries, "claim"), hangs_up(floor, call))
    assert_nobody_is_asked(floor)


def test_a_match_meets_the_callers_waiting_document(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    call = caller_with_a_leg(floor)
    agent_whom_nobody_asked_yet(floor)

    def asks_how_long(session: Session) -> None:
        leg = calls.leg_by_sid(session, str(call.sid), lock=True)
        locked = calls.call_by_id(session, call.id, lock=True)
        assert leg is not None
        line = session.get_one(centre.Line, floor.line_id)
        desks = CallerDesks(session, locked, leg, line, floor.work.at())
        desks.answer(asks.HowLong(), Step("caller", 1, "counting", {"language": "zh-CN"}))

    matches = partial(jobs.match, floor.work, "all")
    meet(floor, monkeypatch, matches, (queries, "claim"), in_transaction(floor, asks_how_long))
    assert [offer.state for offer in floor.offers()] == ["ringing"]


# 0002: the key, its effects and the document that it is answered with are one transaction.
def test_an_acceptance_meets_the_hang_up(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.agent("wang")
    call = caller_with_a_leg(floor)
    (offer,) = floor.offers()

    def accepts(session: Session) -> None:
        assert offers.accept_offer(session, offer.id, floor.work.at()) is not None
        notes_a_turn(session, floor, call.id, str(offer.leg_sid), "talking")

    first = in_transaction(floor, accepts)
    meet(floor, monkeypatch, first, (offers, "accept_offer"), hangs_up(floor, call))
    assert_nobody_is_asked(floor)
    assert [(it.state, it.reason) for it in floor.offers()] == [("ended", "caller_gone")]


def test_a_hang_up_meets_the_first_status_of_the_agents_phone(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.agent("wang")
    call = caller_with_a_leg(floor)
    meet(floor, monkeypatch, hangs_up(floor, call), (queries, "live_wait"), rings(floor))
    assert_nobody_is_asked(floor)


def test_the_first_status_of_a_phone_meets_a_decline(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.agent("wang")
    caller_with_a_leg(floor)
    (offer,) = floor.offers()
    declines = in_transaction(floor, lambda s: offers.decline_offer(s, offer.id, floor.work.at()))
    meet(floor, monkeypatch, rings(floor), (progress, "leg_of_attempt"), declines)
    assert [it.state for it in floor.offers()] == ["declined"]


# The row of a measure refers to offer and call, and is written while the two meet.
def test_a_measure_meets_the_meeting(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.agent("wang")
    call = caller_with_a_leg(floor)
    (offer,) = floor.offers()
    with floor.work.transaction() as session:
        offers.accept_offer(session, offer.id, floor.work.at())
        notes_a_turn(session, floor, call.id, str(offer.leg_sid), "talking")

    def meets(session: Session) -> None:
        rooms.customer_in_room(session, session.get_one(Offer, offer.id), floor.work.at())

    measures = partial(jobs.measure_offer, floor.work, str(offer.id))
    meet(floor, monkeypatch, measures, (standards, "_leg_of"), in_transaction(floor, meets))
    assert [it.state for it in floor.offers()] == ["joined"]
    with floor.work.db.reading() as session:
        assert session.scalars(sa.select(RingMeasure.offer_id)).all() == [offer.id]


# The rule of `stop_ringing`: "An attempt whose answer is still out is hung up when its SID arrives."
def test_the_sid_arrives_while_the_ringing_is_stopped(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.bell.dead = True
    floor.agent("wang")
    wait_id = floor.caller()
    with floor.work.transaction() as session:
        assert matching.offer_next(session, floor.work.at())
    floor.bell.dead = False
    with floor.work.transaction() as session:
        claimed = dialing.claim(session, the_attempt(floor).id, floor.work.at())
    assert claimed is not None
    asked = Placement(claimed.to_address, claimed.from_number, "", "", "", claimed.timeout_seconds)
    sid = floor.twin.place(asked)

    def leaves(session: Session) -> None:
        routing.leave_line(session, queries.lock_wait(session, wait_id), "hung_up", floor.work.at())
        session.flush()

    first = in_transaction(floor, leaves)
    binds = partial(placing.bind_placed, floor.work, claimed, sid)
    meet(floor, monkeypatch, first, (routing, "leave_line"), binds)
    floor.bell.drain(floor.work)
    assert [(order.verb, order.sid) for order in floor.twin.orders] == [("hang_up", sid)]


# The dialing protocol, 2: the allow-list is checked again before the request.
def test_a_refusal_to_dial_meets_the_hang_up(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_whom_nobody_asked_yet(floor)
    floor.bell.dead = True
    call = caller_with_a_leg(floor)
    with floor.work.transaction() as session:
        assert matching.offer_next(session, floor.work.at())
    floor.bell.dead = False
    monkeypatch.setattr(placing, "may_dial", lambda *_: False)
    refuses = partial(placing.place_attempt, floor.work, str(the_attempt(floor).id))
    meet(floor, monkeypatch, refuses, (outcomes, "is_wanted"), hangs_up(floor, call))
    assert_nobody_is_asked(floor)
    assert the_attempt(floor).state == "not_placed"


# 0023: whoever is owed a call and phones in waits in its place; somebody books one for the same number.
def test_a_booking_meets_the_customer_who_phones_in(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "skill_for", lambda *_: floor.skill_id)
    floor.agent("wang")
    books, phones = caller_with_a_leg(floor), caller_with_a_leg(floor)
    step, number = Step("caller", 1, "booking", {"language": "zh-CN"}), "+8613800138000"
    with floor.work.transaction() as session:
        owed = book_callback(
            session, number=number, line_id=floor.line_id, skill_id=floor.skill_id, language="zh-CN",
            at=floor.work.at(), actor="test",
        )  # fmt: skip
        session.get_one(Call, phones.id).callback_id = owed.id

    def at_the_desks(call: Call, *asked: asks.Ask) -> Callable[[], None]:
        def run(session: Session) -> None:
            found = calls.take_leg_and_call(session, str(call.sid), "1")
            assert found is not None
            line = session.get_one(centre.Line, floor.line_id)
            desks = CallerDesks(session, found[1], found[0], line, floor.work.at())
            for ask in asked:
                desks.answer(ask, step)

        return in_transaction(floor, run)

    second = at_the_desks(phones, asks.FindAgent("general"), asks.OpenTicket("general"))
    meet(floor, monkeypatch, at_the_desks(books, asks.BookCallback(number)), (answers, "open_ticket"), second)

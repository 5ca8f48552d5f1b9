"""Calls we place: never twice, never forgotten (reliability: the dialing protocol, step by step)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.calls.models import CallEvent
from callcenter.carrier.port import NotPlaced
from callcenter.carrier.twin import Twin
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.dialing.rules import is_signed, signature
from callcenter.jobs import Work, perform
from callcenter.ledger.models import LedgerEntry
from callcenter.metrics import SECOND_SIDS
from callcenter.switchboard import jobs, placed, placing, sweeps  # noqa: F401  Importing jobs names them.
from tests.doubles import RememberingBell, SettableTime
from tests.factories import added
from tests.factories import centre as centres

NUMBER = "+8613800138000"


@pytest.fixture(autouse=True)
def a_centre(work: Work) -> None:
    """A centre that may dial China."""
    with work.transaction() as session:
        centres.centre(session)
        centres.line(session)
        centres.skill(session)


def intend(work: Work, target: str = NUMBER) -> UUID | None:
    """Write an intent for the callback whose agent waits."""
    at = work.at()
    with work.transaction() as session:
        line = session.scalars(sa.select(centres.Line)).one()
        callback = session.scalars(sa.select(Callback)).first() or added(session, Callback(
            id=ids.new(), number=NUMBER, line_id=line.id, skill_id=centres.skill(session), language="zh-CN",
            state="agent", created_at=at, created_by="test", due_at=at, next_try_at=at, tries=1,
        ))  # fmt: skip
        return dialing.intend(
            session, purpose_kind="callback", purpose_id=callback.id, target=target, to_address=NUMBER,
            from_number="+862155550100", timeout_seconds=40, at=work.at(),
        )  # fmt: skip


def read(work: Work, attempt_id: UUID | None) -> Attempt:
    """Return the attempt as it stands."""
    with work.db.reading() as session:
        return session.execute(sa.select(Attempt).where(Attempt.id == attempt_id)).scalar_one()


def test_an_intent_becomes_one_live_call(work: Work, twin: Twin, bell: RememberingBell) -> None:
    attempt_id = intend(work)
    assert twin.placed == [], "nothing is dialled before the intent is committed and its bell rung"
    bell.drain(work)
    attempt = read(work, attempt_id)
    assert (attempt.state, attempt.sid) == ("live", twin.placed[0].sid)
    assert signature(work.secret_key, attempt.id) in twin.placed[0].placement.url


# "The row is the truth and Redis is a doorbell": a job that is rung five times dials once.
def test_a_bell_that_rings_again_dials_nobody(work: Work, twin: Twin, bell: RememberingBell) -> None:
    attempt_id = intend(work)
    for _ in range(5):
        perform(work, "place_attempt", str(attempt_id))
    assert len(twin.placed) == 1


# "at most one unresolved or live attempt per target by partial unique index".
def test_a_target_is_rung_once_at_a_time(work: Work, twin: Twin, bell: RememberingBell) -> None:
    first = intend(work)
    assert intend(work) is None
    bell.drain(work)
    assert intend(work) is None, "a live call still occupies its target"
    with work.transaction() as session:
        dialing.settle(session, read(work, first).id, "ended", "completed", work.at())
    assert intend(work) is not None


# Step 3: "4xx, 429, DNS, refused, connect timeout: definitely not placed, a new attempt is allowed."
def test_a_refusal_frees_the_target(work: Work, twin: Twin, bell: RememberingBell) -> None:
    twin.refuse("place", NotPlaced("429 Too Many Requests"))
    attempt_id = intend(work)
    bell.drain(work)
    assert read(work, attempt_id).state == "not_placed"
    assert intend(work) is not None


# The protocol says: "Read timeout, reset, 5xx, or the worker's death: UNKNOWN."
def test_a_lost_answer_is_unknown_and_nobody_dials_again(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    twin.lose_answer()
    attempt_id = intend(work)
    bell.drain(work)
    assert read(work, attempt_id).state == "unknown"
    time.moves(hours=1)
    sweeps.lost_bells(work)
    bell.drain(work)
    assert len(twin.placed) == 1
    assert intend(work) is None


# "UNKNOWN becomes NOT_PLACED only after two complete listings, 120 s and 180 s after SENDING, show no
# unbound call to that number."
def test_two_empty_listings_settle_it(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    attempt_id = intend(work)
    with work.transaction() as session:
        dialing.claim(session, read(work, attempt_id).id, work.at())
    bell.rung.clear()
    time.moves(seconds=11)
    sweeps.dead_senders(work)
    assert read(work, attempt_id).state == "sending", "the carrier may take ten seconds"
    time.moves(seconds=20)
    sweeps.dead_senders(work)
    assert read(work, attempt_id).state == "unknown", "the worker died between SENDING and the answer"
    states = []
    for _ in range(11):
        time.moves(seconds=15)
        sweeps.unknown_calls(work)
        bell.drain(work)
        states.append(read(work, attempt_id).state)
    assert states == ["unknown"] * 9 + ["not_placed"] * 2, "119 s, then 180 s, after SENDING"


def test_a_call_in_the_list_is_ours(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    twin.lose_answer()
    attempt_id = intend(work)
    bell.drain(work)
    time.moves(seconds=121)
    sweeps.unknown_calls(work)
    bell.drain(work)
    attempt = read(work, attempt_id)
    assert (attempt.state, attempt.sid) == ("live", twin.placed[0].sid)


# "more than one candidate: a person".
def test_two_candidates_are_left_to_a_person(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    twin.lose_answer()
    attempt_id = intend(work)
    bell.drain(work)
    twin.place(twin.placed[0].placement)
    time.moves(seconds=121)
    sweeps.unknown_calls(work)
    bell.drain(work)
    attempt = read(work, attempt_id)
    assert (attempt.state, attempt.reason, attempt.sid) == ("unknown", "needs_human", None)


# "Any webhook with the token binds the SID, first one wins; a second SID for one attempt is hung up".
def test_the_first_sid_wins(work: Work, bell: RememberingBell) -> None:
    attempt_id = intend(work)
    with work.transaction() as session:
        attempt = dialing.claim(session, read(work, attempt_id).id, work.at())
        assert attempt is not None
    first, second = "CA" + "1" * 32, "CA" + "2" * 32
    for sid, what in ((first, "the first"), (first, "the same again is no rival"), (second, "a second one")):
        with work.transaction() as session:
            dialing.bind(session, attempt.id, sid)
        assert (read(work, attempt_id).sid, read(work, attempt_id).state) == (first, "live"), what


def test_the_allow_list_is_checked_again_before_dialing(
    work: Work, twin: Twin, bell: RememberingBell
) -> None:
    attempt_id = intend(work)
    with work.transaction() as session:
        session.execute(sa.text("UPDATE centres SET dial_prefixes = '[\"+1\"]'"))
    bell.drain(work)
    assert twin.placed == []
    assert (read(work, attempt_id).state, read(work, attempt_id).reason) == ("not_placed", "not_allowed")


def test_a_lost_bell_is_found_by_the_sweep(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    bell.dead = True
    intend(work)
    bell.dead = False
    sweeps.lost_bells(work)
    bell.drain(work)
    assert twin.placed == [], "the bell is given a moment to ring by itself"
    time.moves(seconds=6)
    sweeps.lost_bells(work)
    bell.drain(work)
    assert len(twin.placed) == 1


def test_orders_are_kept_until_they_are_carried_out(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    from callcenter.carrier.port import CarrierDown

    sid = twin.arrives(NUMBER, "+862155550100")
    twin.refuse("hang_up", CarrierDown("503"), CarrierDown("503"))
    with work.transaction() as session:
        dialing.order(session, key="hangup:1", verb="hang_up", sid=sid, at=work.at())
        dialing.order(session, key="hangup:1", verb="hang_up", sid=sid, at=work.at())
    bell.drain(work)
    for _ in range(4):
        time.moves(seconds=5)
        sweeps.lost_bells(work)
        bell.drain(work)
    with work.db.reading() as session:
        order = session.execute(sa.select(CarrierOrder)).scalar_one()
    assert (order.state, order.tries) == ("done", 2)
    assert [given.verb for given in twin.orders] == ["hang_up"]


# SIGSTOP between the commit and the request: when the worker goes on, another attempt may have been made.
def test_a_worker_that_was_stopped_for_too_long_dials_nobody(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_after(monkeypatch, placing, "_claim", time)
    attempt_id = intend(work)
    bell.drain(work)
    assert twin.placed == []
    assert read(work, attempt_id).state == "not_placed", (
        "nobody else has asked for it, so nobody will be rung"
    )


def stopped_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, time: SettableTime) -> None:
    """Let a worker stand still for four minutes behind a step."""
    real = getattr(module, name)

    def stands_still(*given: Any) -> Any:
        done = real(*given)
        time.moves(minutes=4)
        return done

    monkeypatch.setattr(module, name, stands_still)


def test_an_order_that_was_lost_meanwhile_is_left_to_the_next_worker(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = twin.arrives(NUMBER, "+862155550100")
    with work.transaction() as session:
        dialing.order(session, key="hangup:3", verb="hang_up", sid=sid, at=work.at())
    with monkeypatch.context() as patched:
        stopped_after(patched, dialing, "claim_order", time)
        bell.drain(work)
    assert twin.orders == []
    sweeps.lost_bells(work)
    bell.drain(work)
    assert [given.verb for given in twin.orders] == ["hang_up"]


def test_a_worker_that_was_stopped_lets_nothing_be_given_again_that_is_done(work: Work) -> None:
    with work.transaction() as session:
        dialing.order(session, key="hangup:4", verb="hang_up", sid="CA" + "8" * 32, at=work.at())
        order_id = session.scalars(sa.select(CarrierOrder.id)).one()
    with work.transaction() as session:
        order = dialing.claim_order(session, order_id, work.at())
        assert order is not None
        dialing.finish_order(session, order_id, "done", None, work.at())
    with work.transaction() as session:
        dialing.retry_order(session, order, "no answer", work.at())
    with work.db.reading() as session:
        assert session.execute(sa.select(CarrierOrder.state)).scalar_one() == "done"


def test_a_gone_call_is_no_incident(work: Work, bell: RememberingBell) -> None:
    with work.transaction() as session:
        dialing.order(session, key="hangup:2", verb="hang_up", sid="CA" + "9" * 32, at=work.at())
    bell.drain(work)
    with work.db.reading() as session:
        assert session.execute(sa.select(CarrierOrder.state)).scalar_one() == "gone"


def test_an_order_may_wait_and_an_earlier_time_wins(
    work: Work, twin: Twin, bell: RememberingBell, time: SettableTime
) -> None:
    sid = twin.arrives(NUMBER, "+862155550100")

    def order(due_in: float) -> None:
        with work.transaction() as session:
            due = work.at() + timedelta(seconds=due_in)
            dialing.order(session, key="summon:1", verb="hang_up", sid=sid, at=work.at(), due_at=due)

    order(3)
    bell.drain(work)
    assert twin.orders == []
    order(0)
    bell.drain(work)
    assert len(twin.orders) == 1
    order(9)
    time.moves(seconds=20)
    sweeps.lost_bells(work)
    bell.drain(work)
    assert len(twin.orders) == 1, "an order that was carried out is not given again"


def test_an_address_is_proven_by_its_token() -> None:
    one, other = ids.new(), ids.new()
    token = signature("secret", one)
    assert is_signed("secret", one, token)
    assert not is_signed("secret", other, token)
    assert not is_signed("another secret", one, token)


# Step 4: "a second SID for one attempt is hung up, cancelled and alarmed".
def test_a_second_sid_is_stopped_and_told(work: Work, twin: Twin, bell: RememberingBell) -> None:
    attempt_id = intend(work)
    assert attempt_id is not None
    bell.drain(work)
    second = twin.place(twin.placed[0].placement)
    before = counted()
    with capture_logs() as logs:
        for _ in range(3):  # Each of its webhooks says it again.
            with work.transaction() as session:
                assert placed.leg_of_attempt(session, attempt_id, second, work.at()) is None
            bell.drain(work)
    assert [(order.verb, order.sid) for order in twin.orders] == [("cancel", second)]
    assert twin.calls[second].status == "canceled"
    assert (read(work, attempt_id).sid, read(work, attempt_id).state) == (twin.placed[0].sid, "live")
    (told,) = [line for line in logs if line["event"] == "attempt.second_sid"]
    assert (told["call_sid"], told["log_level"]) == (second, "error")
    assert counted() == before + 1
    with work.db.reading() as session:
        (event,) = session.scalars(sa.select(CallEvent).where(CallEvent.kind == "second_sid"))
        (entry,) = session.scalars(sa.select(LedgerEntry))
    assert (event.leg_sid, event.detail["first"]) == (second, twin.placed[0].sid)
    assert (entry.action, entry.detail["second"]) == ("attempt.second_sid", second)


def test_a_second_call_that_was_picked_up_is_hung_up(work: Work, twin: Twin, bell: RememberingBell) -> None:
    attempt_id = intend(work)
    assert attempt_id is not None
    bell.drain(work)
    second = twin.place(twin.placed[0].placement)
    twin.becomes(second, "in-progress")
    with work.transaction() as session:
        placed.leg_of_attempt(session, attempt_id, second, work.at())
    bell.drain(work)
    assert twin.calls[second].status == "completed"


# A call that comes to light after its attempt was settled must not live: its target may be rung anew.
def test_a_call_of_a_settled_attempt_is_stopped(work: Work, twin: Twin, bell: RememberingBell) -> None:
    twin.lose_answer()
    attempt_id = intend(work)
    assert attempt_id is not None
    bell.drain(work)
    with work.transaction() as session:
        dialing.settle(session, attempt_id, "not_placed", "two listings show no call", work.at())
    sid = twin.placed[0].sid
    with work.transaction() as session:
        assert placed.leg_of_attempt(session, attempt_id, sid, work.at()) is None
    bell.drain(work)
    assert twin.calls[sid].status == "canceled"


def counted() -> float:
    """Return how many calls were stopped so, as Prometheus has it."""
    return SECOND_SIDS._value.get()

"""Who may be rung, when, and how often: looked at again in the moment in which the call is to leave."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from callcenter import revision
from callcenter.calendars.models import CalendarPeriod
from callcenter.callbacks import actions as callbacks
from callcenter.carrier.port import Ambiguous, NotPlaced, Placement
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import DialCount
from callcenter.dialing.rules import SENDING_LOST_AFTER
from callcenter.organisation.queries import centre
from callcenter.routing.models import AgentState, Offer
from callcenter.staff.models import Agent
from callcenter.switchboard import placing, sweeps
from tests.dialing.conftest import CUSTOMER, Desk

EVENING = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 19:00 in China.


def opens_at(desk: Desk, opens: int, closes: int) -> None:
    """Let the line be open from hour to hour on every day."""
    with desk.work.transaction() as session:
        hours = {"opens_minute": opens * 60, "closes_minute": closes * 60}
        session.execute(sa.update(CalendarPeriod).values(hours))
        revision.move(session.connection())


# "INTENT -> SENDING by compare-and-set with fence and lease".
def test_a_claim_has_a_fence_and_a_lease(desk: Desk) -> None:
    attempt_id = desk.customer()
    with desk.work.transaction() as session:
        claimed = dialing.claim(session, attempt_id, desk.work.at())
    assert claimed is not None
    assert (claimed.state, claimed.fence) == ("sending", 1)
    assert claimed.lease_until == desk.work.at() + SENDING_LOST_AFTER


# "SIGSTOP past the lease, then SIGCONT: 0 stale writes, 0 double dials".
def test_who_slept_through_his_lease_dials_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt_id = desk.customer()
    claim = placing._claim

    def and_sleep(*given: object) -> object:
        claimed = claim(*given)  # type: ignore[arg-type]
        desk.time.moves(seconds=31)
        return claimed

    monkeypatch.setattr(placing, "_claim", and_sleep)
    desk.drain()
    assert desk.twin.placed == []
    assert desk.told(attempt_id) == ("not_placed", "lease_over")


@pytest.mark.parametrize("late", [NotPlaced("429/20429"), Ambiguous("ReadTimeout")])
def test_a_verdict_after_the_lease_is_not_heard(
    desk: Desk, late: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_id = desk.customer()

    def answers_late(_placement: Placement) -> str:
        desk.time.moves(seconds=31)
        sweeps.dead_senders(desk.work)
        raise late

    monkeypatch.setattr(desk.twin, "place", answers_late)
    desk.drain()
    attempt = desk.read(attempt_id)
    assert (attempt.state, attempt.reason) == ("unknown", "the worker died while sending")
    assert attempt.fence == 2, "whoever takes over has a higher fence"


def test_a_sid_that_comes_after_the_lease_is_evidence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt_id = desk.customer()
    place = desk.twin.place

    def answers_late(placement: Placement) -> str:
        desk.time.moves(seconds=31)
        sweeps.dead_senders(desk.work)
        return place(placement)

    monkeypatch.setattr(desk.twin, "place", answers_late)
    desk.drain()
    assert desk.told(attempt_id)[0] == "live"


# The release before wrote no lease: its claims are found by the time at which they were sent.
def test_a_claim_without_a_lease_is_lost_all_the_same(desk: Desk) -> None:
    attempt_id = desk.customer()
    with desk.work.transaction() as session:
        dialing.claim(session, attempt_id, desk.work.at())
        session.execute(sa.text("UPDATE attempts SET lease_until = NULL"))
    desk.time.moves(seconds=31)
    sweeps.dead_senders(desk.work)
    assert desk.told(attempt_id)[0] == "unknown"


# "Caps per agent, destination and day, in the database".
def test_a_numbers_cap_refuses_and_the_callback_waits_for_the_next_day(desk: Desk) -> None:
    desk.policy(number_calls_per_day=1)
    desk.customer()
    desk.drain()
    with desk.work.transaction() as session:
        session.execute(sa.text("UPDATE attempts SET state = 'ended'"))
        session.execute(sa.text("UPDATE callbacks SET state = 'kept'"))
    second = desk.customer(callback_id=desk.owes(minutes=60 * 30))
    desk.drain()
    assert len(desk.twin.placed) == 1
    assert desk.told(second) == ("not_placed", "number_cap")
    callback = desk.callback(second)
    assert (callback.state, callback.reason, callback.tries) == ("booked", "number_cap", 0)
    assert callback.next_try_at == datetime(2026, 11, 22, 0, 0, tzinfo=UTC), "08:00 in China, the next day"


def test_all_customers_have_a_cap_together(desk: Desk) -> None:
    desk.policy(customer_calls_per_day=2)
    attempts = [desk.customer(f"+861380013800{n}") for n in range(3)]
    desk.drain()
    assert len(desk.twin.placed) == 2
    assert desk.told(attempts[2]) == ("not_placed", "day_cap")
    assert {(row.scope, row.calls) for row in desk.rows(DialCount)} == {("number", 1), ("customers", 2)}


def test_an_extension_is_no_other_destination(desk: Desk) -> None:
    desk.policy(number_calls_per_day=1)
    attempts = [desk.customer(f"+862155550111;ext=80{n}") for n in range(2)]
    desk.drain()
    assert [desk.told(each)[1] for each in attempts] == [None, "number_cap"]


def test_an_agents_cap_lets_him_rest_and_the_caller_goes_on(desk: Desk) -> None:
    desk.policy(agent_calls_per_day=1)
    desk.agent("wang")
    desk.drain()
    with desk.work.transaction() as session:
        session.execute(sa.text("UPDATE attempts SET state = 'ended'"))
        session.execute(sa.text("UPDATE offers SET state = 'ended'"))
    second = desk.agent("wang")
    desk.drain()
    assert len(desk.twin.placed) == 1
    assert desk.told(second) == ("not_placed", "agent_cap")
    (offer,) = [offer for offer in desk.rows(Offer) if offer.id == desk.read(second).purpose_id]
    (state,) = desk.rows(AgentState)
    assert (offer.state, offer.reason) == ("failed", "agent_cap")
    assert state.until == desk.work.at() + timedelta(minutes=15)


def test_a_refusal_of_the_carrier_is_not_counted(desk: Desk) -> None:
    desk.twin.refuse("place", NotPlaced("429/20429"))
    desk.customer()
    desk.drain()
    assert {row.calls for row in desk.rows(DialCount)} == {0}


# "counted by conditional updates, no process state": the count is the same whoever else counts.
def test_a_cap_holds_when_many_count_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "others_come_first", lambda *_: False)
    desk.policy(customer_calls_per_day=3)
    attempts = [desk.customer(f"+861380013800{n}") for n in range(8)]
    desk.bell.rung.clear()
    start = Barrier(8)

    def place(attempt_id: object) -> None:
        start.wait()
        placing.place_attempt(desk.work, str(attempt_id))

    threads = [Thread(target=place, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.twin.placed) == 3
    assert sorted(str(desk.told(each)[1]) for each in attempts) == ["None"] * 3 + ["day_cap"] * 5


def test_old_counts_are_forgotten(desk: Desk) -> None:
    desk.customer()
    desk.drain()
    desk.time.moves(days=2)
    sweeps.old_counts(desk.work)
    assert len(desk.rows(DialCount)) == 2
    desk.time.moves(days=3)
    sweeps.old_counts(desk.work)
    assert desk.rows(DialCount) == []


# "caps, allow-list and quiet hours checked here again": an intent may have waited for hours.
def test_a_customer_is_not_rung_at_night(desk: Desk) -> None:
    desk.time.at = EVENING
    opens_at(desk, 9, 18)
    attempt_id = desk.customer(callback_id=desk.owes(minutes=60 * 24))
    desk.drain()
    assert desk.twin.placed == []
    assert desk.told(attempt_id) == ("not_placed", "quiet_hours")
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.tries) == ("booked", 0)
    assert callback.next_try_at == datetime(2026, 11, 24, 1, 0, tzinfo=UTC), "09:00 in China"


# An intent of the evening has waited: the customer is asleep by now, though the line is open.
def test_a_customer_is_not_woken_on_a_line_that_is_always_open(desk: Desk) -> None:
    desk.time.at = EVENING
    attempt_id = desk.customer(callback_id=desk.owes(minutes=60 * 24))
    desk.time.moves(hours=3)
    desk.drain()
    assert desk.twin.placed == []
    assert desk.told(attempt_id) == ("not_placed", "quiet_hours")
    callback = desk.callback(attempt_id)
    assert (callback.state, callback.tries) == ("booked", 0)
    assert callback.next_try_at == datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "08:00 in China"


def test_who_has_chosen_a_time_at_night_is_rung_at_it(desk: Desk) -> None:
    desk.time.at = EVENING
    callback_id = desk.owes(minutes=60 * 4)
    with desk.work.transaction() as session:
        session.execute(sa.text("UPDATE callbacks SET chosen = true"))
    desk.time.moves(hours=4)
    attempt_id = desk.customer(callback_id=callback_id)
    desk.drain()
    assert desk.told(attempt_id)[0] == "live"


# His own clock decides: it is 06:00 in New York, and the afternoon in China.
def test_a_customer_abroad_is_not_woken(desk: Desk) -> None:
    with desk.work.transaction() as session:
        centre(session).dial_prefixes = ["+86", "+1212"]
    desk.time.at = EVENING - timedelta(hours=3)
    attempt_id = desk.customer("+12125550123")
    desk.time.moves(hours=3)
    desk.drain()
    assert desk.told(attempt_id) == ("not_placed", "quiet_hours")


def test_a_promise_that_is_being_carried_out_at_closing_is_carried_out(desk: Desk) -> None:
    desk.time.at = EVENING
    opens_at(desk, 9, 19)
    attempt_id = desk.customer()
    desk.drain()
    assert desk.told(attempt_id)[0] == "live"


def test_an_agent_is_rung_at_night(desk: Desk) -> None:
    desk.time.at = EVENING
    opens_at(desk, 9, 18)
    attempt_id = desk.agent()
    desk.drain()
    assert desk.told(attempt_id)[0] == "live"


# Nobody sits in a room for a customer who may not be rung.
@pytest.mark.parametrize("why", ["quiet_hours", "day_cap"])
def test_no_agent_is_asked_for_a_call_that_may_not_be_placed(desk: Desk, why: str) -> None:
    desk.time.at = EVENING
    if why == "quiet_hours":
        opens_at(desk, 9, 18)
    else:
        desk.policy(customer_calls_per_day=1)
        desk.customer("+8613800138009")
        desk.drain()
    callback_id = desk.owes(state="booked", minutes=60 * 24)
    with desk.work.transaction() as session:
        assert not callbacks.start_callback(session, callback_id, desk.work.at())
        callback = session.get_one(callbacks.Callback, callback_id)
        assert (callback.state, callback.reason) == ("booked", why)
        assert callback.next_try_at > desk.work.at()


# "`client:` only for known agents".
def test_only_an_agents_browser_is_rung(desk: Desk) -> None:
    known, unknown = desk.agent("wang", "client:" + "a" * 32), desk.agent("li", "client:" + "b" * 32)
    with desk.work.transaction() as session:
        session.execute(sa.update(Agent).where(Agent.key == "li").values(active=False))
    desk.drain()
    assert desk.told(known)[0] == "live"
    assert desk.told(unknown) == ("not_placed", "not_allowed")


def test_what_is_counted_tells_no_number(desk: Desk) -> None:
    desk.customer()
    desk.drain()
    assert all(CUSTOMER[-8:] not in str(row.key) for row in desk.rows(DialCount))

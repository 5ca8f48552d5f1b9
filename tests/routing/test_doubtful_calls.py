"""Calls of which we do not know enough: placed perhaps, stamped by another clock, met by one alone."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.callbacks import actions as callbacks
from callcenter.callbacks.models import Callback
from callcenter.calls.actions import record_event
from callcenter.calls.models import Call
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.promises.models import Promise
from callcenter.routing.models import Offer
from callcenter.switchboard import placing, progress, rooms, sweeps
from tests.factories import calls as made
from tests.factories import centre
from tests.routing.conftest import Floor

NUMBER = "+8613800138000"


def books(floor: Floor) -> UUID:
    """A customer is promised a call."""
    with floor.work.transaction() as session:
        booked = callbacks.book_callback(
            session, number=NUMBER, line_id=floor.line_id, skill_id=floor.skill_id, language="zh-CN",
            at=floor.work.at(), actor="api",
        )  # fmt: skip
        return booked.id


def intends(floor: Floor, purpose_id: UUID, number: str) -> UUID:
    """A call to a customer is to be placed; nobody has taken it up."""
    with floor.work.transaction() as session:
        line = session.get_one(centre.Line, floor.line_id)
        attempt_id = dialing.intend(
            session, purpose_kind="callback", purpose_id=purpose_id, target=number, to_address=number,
            from_number=line.number, timeout_seconds=40, at=floor.work.at(),
        )  # fmt: skip
    floor.bell.rung.clear()
    assert attempt_id is not None
    return attempt_id


def an_agent_waits_for(floor: Floor, number: str) -> UUID:
    """A callback whose agent has accepted; return the intent to ring the customer."""
    at = floor.work.at()
    with floor.work.transaction() as session:
        callback = Callback(
            id=ids.new(), number=number, line_id=floor.line_id, skill_id=floor.skill_id, language="zh-CN",
            state="agent", created_at=at, created_by="test", due_at=at, next_try_at=at, tries=1,
        )  # fmt: skip
        session.add(callback)
    return intends(floor, callback.id, number)


# 0004, 5: "One such call is ours." Twilio lists calls by the number that was dialled, which has no extension,
# and by the day in UTC on which they began: the carrier's day, not that of our request.
@pytest.mark.parametrize(
    ("number", "begins_after"),
    [("+862155550111;ext=12", 0), (NUMBER, 2)],
    ids=["with an extension", "over midnight"],
)
def test_a_call_whose_answer_was_lost_is_found(floor: Floor, number: str, begins_after: int) -> None:
    floor.time.at = floor.time.at.replace(hour=23, minute=59, second=59)
    attempt_id = an_agent_waits_for(floor, number)
    floor.twin.now = lambda: floor.time.at + timedelta(seconds=begins_after)
    floor.twin.lose_answer()
    placing.place_attempt(floor.work, str(attempt_id))
    for _ in range(20):
        floor.time.moves(seconds=15)
        sweeps.unknown_calls(floor.work)
        floor.bell.drain(floor.work)
    with floor.work.db.reading() as session:
        attempt = session.get_one(Attempt, attempt_id)
    assert (attempt.state, attempt.sid) == ("live", floor.twin.placed[0].sid)
    assert len(floor.twin.placed) == 1, "nobody is rung twice"


# 0004, 5: "More than one: the row waits for a person (`needs_human`)." The call stays owed until he has said,
# and no agent is asked to ring whom we must not ring.
def test_a_number_that_stays_unresolved_bothers_no_agent(floor: Floor) -> None:
    attempt_id = intends(floor, ids.new(), NUMBER)
    with floor.work.transaction() as session:
        assert dialing.claim(session, attempt_id, floor.work.at()) is not None
        assert dialing.settle(session, attempt_id, "unknown", "needs_human", floor.work.at())
    callback_id = books(floor)
    floor.agent("wang")
    for _ in range(24):
        floor.passes(minutes=10)
        sweeps.callbacks_due(floor.work)
        floor.bell.drain(floor.work)
    with floor.work.db.reading() as session:
        callback = session.get_one(Callback, callback_id)
        promise = session.scalars(sa.select(Promise)).one()
    assert (callback.state, promise.state) == ("booked", "open")
    assert callback.next_try_at > floor.work.at()
    assert floor.offers() == []


# telephony.md, section 3: stamps are the carrier's. Where our clock is ahead of it, a ring that begins now
# seems to have begun long ago, and is not over for that.
def test_a_clock_ahead_of_the_carriers_cuts_no_ring_short(floor: Floor) -> None:
    floor.agent("wang")
    floor.caller()
    stamp = floor.work.at() - timedelta(seconds=30)
    with floor.work.transaction() as session:
        attempt = session.scalars(sa.select(Attempt)).one()
        report = progress.Report(str(attempt.sid), "ringing", stamp, floor.work.at(), {})
        progress.placed_leg(session, attempt.id, report)
    sweeps.ring_timeouts(floor.work)
    assert [it.state for it in floor.offers()] == ["ringing"]


# Twilio's stamps have whole seconds: a hang-up may seem older than the place in line that came before it.
def test_who_gives_up_at_once_has_waited_no_negative_time(floor: Floor) -> None:
    entered = floor.work.at() + timedelta(milliseconds=700)
    with floor.work.transaction() as session:
        line = session.get_one(centre.Line, floor.line_id)
        call = made.waiting(session, line, entered - timedelta(seconds=10))
        made.leg(session, entered, "caller", sid=call.sid, call_id=call.id, state="answered", turn=1)
    received = entered + timedelta(milliseconds=200)
    report = progress.Report(str(call.sid), "completed", floor.work.at(), received, {})
    with floor.work.transaction() as session:
        progress.inbound_call(session, report, from_raw="", to_raw="")
    with floor.work.db.reading() as session:
        ended = session.get_one(Call, call.id)
    assert ended.left_queue_at == ended.queued_at


# 0019: "The agent enters first". A caller's entry alone is no meeting: the agent was never given the room.
def test_a_caller_alone_in_the_room_has_met_nobody(floor: Floor) -> None:
    floor.agent("wang")
    wait_id = floor.caller()
    (offer,) = floor.offers()
    assert floor.accepts(offer)
    with floor.work.transaction() as session:
        rooms.customer_in_room(session, session.get_one(Offer, offer.id), floor.work.at())
    assert [it.state for it in floor.offers()] == ["accepted"]
    assert floor.wait_state(wait_id) == "won"
    with floor.work.db.reading() as session:
        assert session.scalars(sa.select(Call.joined_at)).one() is None


# 0004: "Repeating a redirect would take people out of the room where they talk": so would one that the
# carrier refused for a while, when the caller has been led on meanwhile.
@pytest.mark.parametrize("overtaken", ["summon/1", "requeue/1"])
def test_an_order_that_was_overtaken_is_not_given(floor: Floor, overtaken: str) -> None:
    at, sid = floor.work.at(), floor.twin.arrives(NUMBER, "+862155550100")
    with floor.work.transaction() as session:
        for number, key in enumerate(("requeue-1", "summon-2")):
            record_event(
                session, call_id=None, leg_sid=sid, key=key, kind="turn", at=at, recorded_at=at,
                detail={"number": number},
            )  # fmt: skip
        for path in (overtaken, "requeue/2"):
            where = f"/twilio/voice/{path}"
            dialing.order(session, key=path, verb="redirect", sid=sid, path=where, at=at)
    floor.bell.drain(floor.work)
    assert [order.url for order in floor.twin.orders] == [
        "https://hotline.example.com/twilio/voice/requeue/2"
    ]

"""Who is asked, in which order, and who gets it."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from callcenter import ids
from callcenter.routing import actions as routing
from callcenter.routing.models import AgentState, AgentStateChange, Offer, Wait
from callcenter.routing.rules import Place, expected_wait, told_place
from callcenter.switchboard import jobs
from callcenter.switchboard import offers as desk
from tests.routing.conftest import Floor


def test_the_best_level_is_asked_first(floor: Floor) -> None:
    floor.agent("second", level=2)
    floor.agent("first", level=1)
    floor.caller()
    assert floor.rung() == ["first"]


def test_when_no_best_is_free_the_next_level_is_asked_by_longest_idle(floor: Floor) -> None:
    floor.agent("best", level=1, languages=("en-US",))
    for key in ("early", "late"):
        floor.agent(key, level=3)
        floor.passes(minutes=1)
    floor.agent("second", level=2)
    for _ in range(3):
        floor.caller()
        floor.passes(seconds=1)
    assert floor.rung() == ["second", "early", "late"]


def test_among_equals_the_longest_idle_is_asked(floor: Floor) -> None:
    for key in ("early", "late"):
        floor.agent(key)
        floor.passes(minutes=1)
    floor.caller()
    floor.passes(seconds=1)
    floor.caller()
    assert floor.rung() == ["early", "late"]


def test_nobody_is_asked_who_does_not_speak_the_language(floor: Floor) -> None:
    floor.agent("wang")
    wait = floor.caller(language="en-US")
    assert floor.rung() == []
    floor.agent("lily", languages=("zh-CN", "en-US"))
    assert floor.rung() == ["lily"]
    assert floor.wait_state(wait) == "offered"


def test_callers_are_served_in_order_of_arrival_and_priority_first(floor: Floor) -> None:
    waits = [floor.caller(), floor.caller(), floor.caller(priority=1)]
    wang = floor.agent("wang")
    assert [floor.wait_state(wait) for wait in waits] == ["waiting", "waiting", "offered"]
    floor.leaves(waits[2])
    floor.legs_end()
    floor.seconds_pass(11)
    assert floor.state(wang) == "ringing"
    assert [floor.wait_state(wait) for wait in waits] == ["offered", "waiting", "left"]


def test_a_caller_nobody_can_serve_does_not_hold_up_the_others(floor: Floor) -> None:
    floor.caller(language="en-US")
    chinese = floor.caller()
    floor.agent("wang")
    assert floor.wait_state(chinese) == "offered"


# HL-1 and architecture 6: "it cancels at the carrier's `ringing` + n cycles".
def test_our_timer_ends_the_ring_and_the_next_agent_is_asked(floor: Floor) -> None:
    first = floor.agent("first")
    floor.passes(minutes=1)
    floor.agent("second")
    floor.caller()
    offer = floor.offers()[0]
    with floor.work.transaction() as session:
        from callcenter.calls.actions import move_leg, start_leg

        leg = start_leg(
            session,
            sid=floor.twin.placed[0].sid,
            call_id=None,
            role="agent",
            state="queued",
            at=floor.work.at(),
        )
        move_leg(leg, "ringing", floor.work.at() + timedelta(seconds=2))
        desk.agent_rings(session, offer.id, leg, floor.work.at() + timedelta(seconds=2))
    floor.seconds_pass(26)
    assert floor.rung() == ["first"], "two seconds to `ringing`, then five rings of five seconds"
    floor.seconds_pass(1)
    assert floor.rung() == ["second"]
    assert floor.state(first) == "break"
    assert [given.verb for given in floor.twin.orders] == ["hang_up"]


def test_an_agent_who_missed_comes_back_by_himself(floor: Floor) -> None:
    wang = floor.agent("wang")
    floor.caller()
    floor.seconds_pass(46)
    assert (floor.state(wang), floor.offers()[0].state) == ("break", "missed")
    floor.seconds_pass(30)
    assert floor.state(wang) == "ringing", "back after the rest of 30 s, and asked again"


# HL-1 judges who lets a phone ring; one that nobody has rung yet, because workers are behind, was not missed.
def test_who_was_never_rung_has_missed_nothing(floor: Floor) -> None:
    floor.bell.dead = True
    wang = floor.agent("wang")
    wait = floor.caller()
    with floor.work.transaction() as session:
        assert jobs.offer_next(session, floor.work.at())
    floor.bell.dead = False
    floor.time.moves(minutes=1)
    with floor.work.transaction() as session:
        assert desk.miss_offer(session, floor.offers()[0].id, floor.work.at())
    assert [(it.state, it.reason) for it in floor.offers()] == [("failed", "never_rung")]
    assert (floor.state(wang), floor.wait_state(wait)) == ("available", "waiting")
    floor.bell.drain(floor.work)
    assert len(floor.twin.placed) == 1, "he is asked again at once, and now rung"


def test_who_declines_is_passed_over_for_a_while(floor: Floor) -> None:
    first = floor.agent("first")
    floor.passes(minutes=1)
    floor.agent("second")
    floor.caller()
    assert floor.declines(floor.offers()[0])
    assert floor.rung() == ["second"]
    assert floor.state(first) == "available"


# "Acceptance, time-out, the caller's callback key and hang-up compete in one conditional UPDATE."
@pytest.mark.parametrize("rival", ["time-out", "hang-up"])
def test_only_one_rival_wins(floor: Floor, rival: str) -> None:
    floor.agent("wang")
    wait = floor.caller()
    offer = floor.offers()[0]
    if rival == "hang-up":
        floor.leaves(wait)
    else:
        floor.seconds_pass(46)
    assert not floor.accepts(offer)
    assert floor.wait_state(wait) in ("left", "waiting", "offered")


def test_acceptance_and_hang_up_at_the_same_moment(floor: Floor) -> None:
    floor.agent("wang")
    wait = floor.caller()
    offer = floor.offers()[0]
    results: dict[str, bool] = {}
    start = threading.Barrier(2)

    def accept() -> None:
        start.wait()
        with floor.work.transaction() as session:
            results["accepted"] = desk.accept_offer(session, offer.id, floor.work.at()) is not None

    def hang_up() -> None:
        start.wait()
        with floor.work.transaction() as session:
            from callcenter.routing import actions, queries

            row = queries.lock_wait(session, wait)
            results["left_first"] = row.state != "won"
            if row.state != "won":
                actions.leave_line(session, row, "hung_up", floor.work.at())

    threads = [threading.Thread(target=each) for each in (accept, hang_up)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results["accepted"] != results["left_first"], "exactly one of them was first"


# "one live offer an agent, one winner per call, by database constraint".
def test_the_database_itself_refuses_a_second_live_offer(floor: Floor) -> None:
    wang = floor.agent("wang")
    wait, other = floor.caller(), floor.caller()
    assert len(floor.offers()) == 1

    def offer(wait_id: UUID, agent_id: UUID) -> None:
        at = floor.work.at()
        with floor.work.transaction() as session:
            values = {
                "id": ids.new(), "wait_id": wait_id, "agent_id": agent_id, "line_id": floor.line_id,
                "connection": 9, "state": "accepted", "made_at": at, "ring_until": at,
            }  # fmt: skip
            session.execute(sa.insert(Offer).values(**values))

    with pytest.raises(IntegrityError):
        offer(other, wang)
    with pytest.raises(IntegrityError):
        offer(wait, floor.agent("second"))


def test_sixteen_matchers_never_offer_twice(floor: Floor) -> None:
    floor.bell.dead = True
    for number in range(6):
        floor.caller()
        floor.agent(f"agent-{number}")
    floor.bell.dead = False

    def match() -> None:
        from callcenter.routing.matching import offer_next

        for _ in range(4):
            with floor.work.transaction() as session:
                offer_next(session, floor.work.at())

    threads = [threading.Thread(target=match) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    made = floor.offers()
    assert len(made) == 6
    assert len({offer.agent_id for offer in made}) == len({offer.wait_id for offer in made}) == 6


# HL-12: "After the call the line is freed at once; + wrap-up is bounded".
def test_wrap_up_is_bounded(floor: Floor) -> None:
    wang = floor.agent("wang")
    floor.caller()
    offer = floor.offers()[0]
    assert floor.accepts(offer)
    with floor.work.transaction() as session:
        found = desk.lock_offer(session, offer.id)
        assert found and routing.join(session, *found, floor.work.at())
    with floor.work.transaction() as session:
        found = desk.lock_offer(session, offer.id)
        assert found
        desk.rooms.finish_talk(session, found[0], floor.work.at())
    floor.bell.drain(floor.work)
    assert floor.state(wang) == "wrap_up"
    floor.seconds_pass(29)
    assert floor.state(wang) == "wrap_up"
    floor.seconds_pass(1)
    assert floor.state(wang) == "available"


def test_a_break_chosen_during_a_call_comes_true_afterwards(floor: Floor) -> None:
    wang = floor.agent("wang")
    wait = floor.caller()
    floor.sets(wang, "break", "lunch")
    assert floor.state(wang) == "ringing"
    floor.leaves(wait)
    assert floor.state(wang) == "break"


# HL-13: "+ breaks with a reason".
def test_a_break_needs_a_reason(floor: Floor) -> None:
    from callcenter.errors import Invalid

    wang = floor.agent("wang")
    with pytest.raises(Invalid, match="HL-13"):
        floor.sets(wang, "break")


def test_states_are_a_timeline(floor: Floor) -> None:
    wang = floor.agent("wang")
    floor.sets(wang, "break", "lunch")
    floor.sets(wang, "offline")
    with floor.work.db.reading() as session:
        statement = sa.select(AgentStateChange.state, AgentStateChange.reason).order_by(AgentStateChange.id)
        assert [tuple(row) for row in session.execute(statement)] == [
            ("available", None),
            ("break", "lunch"),
            ("offline", None),
        ]


def test_the_idle_clock_goes_on_through_a_withdrawn_offer(floor: Floor) -> None:
    early = floor.agent("early")
    floor.passes(minutes=5)
    floor.agent("late")
    wait = floor.caller()
    floor.leaves(wait)
    floor.legs_end()
    floor.passes(minutes=5)
    floor.caller()
    assert floor.rung() == ["early"], "losing a caller to the hang-up is not the agent's doing"
    assert floor.state(early) == "ringing"


def test_an_agent_whose_leg_is_unknown_rests(floor: Floor) -> None:
    wang = floor.agent("wang")
    floor.twin.lose_answer()
    wait = floor.caller()
    assert (floor.state(wang), floor.wait_state(wait)) == ("break", "waiting")
    with floor.work.db.reading() as session:
        until = session.scalars(sa.select(AgentState.until).where(AgentState.agent_id == wang)).one()
    assert until == floor.work.at() + timedelta(seconds=30 + 95), "Timeout + 95 s (dialing protocol, 6)"


def test_one_wait_a_caller(floor: Floor) -> None:
    from callcenter.routing import actions

    wait_id = floor.caller()
    with floor.work.transaction() as session:
        wait = session.get_one(Wait, wait_id)
        again = actions.enter_line(
            session, subject_kind="call", subject_id=wait.subject_id, call_id=wait.call_id,
            line_id=floor.line_id, skill_id=floor.skill_id, language="zh-CN", at=floor.work.at(),
        )  # fmt: skip
    assert again.id == wait_id


# words.md: "a range rounded up, never shorter than the last one unless the queue really moved".
def test_waits_are_told_honestly() -> None:
    alone = expected_wait(1, 1, 180)
    assert (alone.low_minutes, alone.high_minutes) == (3, 5)
    assert expected_wait(4, 2, 180).low_minutes == 6
    assert expected_wait(1, 50, 10).low_minutes == 1, "never told as nothing"
    first = Place(3, expected_wait(3, 2, 180), agents=2)
    assert told_place(first, None, None, None) == first
    longer = told_place(Place(3, expected_wait(3, 2, 300), 2), 3, first.wait.high_minutes, 2)
    assert longer.wait.high_minutes == first.wait.high_minutes, "nothing has moved"
    moved = told_place(Place(2, expected_wait(2, 1, 180), 1), 3, 14, 1)
    assert (moved.wait.high_minutes, moved.worse) == (9, None)


# words.md: "never shorter than the last one unless the queue really moved"; and never worse without a reason:
# somebody who comes before this caller, or an agent who leaves, is said.
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12), st.floats(10, 3600)), min_size=2))
def test_what_is_told_is_never_worse_without_a_true_reason(days: list[tuple[int, int, float]]) -> None:
    last: Place | None = None
    for position, agents, handle in days:
        now = Place(position, expected_wait(position, agents, handle), agents)
        before = (last.position, last.wait.high_minutes, last.agents) if last else (None, None, None)
        told = told_place(now, *before)
        assert told.wait.low_minutes <= told.wait.high_minutes
        if last is not None:
            overtaken, fewer = told.position > last.position, told.agents < last.agents
            worse = overtaken or told.wait.high_minutes > last.wait.high_minutes
            assert worse <= (told.worse is not None)
            assert {None: True, "overtaken": overtaken, "fewer_agents": fewer}[told.worse]
        last = told

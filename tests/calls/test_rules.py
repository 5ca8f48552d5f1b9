"""How legs move and calls end: tables, checked in every order that a carrier can deliver."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.rules import (
    OUTCOMES,
    STATE_OF_STATUS,
    TERMINAL,
    CallFacts,
    earliest,
    next_state,
    outcome_of,
)

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
STATES = sorted(set(STATE_OF_STATUS.values()))


def facts(**known: object) -> CallFacts:
    """A call that ended in the greeting unless said otherwise."""
    nothing: dict[str, object] = {
        "joined": False, "promised": False, "message_left": False, "fault": None, "stage": "greeting",
        "queued_at": None, "left_queue_at": None, "short_call": timedelta(seconds=5),
    }  # fmt: skip
    return CallFacts(**(nothing | known))  # type: ignore[arg-type]


# telephony.md, section 3: "Fired in order, sent as separate requests, arrival order not guaranteed";
# section 11.2: "a late `ringing` after `completed` must not reopen a call".
def test_every_order_of_arrival_ends_alike() -> None:
    reports = ["initiated", "ringing", "answered", "completed"]
    for order in permutations(reports):
        state = "queued"
        for report in order:
            state = next_state(state, report)
        assert state == "completed"


@given(st.sampled_from(sorted(TERMINAL)), st.lists(st.sampled_from(STATES), max_size=6))
def test_an_end_is_never_overwritten(end: str, later: list[str]) -> None:
    state = end
    for report in later:
        state = next_state(state, report)
    assert state == end


@given(st.lists(st.sampled_from(["queued", "initiated", "ringing", "answered"]), min_size=1, max_size=8))
def test_a_living_leg_only_moves_forward(reports: list[str]) -> None:
    rank = ["queued", "initiated", "ringing", "answered"]
    state = "queued"
    for report in reports:
        before, state = state, next_state(state, report)
        assert rank.index(state) >= rank.index(before)
    assert state == max(reports, key=rank.index) or state == "queued"


def test_the_earliest_report_of_a_moment_is_kept() -> None:
    late = NOON + timedelta(seconds=3)
    assert earliest(None, late) == late
    assert earliest(late, NOON) == NOON
    assert earliest(NOON, late) == NOON


# numbers.md, "Outcomes of an inbound call (exactly one each; the first that matches)".
@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ({"joined": True, "promised": True, "message_left": True, "stage": "talk"}, "answered"),
        ({"promised": True, "message_left": True, "queued_at": NOON}, "callback"),
        ({"message_left": True, "queued_at": NOON}, "voicemail"),
        ({"fault": "carrier", "queued_at": NOON}, "failed"),
        ({"queued_at": NOON, "left_queue_at": NOON + timedelta(seconds=5)}, "abandoned_in_queue"),
        ({"queued_at": NOON, "left_queue_at": NOON + timedelta(seconds=4.9)}, "abandoned_short"),
        ({"stage": "menu"}, "abandoned_in_menu"),
        ({"stage": "greeting"}, "abandoned_in_greeting"),
        ({"stage": "served"}, "self_served"),
        ({"stage": "closed"}, "closed"),
        ({"stage": "blocked"}, "blocked"),
    ],
)
def test_outcomes(known: dict[str, object], outcome: str) -> None:
    assert outcome_of(facts(**known)) == outcome


@given(
    st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, "carrier"]),
    st.sampled_from(["greeting", "menu", "closed", "queue", "connecting", "talk", "message", "served"]),
    st.sampled_from([None, NOON]), st.integers(0, 20),
)  # fmt: skip
def test_an_ended_call_always_has_one_known_outcome(
    joined: bool,
    promised: bool,
    message: bool,
    fault: str | None,
    stage: str,
    queued: datetime | None,
    waited: int,
) -> None:
    left = queued + timedelta(seconds=waited) if queued else None
    outcome = outcome_of(
        facts(
            joined=joined,
            promised=promised,
            message_left=message,
            fault=fault,
            stage=stage,
            queued_at=queued,
            left_queue_at=left,
        )
    )
    assert outcome in OUTCOMES and outcome != "open"

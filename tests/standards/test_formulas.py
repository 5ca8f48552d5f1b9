"""The formulas of numbers.md on facts small enough to count by hand."""

import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.rules import OUTCOMES
from callcenter.standards.figures import (
    Figure,
    Owed,
    Queued,
    Rings,
    callback_figures,
    percentile,
    queue_figures,
    ring_figures,
    speed_figures,
)
from callcenter.standards.formulas import BY_AGENT, FORMULAS
from tests.doubles import SATURDAY_NOON as NOON

T = 20


def queued(outcome: str, seconds: float | None) -> Queued:
    """A call of this outcome after so many seconds in the queue; None: it waits since a minute."""
    entered = NOON - timedelta(seconds=60)
    left = None if seconds is None else entered + timedelta(seconds=seconds)
    return Queued(outcome, entered, left, left if outcome == "answered" else None, T)


def fresh(seconds: float) -> Queued:
    return Queued("open", NOON - timedelta(seconds=seconds), None, None, T)


# Ten queued calls: five answered (three within T), two abandoned late, one abandoned within T, one short
# abandon, one callback after T; besides, one waits longer than T and one shorter.
DAY = [
    *(queued("answered", s) for s in (0, 10, 20, 25, 40)),
    *(queued("abandoned_in_queue", s) for s in (30, 35, 12)),
    queued("abandoned_short", 3),
    queued("callback", 50),
    queued("open", None),
    fresh(5),
]


def by_id(figures: list[Figure]) -> dict[str, tuple[float | None, float]]:
    return {figure.id: (figure.numerator, figure.denominator) for figure in figures}


def test_connection_rate_and_abandonment_are_of_queued_calls_that_ended() -> None:
    figures = by_id(queue_figures(DAY, NOON))
    assert figures["connection_rate"] == (5, 10)
    assert figures["connection_rate.without_short"] == (5, 9)
    assert figures["abandonment"] == (3, 10)


# "Five variants: answered<=T / answered; A/(E-B); A/E; (A+B)/E; left the queue in any way <=T / queued.
# E = queued calls that ended, or that wait longer than T; A, B = answered, abandoned within T; every other
# exit stays in E only; short abandons leave both B and E when excluded."
@pytest.mark.parametrize(
    ("variant", "numerator", "denominator"),
    [
        ("answered", 3, 5),
        ("ignore_abandons", 3, 11 - 2),
        ("negative", 3, 11),
        ("positive", 3 + 2, 11),
        ("left_queue", 5, 12),
        ("ignore_abandons.without_short", 3, 10 - 1),
        ("negative.without_short", 3, 10),
        ("positive.without_short", 3 + 1, 10),
    ],
)
def test_the_service_levels_variants(variant: str, numerator: int, denominator: int) -> None:
    assert by_id(queue_figures(DAY, NOON))[f"service_level.{variant}"] == (numerator, denominator)


def test_a_caller_who_still_waits_counts_once_over_the_limit() -> None:
    early, late = NOON - timedelta(seconds=40), NOON
    waits = [queued("open", None)]
    assert by_id(queue_figures(waits, early))["service_level.negative"] == (0, 0)
    assert by_id(queue_figures(waits, late))["service_level.negative"] == (0, 1)


def test_speed_of_answer_counts_zero_waits_and_only_answered_calls() -> None:
    figures = {figure.id: figure.value for figure in speed_figures(DAY, [4, 8])}
    assert figures["speed_of_answer.mean"] == pytest.approx((0 + 10 + 20 + 25 + 40) / 5)
    assert figures["speed_of_answer.p50"] == 20
    assert figures["speed_of_answer.p90"] == figures["speed_of_answer.p99"] == 40
    assert figures["speed_of_answer.ring_mean"] == 6


def test_three_rings_by_hand() -> None:
    rings = [
        Rings("measured", "accepted", True, True, False, 7),
        Rings("measured", "accepted", True, False, True, 1),
        Rings("measured", "rung_out", True, False, False, 2),
        Rings("estimated", "accepted", False, True, False, 3),
        Rings("none", "accepted", False, None, False, 1),
        Rings("measured", "withdrawn_early", False, None, False, 4),
        Rings("measured", "busy", False, None, False, 5),
    ]
    figures = ring_figures(rings, rings[:1])
    assert by_id(figures) == {
        "three_rings": (7, 10),
        "three_rings.first_offer": (7, 7),
        "three_rings.coverage": (10, 14),
        "three_rings.borderline": (1, 10),
        "three_rings.estimated": (3, 3),
    }
    assert figures[0].parts == {"withdrawn_early": 4, "busy": 5, "unreachable": 0, "failed": 0}


# "Promises whose window [due, due + grace, default 10 min] saw the attempt; saw the customer reached /
# promises due; not reachable after all tries is in both bases; cancelled by the customer leaves both."
@pytest.mark.parametrize(
    ("state", "due_minutes", "tried_minutes", "attempted", "kept", "due"),
    [
        ("kept", -30, -31, 1, 1, 1),
        ("kept", 30, -1, 1, 1, 1),
        ("late", -30, -15, 0, 0, 1),
        ("late", -30, None, 0, 0, 1),
        ("broken", -30, -21, 1, 0, 1),
        ("open", -11, None, 0, 0, 1),
        ("open", -9, None, 0, 0, 0),
        ("cancelled", -30, -40, 0, 0, 0),
    ],
)
def test_callbacks_in_time(
    state: str, due_minutes: int, tried_minutes: int | None, attempted: int, kept: int, due: int
) -> None:
    tried = None if tried_minutes is None else NOON + timedelta(minutes=tried_minutes)
    owed = Owed(state, NOON + timedelta(minutes=due_minutes), 600, tried)
    assert by_id(callback_figures([owed], NOON)) == {
        "callback.attempted_in_time": (attempted, due),
        "callback.kept_in_time": (kept, due),
    }


def test_a_period_without_data_has_no_values() -> None:
    """ "A period without data shows "no data", never 100 % or 0 %." """
    nothing = [
        *ring_figures([], []),
        *queue_figures([], NOON),
        *speed_figures([], []),
        *callback_figures([], NOON),
    ]
    assert {figure.value for figure in nothing} == {None}
    assert {figure.id for figure in nothing} == set(FORMULAS)


def test_figures_of_one_agent_are_those_of_rings_and_speed() -> None:
    assert {figure.id for figure in [*ring_figures([], []), *speed_figures([], [])]} == BY_AGENT


@given(st.lists(st.integers(0, 600), min_size=1), st.sampled_from([50, 90, 99]))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(waits: list[int], percent: int) -> None:
    value = percentile(sorted(waits), percent)
    assert value in waits
    assert sum(wait <= value for wait in waits) * 100 >= percent * len(waits)
    assert sum(wait < value for wait in waits) * 100 < percent * len(waits)
    if percent == 50:
        assert value == statistics.median_low(waits)


@given(
    st.lists(st.tuples(st.sampled_from(OUTCOMES), st.none() | st.integers(0, 55))),
)
def test_whatever_the_day_every_rate_is_between_none_and_all(day: list[tuple[str, int | None]]) -> None:
    calls = [queued(outcome, None if outcome == "open" else seconds or 0) for outcome, seconds in day]
    for figure in queue_figures(calls, NOON):
        assert figure.numerator is not None
        assert 0 <= figure.numerator <= figure.denominator
        assert (figure.value is None) == (figure.denominator == 0)

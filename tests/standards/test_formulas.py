"""The formulas of numbers.md on facts small enough to count by hand."""

import statistics
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.calls.rules import OUTCOMES
from callcenter.standards import desks, facts
from callcenter.standards.figures import Figure, figures, percentile
from callcenter.standards.formulas import BY_AGENT, FORMULAS
from callcenter.standards.models import RingMeasure
from callcenter.standards.rows import SETS, Row, mask, pack, unpack
from callcenter.standards.tallies import Tally, count, of_json
from callcenter.standards.windows import Place, Window
from tests.doubles import SATURDAY_NOON as NOON

T = 20
PLACE = Place(ZoneInfo("Asia/Shanghai"), T)
TODAY = date(2026, 11, 21)


def row(kind: str, *names: str, ms: int | None = None, second_ms: int = 0, **other: Any) -> Row:
    """A row of these sets, of today and of nobody."""
    values = {"day": TODAY, "line": None, "agent": None, "call": None, "at": NOON} | other
    return Row(kind, ids.new(), mask=mask(kind, names), ms=ms, second_ms=second_ms, **values)


def queued(outcome: str, seconds: float | None, *, since: float = 60, place: Place = PLACE) -> Row:
    """A call of this outcome that entered the queue a minute ago and left it after so many seconds; None:
    it waits still."""
    entered = NOON - timedelta(seconds=since)
    wait = None if seconds is None else timedelta(seconds=seconds)
    call = SimpleNamespace(outcome=outcome, queued_at=entered)
    names = [*facts._queued(place, call, wait, NOON), f"outcome_{outcome}"]
    return row("call", *names, ms=None if seconds is None else round(seconds * 1000))


def fresh(seconds: float) -> Row:
    return queued("open", None, since=seconds)


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


def found(rows: list[Row]) -> dict[str, Figure]:
    return {figure.id: figure for figure in figures(count(rows))}


def sides(rows: list[Row], *names: str) -> list[tuple[float | None, float]]:
    figures_found = found(rows)
    return [(figures_found[name].numerator, figures_found[name].denominator) for name in names]


def test_connection_rate_and_abandonment_are_of_queued_calls_that_ended() -> None:
    names = ("connection_rate", "connection_rate.without_short", "abandonment")
    assert sides(DAY, *names) == [(5, 10), (5, 9), (3, 10)]


def test_queued_calls_are_split_by_outcome_open_included() -> None:
    """ "Queued = calls with a queue entry, counted once, split by outcome, `open` included." """
    assert found(DAY)["connection_rate"].parts == {
        "answered": 5, "abandoned_in_queue": 3, "abandoned_short": 1, "callback": 1, "open": 2,
    }  # fmt: skip


# "Five variants: answered<=T / answered; A/(E-B); A/E; (A+B)/E; left the queue in any way <=T / queued.
# E = queued calls that ended, or that wait longer than T; A, B = answered, abandoned within T; every other
# exit stays in E only; short abandons leave both B and E when excluded."
LEVELS = {
    "answered": (3, 5),
    "ignore_abandons": (3, 11 - 2),
    "negative": (3, 11),
    "positive": (3 + 2, 11),
    "left_queue": (5, 12),
    "ignore_abandons.without_short": (3, 10 - 1),
    "negative.without_short": (3, 10),
    "positive.without_short": (3 + 1, 10),
}


@pytest.mark.parametrize("variant", LEVELS)
def test_the_service_levels_variants(variant: str) -> None:
    assert sides(DAY, f"service_level.{variant}") == [LEVELS[variant]]


# "The line's contract names the one that is judged; default negative."
@pytest.mark.parametrize("variant", facts.JUDGED_BY)
def test_the_judged_level_is_the_one_of_the_lines_contract(variant: str) -> None:
    place = Place(PLACE.zone, T, variant)
    rows = [queued("answered", s, place=place) for s in (10, 30)]
    rows += [queued("abandoned_in_queue", 5, place=place), queued("callback", 50, place=place)]
    assert sides(rows, "service_level.judged") == sides(rows, f"service_level.{variant}")


def test_a_caller_who_still_waits_counts_once_over_the_limit() -> None:
    assert sides([queued("open", None, since=20)], "service_level.negative") == [(0, 0)]
    assert sides([queued("open", None, since=21)], "service_level.negative") == [(0, 1)]


def test_speed_of_answer_counts_zero_waits_and_only_answered_calls() -> None:
    rings = [row("leg", "rang", ms=ms) for ms in (4000, 8000)]
    values = {name: figure.value for name, figure in found([*DAY, *rings]).items()}
    assert values["speed_of_answer.mean"] == pytest.approx((0 + 10 + 20 + 25 + 40) / 5)
    assert values["speed_of_answer.p50"] == 20
    assert values["speed_of_answer.p90"] == values["speed_of_answer.p99"] == 40
    assert values["speed_of_answer.ring_mean"] == 6


def ring(source: str, verdict: str, *, judged: bool, within: bool | None, borderline: bool = False) -> Row:
    """A leg that rang 7 s for a phone in China, as it was measured."""
    measure = RingMeasure(
        offer_id=ids.new(), day=TODAY, at=NOON, source=source, verdict=verdict, judged=judged, within=within,
        borderline=borderline, ring_seconds=7.0, cycle_seconds=5, limit_rings=3,
    )  # fmt: skip
    call = SimpleNamespace(direction=None, queued_at=None, outcome=None, started_at=NOON, first=False)
    return desks._leg(call, measure)


def test_three_rings_by_hand() -> None:
    rings = [
        *(ring("measured", "accepted", judged=True, within=True) for _ in range(7)),
        ring("measured", "accepted", judged=True, within=False, borderline=True),
        *(ring("measured", "rung_out", judged=True, within=False) for _ in range(2)),
        *(ring("estimated", "accepted", judged=False, within=True) for _ in range(3)),
        ring("none", "accepted", judged=False, within=None),
        *(ring("measured", "withdrawn_early", judged=False, within=None) for _ in range(4)),
        *(ring("measured", "busy", judged=False, within=None) for _ in range(5)),
    ]
    assert sides(rings, "three_rings", "three_rings.coverage", "three_rings.borderline") == [
        (7, 10),
        (10, 14),
        (1, 10),
    ]
    assert sides(rings, "three_rings.estimated", "three_rings.seconds") == [(3, 3), (8, 10)]
    assert found(rings)["three_rings"].parts == {"withdrawn_early": 4, "busy": 5}


# "Promises whose window [due, due + grace, default 10 min] saw the attempt; saw the customer reached /
# promises due; not reachable after all tries is in both bases; cancelled by the customer leaves both."
# (The query leaves out the cancelled.)
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
    ],
)
def test_callbacks_in_time(
    state: str, due_minutes: int, tried_minutes: int | None, attempted: int, kept: int, due: int
) -> None:
    tried = None if tried_minutes is None else NOON + timedelta(minutes=tried_minutes)
    owed = SimpleNamespace(
        promise=state, owed_at=NOON + timedelta(minutes=due_minutes), grace_seconds=600, tried_at=tried,
        queued_at=None, left_queue_at=None,
    )  # fmt: skip
    callback = Callback(
        id=ids.new(), created_by="caller", state="booked", settled_at=NOON if state == "broken" else None
    )
    window = Window({None: PLACE}, TODAY, TODAY, NOON, PLACE.zone)
    counted = desks._callback(window, owed, callback)
    rows = [counted] if counted else []
    names = ("callback.attempted_in_time", "callback.kept_in_time")
    assert sides(rows, *names) == [(attempted, due), (kept, due)]
    if state == "broken":
        assert found(rows)["callback.kept_in_time"].parts == {"not_reachable": 1}


def test_handle_time_is_talk_and_wrap_up() -> None:
    rows = [row("talk", "handled", ms=60_000, second_ms=30_000), row("talk", "handled", ms=90_500)]
    handled = found(rows)["handle_time"]
    assert (handled.numerator, handled.denominator, handled.value) == (180.5, 2, 90.25)
    assert handled.parts == {"talk": 150.5, "wrap_up": 30}


def test_occupancy_is_work_against_work_and_waiting() -> None:
    """ "(talk + hold + wrap-up) / (that + available) per agent." """
    rows = [
        row("state", "talking", "busy", "on_duty", ms=200_000),
        row("state", "wrap_up", "busy", "on_duty", ms=100_000),
        row("state", "available", "on_duty", ms=100_000),
    ]
    assert sides(rows, "occupancy") == [(300, 400)]


def test_a_period_without_data_has_no_values() -> None:
    """ "A period without data shows "no data", never 100 % or 0 %." """
    nothing = figures(Tally())
    assert {figure.value for figure in nothing} == {None}
    assert {figure.denominator for figure in nothing} == {0}
    assert [figure.id for figure in nothing] == list(FORMULAS)


def test_figures_of_one_agent_are_of_what_an_agent_does() -> None:
    assert {name.partition(".")[0] for name in BY_AGENT} == {
        "three_rings", "speed_of_answer", "handle_time", "occupancy", "record_completeness",
        "first_contact_resolution", "promises",
    }  # fmt: skip


@given(st.lists(st.integers(0, 600), min_size=1), st.sampled_from([50, 90, 99]))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(waits: list[int], percent: int) -> None:
    value = percentile(sorted(waits), percent)
    assert value in waits
    assert sum(wait <= value for wait in waits) * 100 >= percent * len(waits)
    assert sum(wait < value for wait in waits) * 100 < percent * len(waits)
    if percent == 50:
        assert value == statistics.median_low(waits)


A_DAY = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.none() | st.integers(0, 55)))


def day_of(drawn: list[tuple[str, int | None]]) -> list[Row]:
    return [queued(outcome, None if outcome == "open" else seconds or 0) for outcome, seconds in drawn]


@given(A_DAY)
def test_whatever_the_day_every_rate_is_between_none_and_all(drawn: list[tuple[str, int | None]]) -> None:
    for figure in figures(count(day_of(drawn))):
        if FORMULAS[figure.id].unit == "ratio":
            assert figure.numerator is not None
            assert 0 <= figure.numerator <= figure.denominator
        assert (figure.value is None) == (figure.denominator == 0)


@given(A_DAY, st.integers(0, 20))
def test_days_add_up_exactly_however_they_are_parted_and_kept(
    drawn: list[tuple[str, int | None]], at: int
) -> None:
    """A month is the sum of its days: counts, seconds and percentiles."""
    rows = day_of(drawn)
    parted = Tally()
    for part in (rows[at:], rows[:at]):
        parted.add(of_json(count(part).as_json()))
    assert figures(parted) == figures(count(rows))


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.none() | st.integers(0, 55)), max_size=5))
def test_a_book_gives_back_what_was_packed(drawn: list[tuple[str, int | None]]) -> None:
    rows = [each._replace(agent=ids.new(), call=each.id) for each in day_of(drawn)]
    assert list(unpack(pack(rows), "call", TODAY, None, -1 & (1 << 64) - 1)) == [
        each for each in rows if each.mask
    ]


# Books of closed days hold masks: a set that moved would turn every list of the past into another one.
def test_the_places_of_the_sets_are_for_ever() -> None:
    assert {kind: len(names) for kind, names in SETS.items()} == {
        "call": 24 + 2 * len(OUTCOMES), "leg": 16, "talk": 1, "callback": 10, "ticket": 2, "state": 5,
        "promise": 44,
    }  # fmt: skip
    assert max(len(names) for names in SETS.values()) <= 64
    assert [SETS[kind].index(name) for kind, name in PINNED] == [
        0, 3, 9, 19, 24, 37, 0, 10, 11, 9, 1, 4, 1, 7, 9, 15, 25, 42, 43,
    ]  # fmt: skip


PINNED = (
    ("call", "received"), ("call", "answered"), ("call", "settled_in_time"), ("call", "overtook"),
    ("call", "queued_answered"), ("call", "outcome_answered"), ("leg", "judged"), ("leg", "rang"),
    ("leg", "limit_differs"), ("callback", "met"), ("ticket", "first_contact"), ("state", "available"),
    ("promise", "due"), ("promise", "overdue"), ("promise", "callback_booked"), ("promise", "broken_busy"),
    ("promise", "due_HL-7"), ("promise", "kept_FU-5"), ("promise", "broken_voicemail"),
)  # fmt: skip

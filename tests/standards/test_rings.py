"""Rings: the table of the rule, and the boundaries of every cadence (numbers.md)."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.lines.rules import CADENCES
from callcenter.standards.rules import APART, JUDGEABLE, LegStamps, RingFacts, fate_of, measure_ring

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECONDS = st.integers(min_value=0, max_value=90)


def leg(state: str = "completed", **seconds: float) -> LegStamps:
    stamps = {f"{name}_at": NOW + timedelta(seconds=value) for name, value in seconds.items()}
    return LegStamps(state=state, **stamps)  # type: ignore[arg-type]


def ring(fate: str, *, cycle: float = 5, limit: int = 3, **seconds: float) -> RingFacts:
    return measure_ring(fate, leg(**seconds), cycle_seconds=cycle, limit_rings=limit)


# "Rings to answer = floor(ring_seconds / cycle) + 1"; "within three rings means before the fourth ring
# starts: t < 3 x cycle".
@pytest.mark.parametrize(
    ("country", "seconds", "rings", "within"),
    [
        ("CN", 0, 1, True), ("CN", 4, 1, True), ("CN", 5, 2, True), ("CN", 14, 3, True), ("CN", 15, 4, False),
        ("US", 17, 3, True), ("US", 18, 4, False), ("GB", 8, 3, True), ("GB", 9, 4, False),
        ("JP", 9, 4, False), ("HK", 11, 3, True), ("HK", 12, 4, False), ("ES", 13, 3, True),
        ("ES", 14, 4, False), ("SE", 17, 3, True), ("FR", 15, 4, False),
    ],
)  # fmt: skip
def test_rings_are_counted_by_the_countrys_cadence(
    country: str, seconds: int, rings: int, within: bool
) -> None:
    facts = ring("accepted", cycle=CADENCES[country].cycle_seconds, ringing=2, answered=2 + seconds)
    assert (facts.rings, facts.within, facts.judged) == (rings, within, True)


def test_the_seconds_run_from_ringing_to_the_pick_up() -> None:
    facts = ring("accepted", initiated=0, ringing=3, answered=12, ended=300)
    assert facts == RingFacts("measured", "accepted", 9.0, 2, True, True, False)


# "judged = measured legs that were accepted, rung out, declined, picked up without acceptance (voicemail),
# or withdrawn at or after the limit"; only an acceptance can be within.
@pytest.mark.parametrize(
    ("fate", "stamps", "verdict", "judged", "within"),
    [
        ("accepted", {"answered": 4, "ended": 60}, "accepted", True, True),
        ("rung_out", {"ended": 25}, "rung_out", True, False),
        ("declined", {"ended": 4}, "declined", True, False),
        ("declined", {"answered": 4, "ended": 6}, "declined", True, False),
        ("not_accepted", {"answered": 10, "ended": 30}, "not_accepted", True, False),
        ("withdrawn", {"ended": 14}, "withdrawn_early", False, None),
        ("withdrawn", {"ended": 15}, "withdrawn", True, False),
        ("withdrawn", {"answered": 6, "ended": 20}, "withdrawn_early", False, None),
        ("busy", {"ended": 2}, "busy", False, None),
        ("unreachable", {"ended": 2}, "unreachable", False, None),
        ("failed", {}, "failed", False, None),
    ],
)
def test_who_is_judged(
    fate: str, stamps: dict[str, float], verdict: str, judged: bool, within: bool | None
) -> None:
    facts = ring(fate, ringing=0, **stamps)
    assert (facts.verdict, facts.judged, facts.within) == (verdict, judged, within)


# "Where only `initiated` is known, the leg is estimated: shown apart, in no rate; from `initiated`, only
# "within" is certain."
@pytest.mark.parametrize(("answered", "within"), [(14, True), (15, None), (40, None)])
def test_an_estimated_ring_is_in_no_rate_and_only_within_is_certain(
    answered: int, within: bool | None
) -> None:
    facts = ring("accepted", initiated=0, answered=answered)
    assert (facts.source, facts.judged, facts.rings, facts.within) == ("estimated", False, None, within)
    assert facts.seconds == answered


@pytest.mark.parametrize("stamps", [{}, {"answered": 5}, {"ringing": 0}])
def test_without_a_start_or_a_pick_up_nothing_is_measured(stamps: dict[str, float]) -> None:
    facts = ring("accepted", **stamps)
    assert (facts.source, facts.seconds, facts.judged, facts.within) == ("none", None, False, None)


def test_a_ring_that_ran_out_is_judged_even_when_its_end_was_lost() -> None:
    facts = ring("rung_out", ringing=0)
    assert (facts.source, facts.seconds, facts.judged, facts.within) == ("measured", None, True, False)


# numbers.md says borderline is within a second of the limit, because "stamps have whole seconds".
@pytest.mark.parametrize(
    ("seconds", "borderline"), [(14, False), (14.5, True), (15, True), (15.5, True), (16, False)]
)
def test_a_second_around_the_limit_is_borderline(seconds: float, borderline: bool) -> None:
    assert ring("accepted", ringing=0, answered=seconds).borderline is borderline


def test_a_pick_up_stamped_before_its_ringing_took_no_time() -> None:
    assert ring("accepted", ringing=2, answered=1).seconds == 0


# Twilio: a rejected call ends `busy`, a number that cannot be reached `failed`
# (https://www.twilio.com/docs/voice/api/call-resource#call-status-values).
@pytest.mark.parametrize(
    ("offer_state", "accepted", "stamps", "fate"),
    [
        ("joined", True, leg(answered=3), "accepted"),
        ("ended", True, leg(answered=3), "accepted"),
        ("withdrawn", False, leg("canceled", ringing=0), "withdrawn"),
        ("missed", False, leg("canceled", ringing=0), "rung_out"),
        ("missed", False, leg("no-answer", ringing=0), "rung_out"),
        ("failed", False, leg("no-answer", ringing=0), "rung_out"),
        ("missed", False, leg("completed", answered=8), "not_accepted"),
        ("declined", False, leg("completed", answered=8), "declined"),
        ("declined", False, leg("canceled", ringing=0), "declined"),
        ("failed", False, leg("busy"), "busy"),
        ("missed", False, leg("busy"), "busy"),
        ("failed", False, leg("failed"), "unreachable"),
        ("failed", False, LegStamps(), "failed"),
    ],
)
def test_how_an_offer_ended_for_its_leg(
    offer_state: str, accepted: bool, stamps: LegStamps, fate: str
) -> None:
    assert fate_of(offer_state, accepted, stamps) == fate


@given(
    st.sampled_from(sorted(CADENCES)), st.integers(1, 5), SECONDS, SECONDS,
    st.sampled_from(sorted(JUDGEABLE | set(APART) - {"withdrawn_early"})), st.booleans(),
)  # fmt: skip
def test_whatever_the_stamps_the_verdict_holds_together(
    country: str, limit: int, ringing: int, took: int, fate: str, known: bool
) -> None:
    cycle = CADENCES[country].cycle_seconds
    start = {"ringing": ringing} if known else {"initiated": ringing}
    stop = {"answered": ringing + took} if fate in {"accepted", "not_accepted"} else {"ended": ringing + took}
    facts = ring(fate, cycle=cycle, limit=limit, **start, **stop)
    assert facts.judged == (known and facts.verdict in JUDGEABLE)
    assert facts.judged <= (facts.within is not None)
    assert bool(facts.within) <= (facts.verdict == "accepted" and took < limit * cycle)
    if facts.rings is not None:
        assert (facts.rings - 1) * cycle <= took < facts.rings * cycle
        assert (facts.rings <= limit) == (took < limit * cycle)
        assert facts.rings == math.floor(took / cycle) + 1

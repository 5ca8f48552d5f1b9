"""Many callers at once, a few of them: that they come and stay as they should, and all is counted."""

from pathlib import Path
from statistics import fmean

import pytest

from callcenter.embedded import EmbeddedValkey
from callcenter.simulator.load import Load
from tests.bench import held, simulator
from tests.bench.goals import Verdict
from tests.bench.ground import Ground
from tests.bench.telephones import Crowd, Steady, crowd

DAY = Crowd(held=400, mean_stay=300.0, first_pace=20.0, steady_seconds=600.0, seed=1)


# Little's law: as many are there as arrive in a mean stay; a day that is steady has no other number.
def test_as_many_are_there_as_arrive_in_a_mean_stay() -> None:
    coming = crowd(DAY)
    there = [
        sum(one.at <= moment < one.at + one.stay for one in coming)
        for moment in range(int(DAY.full_after) + 5, int(DAY.full_after + DAY.steady_seconds), 20)
    ]
    assert fmean(there) == pytest.approx(DAY.held, rel=0.1)
    assert min(there) > 0.8 * DAY.held
    assert [one.at for one in coming] == sorted(one.at for one in coming)
    assert 0.1 < fmean(one.waits for one in coming) < 0.2
    assert crowd(DAY) == coming


def test_a_simulator_tells_how_late_it_was_and_how_long_webhooks_took() -> None:
    load = Load()
    assert load.to_json()["webhook_ms"] == {"p50": 0.0, "p99": 0.0, "most": 0.0}
    for milliseconds in range(1, 101):
        load.answered(milliseconds / 1000, rightly=milliseconds != 7)
    load.was_late(0.25)
    told = load.to_json()
    assert (told["webhooks"], told["failed"], told["events"]) == (100, 1, 1)
    assert told["webhook_ms"] == pytest.approx({"p50": 50.0, "p99": 99.0, "most": 100.0})
    assert told["late_ms"] == pytest.approx({"p50": 250.0, "p99": 250.0, "most": 250.0})
    load.clear()
    assert load.to_json()["webhooks"] == load.to_json()["events"] == load.to_json()["failed"] == 0


@pytest.mark.parametrize(
    ("late", "busy", "kept_up"), [(50.0, 0.8, True), (50.1, 0.5, False), (1.0, 0.81, False)]
)
def test_a_simulator_that_is_late_or_out_of_breath_is_the_bottleneck(
    late: float, busy: float, kept_up: bool
) -> None:
    seen = Steady(1.0, {"late_ms": {"p99": late}}, busy, {})
    assert simulator.kept_up(seen) is kept_up


@pytest.fixture
def ground(tmp_path: Path, postgresql_server: str) -> Ground:
    """Where nothing runs yet but PostgreSQL."""
    return Ground(tmp_path, postgresql_server, "", EmbeddedValkey(tmp_path / "valkey"), None)


# Real processes over HTTP, a handful of calls: what a full run does for minutes.
def test_a_few_callers_come_to_an_application_that_is_only_a_script(ground: Ground) -> None:
    seen = simulator.try_crowd(ground, Crowd(3, 30.0, 3.0, 4.0, seed=3, waiting=0.4))
    assert seen.load["failed"] == 0
    assert seen.load["webhooks"] + seen.filling["webhooks"] > 10
    assert seen.held > 3, "nobody was rung"


def test_a_few_callers_are_held_by_everything_at_once(ground: Ground) -> None:
    ground.valkey.start()
    try:
        ground.redis_url = ground.valkey.url
        calls, webhooks = held.measure(ground, Crowd(3, 60.0, 3.0, 5.0, seed=3, waiting=0.4))
    finally:
        ground.valkey.stop()
    assert calls.verdict == Verdict.NOT_REACHED, "a handful is no thousand"
    assert (calls.faults, webhooks.faults) == (0, 0)
    assert calls.beside["talking"] > 0  # type: ignore[operator]
    assert calls.beside["waiting"] > 0  # type: ignore[operator]

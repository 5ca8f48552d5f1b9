"""Erlang C, the queue that it describes, and the product's routing beside both; no telephone, no clock."""

from statistics import fmean

import pytest

from callcenter.db import Database
from tests.bench.day import CENTRE, counted, waits_of
from tests.bench.erlang import Caller, Centre, day, ideal_waits
from tests.prove.routing.ground import room


# Tables of Erlang's second formula (C) by agents and erlangs, as any textbook prints them.
@pytest.mark.parametrize(
    ("agents", "erlangs", "probability"),
    [
        (1, 0.5, 0.5),
        (2, 1.0, 1 / 3),
        (3, 2.0, 4 / 9),
        (5, 4.0, 0.5541),
        (10, 8.0, 0.4092),
        (100, 80.0, 0.0196),
    ],
)
def test_the_share_who_wait_is_that_of_the_tables(agents: int, erlangs: float, probability: float) -> None:
    centre = Centre(agents, erlangs / agents, mean_talk=180.0)
    assert centre.probability_of_waiting() == pytest.approx(probability, abs=1e-4)
    assert centre.mean_wait() == pytest.approx(centre.probability_of_waiting() * 180 / (agents - erlangs))


def test_the_first_in_line_gets_whoever_is_free_first() -> None:
    callers = [Caller(0, 100), Caller(0, 30), Caller(10, 5), Caller(20, 5), Caller(200, 5)]
    assert ideal_waits(Centre(2, 0.8, 60), callers) == [0, 0, 20, 15, 0]


# The days begin as any moment of an endless one would: otherwise their first hours would be too quiet.
def test_the_mean_over_many_days_is_the_formula_s() -> None:
    days = [day(CENTRE, 60, seed) for seed in range(1000)]
    waits = [fmean(counted(callers, ideal_waits(CENTRE, callers))) for callers in days]
    assert fmean(waits) == pytest.approx(CENTRE.mean_wait(), rel=0.15)
    assert day(CENTRE, 60, 7) == day(CENTRE, 60, 7) != day(CENTRE, 60, 8)
    assert sum(caller.counted for caller in days[0]) == 60


# speed.md: "mean wait of a simulated day against Erlang C"; what holds for the mean holds caller by caller.
def test_nobody_waits_longer_with_us_than_in_the_ideal_queue(database: Database) -> None:
    with room(database.url, CENTRE.agents) as floor:
        for seed in (11, 18):
            callers = day(CENTRE, 15, seed)
            waits = waits_of(floor, callers)
            assert waits == pytest.approx(ideal_waits(CENTRE, callers), abs=0.001)
            assert max(waits) > 0, "nobody waited: these days show nothing"

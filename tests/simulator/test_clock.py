"""The virtual clock: it moves when it is moved, and what has happened stays where it was."""

from datetime import timedelta

from callcenter.simulator.clock import DEFAULT_START, VirtualClock

NIGHT = timedelta(hours=12)


def test_what_was_before_a_sleep_stays_where_it_was() -> None:
    clock = VirtualClock()
    clock.advance_to(60)
    before = clock.now()
    clock.sleep(NIGHT)
    assert clock.now() - before == NIGHT
    assert clock.at(60) == before
    clock.advance_to(clock.seconds + 60)
    assert clock.now() - before == NIGHT + timedelta(seconds=60)
    clock.sleep(NIGHT)
    assert clock.now() - DEFAULT_START == 2 * NIGHT + timedelta(seconds=120)
    assert clock.at(60) == before


def test_nobody_sleeps_backwards() -> None:
    clock = VirtualClock()
    clock.advance_to(60)
    clock.sleep(timedelta(seconds=-5))
    assert clock.now() == DEFAULT_START + timedelta(seconds=60)

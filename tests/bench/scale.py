"""How much is measured: the full run, and the quick one that only shows that everything can be measured."""

from dataclasses import dataclass, replace

from tests.bench.telephones import Crowd


@dataclass(frozen=True)
class Scale:
    """Seconds are of load; a round has one slice of each server."""

    seed: int
    warm_seconds: float
    rounds: int
    static_seconds: float
    seconds: float
    open_runs: int
    open_seconds: float
    calls: int
    batches: int
    claim_rounds: int
    claim_seconds: float
    clients: int
    starts: int
    history: int
    reads: int
    agents_freed: int
    callbacks: int
    days: int
    calls_a_day: int
    held: Crowd
    simulated: tuple[Crowd, ...]


def full(seed: int) -> Scale:
    """Return the scale of a run that may be quoted: half an hour, most of it for making the history."""
    return Scale(
        seed, warm_seconds=1.0, rounds=7, static_seconds=1.5, seconds=3.0, open_runs=3, open_seconds=8.0,
        calls=5, batches=15, claim_rounds=5, claim_seconds=2.0, clients=16, starts=5, history=1_000_000,
        reads=40, agents_freed=200, callbacks=5, days=30, calls_a_day=250,
        held=Crowd(1200, mean_stay=300.0, first_pace=8.0, steady_seconds=60.0, seed=seed),
        simulated=tuple(
            Crowd(many, mean_stay=300.0, first_pace=many / 60, steady_seconds=30.0, seed=seed)
            for many in (250, 1000)
        ),
    )  # fmt: skip


def quick(seed: int) -> Scale:
    """Return the scale of a smoke check: its figures mean little."""
    return Scale(
        seed, warm_seconds=0.5, rounds=2, static_seconds=0.5, seconds=0.7, open_runs=1, open_seconds=2.0,
        calls=1, batches=5, claim_rounds=1, claim_seconds=0.5, clients=4, starts=1, history=2_000,
        reads=5, agents_freed=10, callbacks=1, days=2, calls_a_day=40,
        held=Crowd(10, mean_stay=60.0, first_pace=2.0, steady_seconds=5.0, seed=seed),
        simulated=(Crowd(20, mean_stay=60.0, first_pace=5.0, steady_seconds=5.0, seed=seed),),
    )  # fmt: skip


def smallest(seed: int) -> Scale:
    """Return the scale at which the suite sees that parts still run; its figures mean nothing."""
    return replace(
        quick(seed), calls=1, batches=1, claim_rounds=1, claim_seconds=0.05, clients=2, reads=1,
        agents_freed=1
    )  # fmt: skip

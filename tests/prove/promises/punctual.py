"""B7: a thousand promises fall due in five minutes, workers die, and nearly all customers are rung in time.

An agent is rung first, hears what it is about, and accepts; only then the customer's phone rings. That takes
its time, too. Everybody picks up; what is measured is how long we need.
"""

from tests.prove.promises.judge import books_of, judge
from tests.prove.promises.mutants import (
    agents_do_not_come_back,
    callbacks_are_looked_for_seldom,
    the_clock_rings_everything,
)
from tests.prove.promises.office import office, people, workers
from tests.prove.promises.reaper import Reaper, mortal_work
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, WITHIN, AGENTS = 1_000, 300.0, 220
KILLED = 0.1
P99 = 20.0


def prove(trial: Trial) -> Verdict:
    """Let them fall due, kill a worker for every tenth, and judge."""
    count = trial.of(PROMISES, 24)
    verdict = Verdict(count)
    with office(trial, max(12, AGENTS * count // PROMISES)) as centre:
        reaper = Reaper(centre.chance)
        with workers(mortal_work(centre.work, reaper), reaper.performs), reaper.at_work():
            centre.promises(count, WITHIN)
            people(centre, absent=0.0, long=0.0)
            for _ in range(round(count * KILLED)):
                centre.hotline.net.at(centre.chance.uniform(5, WITHIN), reaper.arm_any)
            centre.runs(WITHIN, quiet=900)
        judge(verdict, books_of(centre.hotline.net), centre.work.db.engine, centre.due)
    if verdict.measured["p99_lateness_s"] > P99:
        verdict.failed(f"p99 of the lateness is {verdict.measured['p99_lateness_s']} s")
    verdict.measured |= {"killed": reaper.struck}
    verdict.counts["killed"] = dict(sorted(reaper.hits.items()))
    return verdict


PROOF = Proof(
    id="B7",
    promise="promised calls are made on time: p99 of the lateness <= 20 s, though workers are killed",
    prove=prove,
    mutants={
        "due callbacks are looked for seldom": callbacks_are_looked_for_seldom,
        "what a job wants rung is left to the clock": the_clock_rings_everything,
        "agents do not come back": agents_do_not_come_back,
    },
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

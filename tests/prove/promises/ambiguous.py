"""B2: the carrier's answers say nothing for certain, its lists lag, and its webhooks get lost.

A tenth of the calls are answered with 500 and a tenth with silence though they were made; a twentieth is
broken off, made as well; a twentieth is refused with 429. Lists show a call up to 90 s late. A tenth of what
the carrier tells beside the conversation is lost; the request for its document binds a call all the same.

Of half of the calls every status is lost: of those nothing is heard before somebody picks up.
"""

from callcenter.simulator import Fault
from tests.prove.promises.judge import books_of, judge
from tests.prove.promises.killed import Watch
from tests.prove.promises.mutants import (
    one_listing_is_enough,
    unknown_is_not_placed,
    unknown_targets_are_free,
)
from tests.prove.promises.office import AGENT_SECONDS, Office, office, people, workers
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS = 5_000, 200
ACCEPTED, BROKEN, REFUSED, LOST, LAG = 0.1, 0.05, 0.05, 0.1, 90.0
NOT_MADE = 0.02
"""So many are answered with silence and were not made: only the lists can tell."""
TO_A_PERSON = 0.005
SILENT = r"/twilio/progress/[^/]+/[0-7]"
SLOW = (2.0, 17.0)
"""Seconds until somebody picks up."""
SPREAD = 3.0
"""How much slower than the agents could: many of them rest after an unknown call."""
PERSONS = "SELECT count(*) FROM attempts WHERE reason = 'needs_human'"


def prove(trial: Trial) -> Verdict:
    """Let promises fall due while nothing the carrier says is certain, and judge."""
    count = trial.of(PROMISES, 24)
    agents = min(AGENTS, max(12, count // 3))
    verdict = Verdict(count)
    with office(trial, agents) as centre, workers(centre.work):
        lasts = count * AGENT_SECONDS * SPREAD / agents
        centre.promises(count, lasts)
        people(centre, picks_up=SLOW)
        _doubts(centre)
        watch = Watch(centre)
        centre.hotline.net.every(5.0, watch.looks)
        centre.runs(lasts, quiet=2400)
        books = books_of(centre.hotline.net)
        judge(verdict, books, centre.work.db.engine, centre.due)
        watch.judge(verdict)
        _judge_persons(verdict, centre)
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def _doubts(centre: Office) -> None:
    """Put everything in force that is uncertain."""
    net = centre.hotline.net
    net.faults.list_lag = LAG
    calls = "/Calls.json"
    net.faults.add(Fault("500-after-accept", "rest", ACCEPTED, path=calls, event="POST"))
    net.faults.add(Fault("timeout-after-accept", "rest", ACCEPTED, path=calls, event="POST"))
    net.faults.add(Fault("reset", "rest", BROKEN, path=calls, event="POST"))
    net.faults.add(Fault("timeout", "rest", NOT_MADE, path=calls, event="POST"))
    net.faults.add(Fault("429", "rest", REFUSED, path=calls, event="POST"))
    net.faults.add(Fault("drop", "status", LOST))
    net.faults.add(Fault("drop", "status", path=SILENT))
    net.faults.add(Fault("drop", "conference", LOST))


def _judge_persons(verdict: Verdict, centre: Office) -> None:
    """Few attempts are left to a person."""
    with centre.work.db.engine.connect() as connection:
        persons = int(connection.exec_driver_sql(PERSONS).scalar_one())
    verdict.measured |= {"to_a_person": persons}
    if persons > TO_A_PERSON * verdict.trials:
        verdict.failed(f"{persons} of {verdict.trials} were left to a person")


PROOF = Proof(
    id="B2",
    promise="answers that prove nothing, lists that lag, webhooks that are lost: none twice, none forgotten",
    prove=prove,
    mutants={
        "unknown counts as not placed": unknown_is_not_placed,
        "one early listing is enough": one_listing_is_enough,
        "an unknown call frees its target": unknown_targets_are_free,
    },
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

"""Whatever a caller does, the call ends as it should."""

from collections import Counter

import sqlalchemy as sa

from callcenter.db import Database
from tests.prove.callers.day import lived_through
from tests.prove.callers.judge import judge
from tests.prove.callers.mutants import no_answer, no_goodbye, no_ticket, too_long_a_sentence
from tests.prove.verdict import Proof, Trial, Verdict

CALLERS = 2000
AT_ONCE = 100


def random_callers(trial: Trial) -> Verdict:
    """Let 2,000 people call, a hundred in a stretch of a day."""
    verdict = Verdict(0)
    database = Database(trial.database)
    left, seed = trial.of(CALLERS), trial.seed
    while left > 0:
        with lived_through(database, seed, min(left, AT_ONCE)) as lived:
            verdict.failures += [f"seed {seed}: {fault}" for fault in judge(lived)]
            verdict.trials += len(lived.stayed)
        left, seed = left - AT_ONCE, seed + 1
    with database.reading() as session:
        verdict.measured = dict(Counter(session.scalars(sa.text("SELECT outcome FROM calls"))))
    database.dispose()
    return verdict


PROOFS: tuple[Proof, ...] = (
    Proof(
        "P1",
        "every call that stays ends with a person, a promise, an answer, a message or a goodbye",
        random_callers,
        mutants={
            "no goodbye": no_goodbye,
            "no ticket": no_ticket,
            "no answer": no_answer,
            "too long a sentence": too_long_a_sentence,
        },
        small=0.004,
    ),
)

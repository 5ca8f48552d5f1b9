"""Whatever is away, every caller hears a sentence and can leave a message, and nothing of it is lost.

Reliability F. Each row takes one thing away while people call: some were there before, some come during it,
and they press what they like. Seconds are the simulated network's.
"""

from tests.prove.heard import failures
from tests.prove.heard.failures import Failure
from tests.prove.heard.mutants import MUTANTS
from tests.prove.verdict import Proof, Trial, Verdict

BOTH = ("postgresql", "sqlite")


def _proof(
    id_: str, promise: str, failure: Failure, mutants: tuple[str, ...], on: tuple[str, ...] = BOTH
) -> Proof:
    def prove(trial: Trial) -> Verdict:
        return failures.prove(trial, failure)

    return Proof(id_, promise, prove, {name: MUTANTS[name] for name in mutants}, on, small=0.01)


PROOFS: tuple[Proof, ...] = (
    _proof("F1", "the database hangs: callers are heard, their messages tickets <= 60 s after it is back",
           failures.HUNG, ("no Record in the apology",)),
    _proof("F2", "the database is down: the same",
           failures.DOWN, ("brought home twice is two tickets", "the spool is never read"), ("postgresql",)),
    _proof("F3", "Redis is down: callers are connected all the same",
           failures.NO_REDIS, ("the clock does nothing itself",), ("postgresql",)),
    _proof("F4", "database and Redis are down: as F2",
           failures.NEITHER, ("nothing is spooled",), ("postgresql",)),
    _proof("F5", "the disk is full, of the database and of the spool: found at the carrier <= 60 s after",
           failures.FULL, ("the look back begins now",)),
    _proof("F6", "every process is dead, Twilio plays our static text: found at the carrier <= 60 s after",
           failures.DEAD, ("the look back begins now", "messages are not looked for"), ("postgresql",)),
    _proof("F7", "the carrier answers 401, 404, 429, 500 or nothing: nobody is hung up on, all end in order",
           failures.CARRIER, ("a 404 ends a living call",), ("postgresql",)),
    _proof("F8", "nobody is at work, or nobody answers: a promise or a message for everybody",
           failures.NOBODY, ("absent agents are waited for",), ("sqlite", "postgresql")),
    _proof("F9", "a number that is no line: a sentence, a message, a ticket",
           failures.STRANGE, ("a number that is no line is hung up on",), ("sqlite", "postgresql")),
    _proof("F10", "a worker is killed at a request to the carrier: all are connected, nobody is rung twice",
           failures.KILLED, ("what was obeyed is ordered again",), ("sqlite", "postgresql")),
)  # fmt: skip

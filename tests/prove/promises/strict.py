"""B2-strict: every notice beside the conversation is lost, lists lag by an hour, and the centre is strict.

Answers are as doubtful as in B2. Whoever picks up is asked for his document, and that tells of his call. Of
the others nobody knows, and no list shows them in time. A strict centre believes no list that shows nothing:
it rings none of them again, and asks a person about each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from callcenter.simulator import Fault
from callcenter.switchboard import jobs
from tests.prove.promises.ambiguous import ACCEPTED, BROKEN, NOT_MADE, REFUSED
from tests.prove.promises.judge import Books, books_of, measure, twice
from tests.prove.promises.office import AGENT_SECONDS, Office, office, people, workers
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS, SPREAD = 1_000, 100, 4.0
AN_HOUR = 3600.0
ABSENT = 0.4
"""So many customers do not pick up the first time: of their calls no document tells."""
KNOWN = "SELECT sid FROM legs"
ASKED = """
    SELECT c.number FROM callbacks c JOIN tasks t ON t.subject_id = c.id
    WHERE t.subject_kind = 'callback' AND t.state = 'open'
"""


def prove(trial: Trial) -> Verdict:
    """Let promises fall due while nothing is told but by who picks up, and judge."""
    count = trial.of(PROMISES, 30)
    agents = min(AGENTS, max(12, count // 3))
    verdict = Verdict(count)
    with office(trial, agents) as centre, workers(centre.work):
        centre.hotline.policy(strict_dialing=True)
        lasts = count * AGENT_SECONDS * SPREAD / agents
        centre.promises(count, lasts)
        people(centre, absent=ABSENT, long=0.0)
        _nothing_is_told(centre)
        centre.runs(lasts, quiet=900)
        books = books_of(centre.hotline.net)
        _judge(verdict, books, centre)
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def _nothing_is_told(centre: Office) -> None:
    net = centre.hotline.net
    net.faults.list_lag = AN_HOUR
    for effect, often in (
        ("500-after-accept", ACCEPTED), ("timeout-after-accept", ACCEPTED), ("reset", BROKEN),
        ("timeout", NOT_MADE), ("429", REFUSED),
    ):  # fmt: skip
        net.faults.add(Fault(effect, "rest", often, path="/Calls.json", event="POST"))  # type: ignore[arg-type]
    net.faults.add(Fault("drop", "status"))
    net.faults.add(Fault("drop", "conference"))


def _judge(verdict: Verdict, books: Books, centre: Office) -> None:
    """Nobody is rung twice, nobody again after a call of which nobody knows; who was not met is a task."""
    calls = books.by_address()
    with centre.work.db.engine.connect() as connection:
        known = set(connection.execute(sa.text(KNOWN)).scalars())
        asked = set(connection.execute(sa.text(ASKED)).scalars())
    for number in centre.due:
        placed = calls.get(number, [])
        for wrong in twice(placed, is_customer=True):
            verdict.failed(f"{number} {wrong}")
        if any(call.sid not in known for call in placed[:-1]):
            verdict.failed(f"{number} was rung again after a call of which nobody knows")
        if not any(call.met for call in placed) and number not in asked:
            verdict.failed(f"{number} was forgotten: {len(placed)} calls, and nobody is asked")
    for attempt, times in books.accepted.items():
        if times > 1:
            verdict.failed(f"attempt {attempt} was made {times} times")
    measure(verdict, calls, centre.due)
    unknown = sum(call.sid not in known for number in centre.due for call in calls.get(number, ()))
    verdict.measured |= {"of_which_nobody_knows": unknown, "to_a_person": len(asked)}


@contextmanager
def lists_are_believed() -> Iterator[None]:
    """Two listings that show nothing settle a customer's call, as in a centre that is not strict."""

    def settles(session: Any, attempt: Any, at: Any) -> None:
        jobs.outcomes.not_placed(session, attempt, "two listings show no call", at, costs_a_try=False)

    with patch.object(jobs, "_not_in_the_list", settles):
        yield


@contextmanager
def nobody_is_asked() -> Iterator[None]:
    """What no list shows is left to a person, and no person hears of it."""
    with patch.object(jobs, "hand_to_person", lambda *_: None):
        yield


PROOF = Proof(
    id="B2-strict",
    promise="every notice lost, lists an hour late, a strict centre: none twice, each met or a person's task",
    prove=prove,
    mutants={"lists are believed": lists_are_believed, "nobody is asked": nobody_is_asked},
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

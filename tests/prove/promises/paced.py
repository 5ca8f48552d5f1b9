"""B7-slow: the account lets out one call a second, and customers are called in their order.

Everybody falls due at the same moments as others; workers choose their jobs in any order.
"""

from typing import Any

import sqlalchemy as sa

from callcenter.simulator import Network
from tests.prove.promises.judge import ATTEMPT, books_of, instant, judge
from tests.prove.promises.mutants import whoever_comes_first_leaves
from tests.prove.promises.office import office, people, workers
from tests.prove.promises.reaper import Reaper, mortal_work
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, WITHIN, AGENTS = 300, 120.0, 60
A_SECOND = 1.0
ORDER = sa.text("SELECT id, created_at FROM attempts WHERE purpose_kind = 'callback' ORDER BY created_at, id")


def prove(trial: Trial) -> Verdict:
    """Let them fall due faster than calls can leave; judge pace and order by the carrier's books."""
    count = trial.of(PROMISES, 24)
    verdict = Verdict(count)
    with office(trial, max(12, AGENTS * count // PROMISES)) as centre:
        centre.hotline.policy(calls_per_second=A_SECOND)
        centre.lets_out(A_SECOND)
        reaper = Reaper(centre.chance, can=lambda _: False)
        with workers(mortal_work(centre.work, reaper), reaper.performs):
            centre.promises(count, min(WITHIN, 2.0 * count))
            people(centre, absent=0.0, long=0.0)
            centre.runs(WITHIN, quiet=3600)
        judge(verdict, books_of(centre.hotline.net), centre.work.db.engine, centre.due)
        _judge_order(verdict, centre.hotline.net, centre.work.db.engine)
        _judge_queue(verdict, centre.hotline.net)
    return verdict


def _judge_order(verdict: Verdict, net: Network, engine: sa.Engine) -> None:
    """No customer was called before one whose call was wanted earlier, and wanted still."""
    with engine.connect() as connection:
        wanted = {str(row.id).replace("-", ""): instant(row.created_at) for row in connection.execute(ORDER)}
    left: list[Any] = []
    for request in net.ledger.requests:
        found = ATTEMPT.search(request.params.get("Url", "")) if request.places else None
        if found and request.status == 201 and found[1].replace("-", "") in wanted:
            left.append(wanted[found[1].replace("-", "")])
    overtaken = sum(later < max(left[:n], default=later) for n, later in enumerate(left))
    verdict.measured |= {"customers_called": len(left), "overtaken": overtaken}
    if overtaken:
        verdict.failed(f"{overtaken} customers were overtaken by one whose call was wanted later")


def _judge_queue(verdict: Verdict, net: Network) -> None:
    """We stay below the account's pace: nothing waits at the carrier for long."""
    waits = [
        call.dialled - call.created
        for call in net.world.calls.values()
        if call.direction == "outbound-api" and call.dialled is not None
    ]
    longest = max(waits, default=0.0)
    verdict.measured |= {"longest_in_the_carriers_queue_s": round(longest, 1)}
    if longest > 2 / A_SECOND:
        verdict.failed(f"a call waited in the carrier's queue for {longest:.0f} s")


PROOF = Proof(
    id="B7-slow",
    promise="one call a second: nothing waits at the carrier, and customers are called in their order",
    prove=prove,
    mutants={"whoever comes first leaves": whoever_comes_first_leaves},
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

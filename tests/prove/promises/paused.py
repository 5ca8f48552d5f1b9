"""B5: a worker is stopped where it owns something, for longer than it may, and then goes on.

Each job runs in a thread that can be stopped at the points of reaper.py, as by SIGSTOP, while everybody else
goes on: behind a commit, behind a request to the carrier, before a question to it. (Inside a transaction it
would keep its locks; PostgreSQL lets the others wait, and on SQLite nobody else writes.) After 35 to 400 s it
goes on. By then its attempt counts as lost, or as never made, and its order may have been given by somebody
else. It is not stopped between its last look at the clock and the request itself: nobody can see that.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from callcenter import worker
from callcenter.simulator import Fault
from tests.prove.promises.judge import ATTEMPT, books_of, instant, judge
from tests.prove.promises.mutants import never_too_late, stale_orders_are_given, stale_retries
from tests.prove.promises.office import AGENT_SECONDS, Office, office, people, workers
from tests.prove.promises.reaper import Reaper, mortal_work, points
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS, PAUSES = 1_000, 100, 400
PAUSED = (35.0, 400.0)
LEASE = timedelta(seconds=13)
UNGIVEN = 0.6
"""So many orders are answered with 500 and must be given again."""
TAKEN = ("behind carry_out: commit 1",)
"""A worker that was stopped here owned an order that it had not given yet."""
SETTLED = """
    SELECT id, state, reason, sid FROM attempts WHERE state IN ('not_placed', 'ended')
    UNION ALL SELECT id, state, reason, sid FROM carrier_orders WHERE state IN ('done', 'gone', 'withdrawn')
"""


@dataclass
class Stopping:
    """Performs jobs in threads that stop at an armed point and go on when the network's time has come."""

    centre: Office
    verdict: Verdict
    stopped: threading.Event = field(default_factory=threading.Event)
    pauses: int = 0
    awake: list["Paused"] = field(default_factory=list)

    def performs(self, name: str, subject_id: str) -> None:
        """Be a worker for one job, until it ends or stops."""
        paused = Paused(self, lambda: worker.perform(name, subject_id))
        self.awake.append(paused)
        paused.thread.start()
        paused.rests.wait()

    def stop(self, point: str) -> None:
        """The worker of this thread receives SIGSTOP."""
        paused = next(each for each in self.awake if each.thread is threading.current_thread())
        self.pauses += 1
        paused.stops(point, self.centre.chance.uniform(*PAUSED))

    def settled(self) -> dict[Any, Any]:
        """Return what was settled, by plain SQL."""
        with self.centre.work.db.engine.connect() as connection:
            rows = connection.exec_driver_sql(SETTLED).all()
        return {row[0]: tuple(row) for row in rows}


@dataclass
class Paused:
    """One job in a thread of its own; `rests` when it has stopped, or ended."""

    rig: Stopping
    job: Callable[[], None]
    rests: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.job()
        finally:
            self.rests.set()

    def stops(self, point: str, seconds: float) -> None:
        """Stand still until the network's time has come."""
        self.rig.centre.hotline.net.at(seconds, lambda: self.resumes(point))
        self.rests.set()
        self.goes_on.wait()
        self.goes_on.clear()

    def resumes(self, point: str) -> None:
        """The worker receives SIGCONT: what it does now is judged."""
        rig, net = self.rig, self.rig.centre.hotline.net
        before, asked = rig.settled(), len(net.ledger.requests)
        self.rests.clear()
        self.goes_on.set()
        self.rests.wait()
        after = rig.settled()
        for row_id, row in before.items():
            if after.get(row_id) != row:
                rig.verdict.failed(f"stopped {point}: {row} became {after.get(row_id)}")
        given = [r for r in net.ledger.requests[asked:] if r.method == "POST" and "/Calls/CA" in r.path]
        if given and point.startswith(TAKEN):
            rig.verdict.failed(f"stopped {point}: its order was given when it had lost it")


def prove(trial: Trial) -> Verdict:
    """Let promises fall due while workers are stopped and go on, and judge."""
    count, pauses = trial.of(PROMISES, 24), trial.of(PAUSES, 150)
    agents = min(AGENTS, max(8, count // 3))
    verdict = Verdict(count)
    with office(trial, agents) as centre:
        rig = Stopping(centre, verdict)
        reaper = Reaper(centre.chance, acts=rig.stop, can=is_outside)
        with workers(mortal_work(centre.work, reaper), rig.performs), reaper.at_work():
            lasts = count * AGENT_SECONDS / agents
            centre.promises(count, lasts)
            people(centre, absent=0.4)
            centre.hotline.net.faults.add(Fault("500", "rest", UNGIVEN, path="/Calls/CA", event="POST"))
            for _ in range(pauses):
                centre.hotline.net.at(centre.chance.uniform(5, lasts), reaper.arm)
            centre.runs(lasts, quiet=2400)
            centre.hotline.net.run_for(PAUSED[1])
        books = books_of(centre.hotline.net)
        judge(verdict, books, centre.work.db.engine, centre.due)
        _judge_requests(verdict, centre)
        verdict.measured |= {"paused": rig.pauses}
        verdict.counts["paused"] = {point: reaper.hits[point] for point in filter(is_outside, points())}
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def is_outside(point: str) -> bool:
    """Say whether a worker that is stopped there keeps no lock and looks at the clock again."""
    return point.startswith("behind") or any(name in point for name in ("fetch", "list_calls"))


def _judge_requests(verdict: Verdict, centre: Office) -> None:
    """No call was asked for by somebody who had taken the attempt longer ago than he may have it."""
    with centre.work.db.engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT id, sent_at FROM attempts WHERE sent_at IS NOT NULL").all()
    taken = {str(row[0]).replace("-", ""): instant(row[1]) for row in told}
    for request in centre.hotline.net.ledger.requests:
        found = ATTEMPT.search(request.params.get("Url", "")) if request.places else None
        at = taken.get(found[1].replace("-", "")) if found else None
        if at is not None and request.at > at + LEASE:
            verdict.failed(
                f"a call was asked for {(request.at - at).total_seconds():.0f} s after it was taken"
            )


PROOF = Proof(
    id="B5",
    promise="a worker that is stopped past its lease and goes on writes nothing stale and dials nobody twice",
    prove=prove,
    mutants={
        "it is never too late to send": never_too_late,
        "an order is given however late": stale_orders_are_given,
        "a retry overwrites what is done": stale_retries,
    },
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

"""B4: two of everything. Four workers, three sweepers, two clocks, one database, every job rung five times.

They are threads here, each with connections of its own, so that a commit of one comes between two statements
of another. Nine promises of ten are taken up where an agent has accepted and the customer is to be rung; the
tenth goes the whole way, from its time that has come to an agent's phone. Then an order ends every call.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, Queue
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from structlog.testing import capture_logs

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock import system
from callcenter.clock_process import Ticker
from callcenter.db import Database
from callcenter.dialing import actions as dialing
from callcenter.jobs import PATIENT_SECONDS, Work, perform
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from callcenter.organisation.queries import centre
from callcenter.simulator import Network, Settings
from callcenter.simulator.in_process import InProcess
from callcenter.switchboard import sweeps
from tests import xinghe
from tests.bench import held
from tests.journeys.conftest import ACCOUNT, PUBLIC_URL, SECRET, TOKEN
from tests.prove.promises.judge import books_of
from tests.prove.promises.mutants import gives_again, starts_again, takes_again
from tests.prove.verdict import Proof, Trial, Verdict
from tests.waiting import until

ATTEMPTS, WORKERS, SWEEPERS, CLOCKS, COPIES = 10_000, 4, 3, 2, 5
WHOLE_WAY = 10
"""One promise of so many goes the whole way."""
PATIENCE_SECONDS, LOOKS_EVERY = 1200.0, 0.5
SWEPT = ("callbacks_due", "waiting_subjects", "lost_bells", "dead_senders", "unknown_calls")
"""No telephone rings, for the carrier's time stands still: whoever stops what rings too long is left out."""
POLICY = {"calls_per_second": 1000.0, "customer_calls_per_day": 1_000_000}
UNDONE = """
    SELECT (SELECT count(*) FROM attempts WHERE state IN ('intent', 'sending'))
         + (SELECT count(*) FROM carrier_orders WHERE state IN ('pending', 'given'))
         + (SELECT count(*) FROM callbacks WHERE state = 'booked')
         + (SELECT count(*) FROM waits WHERE state = 'waiting')
"""
PLACES = "SELECT subject_id FROM waits"


@dataclass
class Many:
    """Everybody who works on one database, and what one bell hands to all of them five times."""

    url: str
    net: Network
    failures: list[str] = field(default_factory=list)
    performed: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    queue: "Queue[tuple[str, str]]" = field(default_factory=Queue)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)

    def ring(self, name: str, subject_id: str) -> bool:
        """Hand a job to whoever is free, until five copies of it wait."""
        for _ in range(COPIES - self.copies[name, subject_id]):
            self.copies[name, subject_id] += 1
            self.queue.put((name, subject_id))
        return True

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Yield what one of them works with: nothing of it is shared but the bell and the carrier."""
        carrier = TwilioCarrier(ACCOUNT, TOKEN, transport=InProcess(self.net.rest))
        database = Database(self.url, turn_wait_seconds=PATIENT_SECONDS)
        try:
            yield Work(database, carrier, system, PUBLIC_URL, SECRET, self)
        finally:
            database.dispose()

    def performs(self, work: Work) -> None:
        """Be a worker for one job."""
        with suppress(Empty):
            name, subject_id = self.queue.get(timeout=0.05)
            self.copies[name, subject_id] -= 1
            perform(work, name, subject_id)
            self.performed += 1

    def sweeps(self, work: Work) -> None:
        """Look for what is due, whoever else does."""
        for each in _swept():
            each.run(work)
        self.over.wait(0.2)

    def ticks(self, work: Work) -> None:
        """Be a clock."""
        Ticker(work, owner=str(id(work))).tick()
        self.over.wait(0.2)

    def goes_on(self, act: Callable[[Work], None]) -> None:
        """Do this again and again until it is over."""
        with self.work() as work:
            while not self.over.is_set():
                try:
                    act(work)
                except Exception as fault:  # Nobody may meet one: the proof fails of it.
                    self.failures.append(f"{act.__name__}: {type(fault).__name__} {str(fault)[:300]}")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let all of them work meanwhile."""
        roles = [self.performs] * WORKERS + [self.sweeps] * SWEEPERS + [self.ticks] * CLOCKS
        threads = [threading.Thread(target=self.goes_on, args=(role,), daemon=True) for role in roles]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def may_be_judged(self) -> bool:
        """Say that all is done, or something wrong: then nobody needs to wait for the rest."""
        twice = any(times > 1 for each in done(self.net).values() for times in each.values())
        places = self.asks(PLACES).scalars().all()
        return bool(self.failures) or twice or len(set(places)) < len(places) or self.is_done()

    def is_done(self) -> bool:
        """Say that nothing is to be done any more, and no copy of a job is left."""
        return not self.asks(UNDONE).scalar_one() and self.queue.empty()

    def asks(self, question: str) -> Any:
        """Ask the database as nobody of them does."""
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            answer = connection.exec_driver_sql(question).freeze()
        engine.dispose()
        return answer()


def prove(trial: Trial) -> Verdict:
    """Let everything be done by many, and count in the carrier's books."""
    count = trial.of(ATTEMPTS, 40)
    net = Network(settings=Settings(account_sid=ACCOUNT, auth_token=TOKEN, seed=trial.seed))
    net.number(xinghe.HOTLINE, f"{PUBLIC_URL}/twilio/voice")
    many = Many(trial.database, net)
    with capture_logs(), many.work() as work, patch("callcenter.clock_process.SWEEPS", _swept()):
        held.staff(work, count // WHOLE_WAY)
        with work.transaction() as session:
            home = centre(session)
            home.policies = home.policies | POLICY
        owe(work, count)
        with many.at_work(), suppress(TimeoutError):
            until(many.may_be_judged, PATIENCE_SECONDS, every=LOOKS_EVERY)
            _hang_up_all(work)
            until(many.may_be_judged, PATIENCE_SECONDS, every=LOOKS_EVERY)
    verdict = Verdict(count, many.failures)
    _judge(verdict, many, count)
    verdict.measured |= {"jobs_performed": many.performed}
    return verdict


def _swept() -> tuple[Any, ...]:
    return tuple(each for each in sweeps.SWEEPS if each.name in SWEPT)


def owe(work: Work, count: int) -> None:
    """Owe so many calls: most of them to a customer for whom an agent waits, the others to be begun."""
    at = work.at()
    with work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == xinghe.HOTLINE)).one()
        skill = session.scalars(sa.select(Skill.id).where(Skill.key == "technical")).one()
        for n in range(count):
            number, whole = f"+86139{n:08}", n % WHOLE_WAY == 0
            callback = Callback(
                id=ids.new(), number=number, line_id=line.id, skill_id=skill, language="zh-CN",
                state="booked" if whole else "agent", created_at=at, created_by="test",
                due_at=at + timedelta(hours=1), next_try_at=at, tries=0,
            )  # fmt: skip
            session.add(callback)
            if not whole:
                dialing.intend(
                    session, purpose_kind="callback", purpose_id=callback.id, target=number,
                    to_address=number, from_number=line.number, timeout_seconds=40, at=at,
                )  # fmt: skip


def _hang_up_all(work: Work) -> None:
    """Order every call to be ended."""
    at = work.at()
    with work.transaction() as session:
        sids = session.execute(sa.text("SELECT sid FROM attempts WHERE sid IS NOT NULL")).scalars().all()
        for sid in sids:
            dialing.order(session, key=f"hangup:{sid}", verb="hang_up", sid=sid, at=at)


def done(net: Network) -> dict[str, Counter[str]]:
    """Say by the carrier's books how often each attempt was made, each telephone rung, each order given."""
    with net.world.kernel.lock:
        books = books_of(net)
        orders = [r.path for r in net.ledger.requests if r.method == "POST" and "/Calls/CA" in r.path]
    return {
        "attempt": books.accepted,
        "telephone": Counter(call.to for call in books.calls),
        "order": Counter(orders),
    }


def _judge(verdict: Verdict, many: Many, count: int) -> None:
    """Each attempt was made once, each telephone rung once, each order given once; nothing is left to do."""
    for what, counted in done(many.net).items():
        twice = [name for name, times in counted.items() if times > 1]
        verdict.measured[f"{what}s"] = len(counted)
        if twice:
            verdict.failed(f"{len(twice)} {what}s twice or more, as {twice[0]}")
        if len(counted) != count:
            verdict.failed(f"{len(counted)} {what}s of {count}")
    if undone := many.asks(UNDONE).scalar_one():
        verdict.failed(f"{undone} things were left undone")
    places = many.asks(PLACES).scalars().all()
    if len(places) != len(set(places)):
        verdict.failed(f"{len(places)} places in line for {len(set(places))} promises")


PROOF = Proof(
    id="B4",
    promise="two of everything, every job five times: no attempt is made twice, no order given twice",
    prove=prove,
    mutants={
        "what is taken is taken again": takes_again,
        "what is given is given again": gives_again,
        "what waits is started again": starts_again,
    },
    small=0.004,
)

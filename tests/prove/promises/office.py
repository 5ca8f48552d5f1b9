"""A centre that owes many calls, on simulated time: who is owed one, when, who is at work, what goes wrong.

The product is the real one: its web application, its jobs as its worker performs them, its clock. The carrier
is the simulator, at fifty calls a second.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from structlog.testing import capture_logs

from callcenter import worker
from callcenter.callbacks.actions import book_callback
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from callcenter.routing.rules import CUSTOMER
from callcenter.simulator import answers, busy, rings_out
from tests import xinghe
from tests.bench import held
from tests.journeys import conftest
from tests.journeys.conftest import MONDAY_MORNING, Hotline, Shift, opened
from tests.prove.verdict import Trial

CALLS_PER_SECOND = 50.0
AGENT_SECONDS = 45.0
"""What a promised call takes of an agent: his phone, the announcement, the customer's phone, talk, notes."""
TALKS = (4.0, 9.0)
"""Stamps have whole seconds: where the notices of a room are lost, less than three may count as no talk."""
BOOKED_AT_ONCE = 100
FAULTS_LOGGED = ("job.failed", "sweep.failed", "clock.tick_failed")
"""What a job or a sweep that raised leaves behind: none is expected."""
POLICY = {
    "callback_retry_minutes": 1, "callback_tries": 10, "callback_grace_minutes": 120,
    "wrap_up_seconds": 5, "missed_rest_seconds": 5,
    "calls_per_second": CALLS_PER_SECOND, "customer_calls_per_day": 1_000_000,
}  # fmt: skip


@dataclass
class Office:
    """The centre, its telephones, and what was promised: by number, the instant."""

    hotline: Hotline
    chance: Random
    agents: int
    due: dict[str, datetime] = field(default_factory=dict)
    logged: list[Any] = field(default_factory=list)

    @property
    def work(self) -> Work:
        """What the product works with."""
        return self.hotline.work

    def lets_out(self, calls_per_second: float) -> None:
        """Let the account place so many calls a second from now on."""
        world = self.hotline.net.world
        world.settings = replace(world.settings, calls_per_second=calls_per_second)

    @property
    def faults_logged(self) -> list[str]:
        """What raised in a job or a sweep."""
        return [str(each)[:600] for each in self.logged if each["event"] in FAULTS_LOGGED]

    def promises(self, count: int, within: float, after: float = 5.0) -> list[str]:
        """Promise so many more customers a call, due within so many seconds from `after` on; return who."""
        now, begun = self.work.at(), len(self.due)
        new = {
            f"+86139{begun + n:08}": now + timedelta(seconds=round(after + self.chance.uniform(0, within), 3))
            for n in range(count)
        }
        self.due |= new
        book(self.work, new)
        return list(new)

    def runs(self, seconds: float, quiet: float) -> None:
        """Let so much time pass, then go on until all promises are settled, `quiet` seconds at most."""
        self.hotline.net.run_for(seconds)
        until = self.hotline.net.now() + timedelta(seconds=quiet)
        while owed(self.work.db.engine) and self.hotline.net.now() < until:
            self.hotline.net.run_for(10)
        self.hotline.net.run_until(lambda: not self.hotline.net.live_calls(), 120)
        self.hotline.net.run_for(200)


def book(work: Work, due: dict[str, datetime]) -> None:
    """Promise these calls on the example's hotline."""
    numbers = list(due)
    for start in range(0, len(numbers), BOOKED_AT_ONCE):
        with work.transaction() as session:
            line = session.scalars(sa.select(Line).where(Line.number == xinghe.HOTLINE)).one()
            skill = session.scalars(sa.select(Skill.id).where(Skill.key == "technical")).one()
            for number in numbers[start : start + BOOKED_AT_ONCE]:
                book_callback(
                    session, number=number, line_id=line.id, skill_id=skill, language="zh-CN",
                    at=work.at(), actor="test", due_at=due[number],
                )  # fmt: skip


def owed(engine: sa.Engine) -> int:
    """Count the promises that are neither kept nor given up, by plain SQL."""
    with engine.connect() as connection:
        told = connection.exec_driver_sql(
            "SELECT count(*) FROM callbacks WHERE state NOT IN ('kept', 'failed', 'cancelled')"
        )
        return int(told.scalar_one())


@contextmanager
def office(
    trial: Trial,
    agents: int,
    *,
    at: datetime = MONDAY_MORNING,
    shift: Shift = lambda at: at,
    file: str = "",
    customers_first: bool = False,
) -> Iterator[Office]:
    """Yield the centre with so many agents, all at work; `file` is another centre file than the example's.

    `customers_first` rings customers before agents, on every line.
    """
    database = Database(trial.database)
    with capture_logs() as logged, opened(database, seed=trial.seed, at=at, shift=shift) as hotline:
        if file:
            with hotline.work.transaction() as session:
                apply_centre(session, parse(file, "centre.toml"), hotline.work.at())
        hotline.policy(**POLICY)
        if customers_first:
            with hotline.work.transaction() as session:
                for line in session.scalars(sa.select(Line)):
                    line.callback_first = CUSTOMER
        held.hire(hotline.work, agents)
        centre = Office(hotline, Random(trial.seed), agents, logged=logged)
        centre.lets_out(CALLS_PER_SECOND)
        yield centre
    database.dispose()


@contextmanager
def workers(work: Work, performs: Callable[[str, str], object] = worker.perform) -> Iterator[None]:
    """Let the jobs be performed as the worker's process does it, the call that one wants rung too."""

    def perform(_: Work, name: str, subject_id: str) -> None:
        performs(name, subject_id)

    worker._works.append(work)
    try:
        with patch.object(conftest, "perform", perform):
            yield
    finally:
        worker._works.remove(work)


def people(
    office: Office,
    *,
    absent: float = 0.1,
    long: float = 0.05,
    picks_up: tuple[float, float] = (0.5, 2.0),
    first: int = 1,
) -> None:
    """Everybody takes his calls as people do; some customers miss the first, some talk long.

    Agents miss one of their `first` calls now and then.
    """
    net, chance = office.hotline.net, office.chance
    for n in range(office.agents):
        takes = answers(chance.uniform(*picks_up), presses="1")
        net.phone(f"+86199{n:08}").will(
            *(rings_out() if chance.random() < absent else takes for _ in range(first)), takes
        )
    for number in office.due:
        missed = [chance.choice((busy(), rings_out()))] if chance.random() < absent else []
        talks = 75.0 if chance.random() < long else chance.uniform(*TALKS)
        net.phone(number).will(*missed, answers(chance.uniform(*picks_up), presses="1", talks_for=talks))

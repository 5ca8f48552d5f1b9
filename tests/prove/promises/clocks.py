"""B6: clocks are set forward and back by an hour, one process has another time than the rest, summer ends.

When the whole machine's clock is set, nobody can know better: early is what its clock says. When one process
is wrong, the clock's or a worker's, early is what everybody else's clock says. In the night in which the
clocks change, and the product is to call at the next opening, the instant is reckoned by hand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callcenter.callbacks.actions import book_callback
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from tests import xinghe
from tests.prove.promises.judge import Books, books_of, judge, lateness
from tests.prove.promises.mutants import (
    due_is_not_looked_at_again,
    sweeps_wait_for_their_time,
    zones_keep_their_offset,
)
from tests.prove.promises.office import Office, office, people, workers
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS = 600, 60
PHASE, SMALL_PHASE = 600.0, 120.0
"""Seconds for which a clock is wrong."""
HOUR = timedelta(hours=1)
LATER = 4.0
"""How many times as long after it others are promised, who are due for a clock that is an hour ahead."""
ON_TIME = 60.0
BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = (date(2026, 10, 25), date(2027, 3, 28))
"""Sundays on which summer time ends, and begins, in Berlin."""
FULL_NIGHTS = 0.1
"""From this scale on both are lived through, and the clocks are wrong for longer."""
SATURDAY = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)
OPENS = time_of_day(9)
WEEKEND = ("fri", "sat", "sun")
OFFICE_HOURS = (
    ('timezone = "Asia/Shanghai"', 'timezone = "Europe/Berlin"'),
    ('holidays = "CN" ', '# holidays = "CN" '),
    ('fri = ["09:00-12:00", "13:30-18:00"]', "\n".join(f'{day} = ["09:00-18:00"]' for day in WEEKEND)),
)


@dataclass
class Clocks:
    """How much the clocks differ from the true time: everybody's, the clock process's, the workers'."""

    everybody: timedelta = timedelta(0)
    ticker: timedelta = timedelta(0)
    worker: timedelta = timedelta(0)
    phase: float = PHASE
    moved: list[tuple[datetime, timedelta]] = field(default_factory=list)
    latest: dict[str, float] = field(default_factory=dict)
    """By number: how late its call may be, in seconds, while this or that clock is wrong."""

    def shift(self, at: datetime) -> datetime:
        """Return the time that everybody's clock shows."""
        return at + self.everybody

    def is_set(self, at: datetime, to: timedelta) -> None:
        """Set everybody's clock."""
        self.moved.append((at, to))
        self.everybody = to

    def shown(self, at: datetime) -> datetime:
        """Return what everybody's clock showed at a true instant."""
        return at + next((by for since, by in reversed(self.moved) if at >= since), timedelta(0))


def prove(trial: Trial) -> Verdict:
    """Let the clocks go wrong one after the other, and judge each promise by the clock that was right."""
    count = trial.of(PROMISES, 24)
    verdict, clocks = Verdict(count), Clocks(phase=PHASE if trial.scale >= FULL_NIGHTS else SMALL_PHASE)
    agents = min(AGENTS, max(8, count // 4))
    with office(trial, agents, at=SATURDAY, shift=clocks.shift, file=_berlin()) as centre:
        worker = _out_of_step(centre, clocks)
        with workers(worker):
            _nights(verdict, centre, NIGHTS if trial.scale >= FULL_NIGHTS else NIGHTS[:1], count // 4)
            _wrong_clocks(centre, clocks, count - count // 4)
            centre.runs(0, quiet=2 * 3600)
        books = books_of(centre.hotline.net)
        shown = [replace(call, rang=call.rang and clocks.shown(call.rang)) for call in books.calls]
        seen = Books(shown, books.accepted)
        judge(verdict, seen, centre.work.db.engine, centre.due)
        _judge_lateness(verdict, seen, centre.due, clocks.latest)
        for said in centre.faults_logged:
            verdict.failed(said)
    return verdict


def _out_of_step(centre: Office, clocks: Clocks) -> Work:
    """Give the clock process and the worker clocks of their own; return what the worker works with."""
    work = centre.work
    centre.hotline.ticker.work = replace(work, now=lambda: work.now() + clocks.ticker)
    return replace(work, now=lambda: work.now() + clocks.worker)


def _wrong_clocks(centre: Office, clocks: Clocks, count: int) -> None:
    """One phase after the other: everybody's clock, the clock's alone, the worker's alone; each both ways."""
    net = centre.hotline.net
    for sign in (1, -1):
        _owe(centre, clocks, count // 6, 3600 + ON_TIME)
        net.run_for(clocks.phase / 2)
        clocks.is_set(net.now(), clocks.everybody + sign * HOUR)
        net.run_for(clocks.phase)
    for who in ("ticker", "worker"):
        for sign in (1, -1):
            _owe(centre, clocks, count // 6, clocks.phase + 2 * ON_TIME)
            net.run_for(30)
            setattr(clocks, who, sign * HOUR)
            net.run_for(clocks.phase)
            setattr(clocks, who, timedelta(0))
            net.run_for(clocks.phase / 2)


def _owe(centre: Office, clocks: Clocks, count: int, latest: float) -> None:
    """Promise some calls for this phase, and some for much later, which must not be rung in it."""
    soon = centre.promises(max(2, count // 2), clocks.phase)
    clocks.latest |= dict.fromkeys(soon, latest)
    centre.promises(max(2, count // 2), clocks.phase, after=LATER * clocks.phase)
    people(centre, absent=0.0, long=0.0)


def _judge_lateness(
    verdict: Verdict, books: Books, due: Mapping[str, datetime], latest: Mapping[str, float]
) -> None:
    """Nobody was later than the clock that was wrong explains."""
    for number, limit in latest.items():
        for seconds in lateness(books.by_address(), {number: due[number]}):
            if seconds > limit:
                verdict.failed(f"{number} was rung {seconds:.0f} s late, {limit:.0f} s were to be expected")


def _berlin() -> str:
    """Return the example's centre, whose office is in Berlin and open on Sundays."""
    text = xinghe.FILE.read_text()
    for old, new in OFFICE_HOURS:
        text = text.replace(old, new)
    return text


def _nights(verdict: Verdict, centre: Office, nights: tuple[date, ...], count: int) -> None:
    """Promise calls on a Saturday evening for the next opening, and let the night with the change pass."""
    for night in nights:
        opens = datetime.combine(night, OPENS, BERLIN).astimezone(UTC)
        _sleep_until(centre, opens - timedelta(hours=12))
        promised = _ask_at_night(centre, max(2, count // len(nights)), opens)
        for hour in (opens - HOUR, opens):
            _sleep_until(centre, hour - timedelta(seconds=30))
            centre.hotline.net.run_for(180)
        centre.hotline.net.run_for(300)
        late = lateness(books_of(centre.hotline.net).by_address(), promised)
        if len(late) != len(promised) or max(late) > ON_TIME:
            worst = max(late, default=0.0)
            verdict.failed(f"{len(late)} of {len(promised)} were rung on {night}, {worst:.0f} s late")


def _sleep_until(centre: Office, at: datetime) -> None:
    """Let the night pass as for a machine that sleeps: no second of it is lived through."""
    clock = centre.hotline.net.clock
    clock.sleep(at - clock.now())  # type: ignore[attr-defined]


def _ask_at_night(centre: Office, count: int, opens: datetime) -> Mapping[str, datetime]:
    """Let customers ask for a call while the line is closed; the product chooses the time."""
    promised = {f"+86139{len(centre.due) + n:08}": opens for n in range(count)}
    centre.due |= promised
    people(centre, absent=0.0, long=0.0)
    with centre.work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == xinghe.GUANGZHOU)).one()
        skill = session.scalars(sa.select(Skill.id).where(Skill.key == "technical")).one()
        for number in promised:
            book_callback(
                session, number=number, line_id=line.id, skill_id=skill, language="zh-CN",
                at=centre.work.at(), actor="test",
            )  # fmt: skip
    return promised


PROOF = Proof(
    id="B6",
    promise="clocks an hour ahead or behind, or changed in the night: none early, none twice, none lost",
    prove=prove,
    mutants={
        "due is not looked at again": due_is_not_looked_at_again,
        "sweeps wait for their time": sweeps_wait_for_their_time,
        "a zone keeps its offset": zones_keep_their_offset,
    },
    databases=("sqlite", "postgresql"),
    suite_on=("sqlite",),
    small=0.002,
)

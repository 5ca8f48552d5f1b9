"""A year of calls for an empty centre: who phones when, which story each call is, who answers it."""

import heapq
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.queries import hours_of
from callcenter.calls.models import Call
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.db import Database
from callcenter.errors import Conflict
from callcenter.lines.models import Line
from callcenter.organisation.queries import centre, find_centre, policies
from callcenter.routing.models import AgentStateChange
from callcenter.staff.models import Agent
from callcenter.tickets.models import TicketCounter
from tests.bench.history import pouring, stories
from tests.bench.history.copying import Target, columns_of, target
from tests.bench.history.cutting import WORDS, Cut, cut, talks
from tests.bench.history.pouring import Limits, Pourer
from tests.bench.history.stories import TABLES, Recorded
from tests.bench.history.year import HOUR, SECOND, arrivals, opening
from tests.xinghe import CHENGDU, FILE, GUANGZHOU, HOTLINE

LINES = {HOTLINE: 0.6, GUANGZHOU: 0.25, CHENGDU: 0.15}
CALLS_OF_AN_AGENT = 25
MOST_IN_HAND = 1500
CLOSES_SOON = 20 * 60 * SECOND
MEAN_TALK_SECONDS = 170.0
LONGEST_TALK_SECONDS = 1500
TICKETS_LAST = timedelta(days=2)


@dataclass(frozen=True)
class Size:
    """How much: about `calls` calls over `days` days; `words_days` are the last days whose words are kept.

    `until` is the first day without calls; all is over by then. The same seed gives the same history.
    """

    calls: int
    seed: int = 20261121
    days: int = 365
    words_days: int = 60
    until: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def last(self) -> date:
        """The last day with calls: tickets are open for some days."""
        return self.until - TICKETS_LAST - timedelta(days=1)


Say = Callable[[str], None]


def fill(url: str, size: Size, recorded: Recorded | None = None, say: Say = lambda _: None) -> dict[str, int]:
    """Fill a database and return the rows by table.

    Raise Conflict where there are calls already, or a centre other than the example's. The stories are played
    anew unless they are given. No call is written unless all are.
    """
    database = Database(url)
    with database.transaction() as session:
        _refuse_real_centre(session)
        if find_centre(session) is None:
            apply_centre(session, parse(FILE.read_text(), FILE.name), datetime.now(UTC))
    recorded = recorded or _played(say)
    with database.transaction() as session:
        here = {name: known for known, name in stories.named(session).items()}
        if set(recorded.names.values()) - set(here):
            raise Conflict(
                "This centre is not the example's: its lines and skills are not those of the stories."
            )
        known = {old: here[name].hex for old, name in recorded.names.items()}
        staff = _staff(session, size)
        limits = _limits(session, size)
    cuts = [cut(story, known) for story in recorded.stories]
    writer = _Writer(cuts, limits, staff, size)
    say(f"writing about {size.calls:,} calls ...")
    with target(url, TABLES) as rows:
        writer.write(rows, say)
    with database.transaction() as session:
        home = centre(session).key
        for day, last in writer.pourer.counters.items():
            session.add(TicketCounter(centre_key=home, day=day, last=last))
    database.dispose()
    return writer.rows


def _played(say: Say) -> Recorded:
    say("playing the stories ...")
    with tempfile.TemporaryDirectory() as folder:
        return stories.record(Path(folder), stories.plans())


def _refuse_real_centre(session: Session) -> None:
    if session.scalars(sa.select(Call.id).limit(1)).first() is not None:
        raise Conflict("There are calls in this database: an invented history belongs into an empty one.")


def _staff(session: Session, size: Size) -> list[tuple[str, str]]:
    """Add the agents who took all those calls (id, address), and where their timelines begin and end."""
    wanted = max(4, round(size.calls / size.days / CALLS_OF_AN_AGENT))
    named = [(f"clerk-{n:04}", f"+86199260{n:05}") for n in range(1, wanted + 1)]
    begins = datetime.combine(size.last - timedelta(days=size.days), datetime.min.time(), UTC)
    ends = datetime.combine(size.until, datetime.min.time(), UTC)
    known = session.scalars(sa.select(Agent).where(Agent.key.like("clerk-%")).order_by(Agent.key)).all()
    agents = known or stories.add_agents(session, named, ends)
    for agent in [] if known else agents:
        for state, at in (("available", begins), ("offline", ends)):
            session.add(
                AgentStateChange(id=ids.new(), agent_id=agent.id, state=state, at=at, actor="history")
            )
    return [(agent.id.hex, agent.address) for agent in agents]


def _limits(session: Session, size: Size) -> Limits:
    since = datetime.combine(size.last - timedelta(days=size.days + 1), datetime.min.time(), UTC)
    until = datetime.combine(size.until + timedelta(days=30), datetime.min.time(), UTC)
    numbers = policies(session)
    hours = {
        line.number: opening(hours_of(session, line.calendar_id), since, until)
        for line in session.scalars(sa.select(Line)).all()
    }
    return Limits(
        hours,
        numbers.answer_within_working_hours * HOUR,
        numbers.callback_within_minutes * 60 * SECOND,
        ZoneInfo(centre(session).timezone),
    )


class _Staff:
    """Who is free: the longest idle is asked first."""

    def __init__(self, staff: Sequence[tuple[str, str]]) -> None:
        self._free = [(0, place) for place in range(len(staff))]
        self._staff = staff

    def take(self, one: Cut, base: int, longer: int) -> list[tuple[str, str]] | None:
        """Return the agents of a story, kept busy by it; None where too few are free."""
        asked = [kept for kept in one.busy if kept is not None]
        free = [heapq.heappop(self._free) for _ in asked]
        fits = all(since <= base + kept[0] for (since, _), kept in zip(free, asked, strict=True))
        for (since, place), kept in zip(free, asked, strict=True):
            heapq.heappush(self._free, (base + kept[1] + longer + SECOND if fits else since, place))
        people = iter(self._staff[place] for _, place in free)
        nobody = self._staff[0]
        return [next(people) if kept else nobody for kept in one.busy] if fits else None


class _Callers:
    """Who phones: a third of the calls come from numbers that never phoned before."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._numbers: list[str] = []
        self._used: set[str] = set()
        self.customers: dict[str, str] = {}

    def next(self) -> str:
        """Return the number of the next caller; those who phoned lately phone again more often."""
        known = self._numbers
        if known and self._random.random() > 0.35:
            return known[len(known) - 1 - int(len(known) * self._random.random() ** 2)]
        number = self._new()
        known.append(number)
        return number

    def _new(self) -> str:
        while (
            number := f"+861{self._random.choice('35789')}{self._random.randrange(10**9):09}"
        ) in self._used:
            pass
        self._used.add(number)
        return number


class _Writer:
    """Pours story after story."""

    def __init__(
        self, cuts: Sequence[Cut], limits: Limits, staff: Sequence[tuple[str, str]], size: Size
    ) -> None:
        self._random = Random(size.seed)
        self.pourer = Pourer(self._random, limits)
        self._limits = limits
        self._staff = _Staff(staff)
        self._callers = _Callers(self._random)
        self._size = size
        self._choices = {
            (line, closed): _Choice(
                [each for each in cuts if (each.plan.line, each.plan.closed) == (line, closed)]
            )
            for line in LINES
            for closed in (False, True)
        }
        self._cheap = [each for each in cuts if each.busy == (None, None) and not each.plan.closed]
        words_from = datetime.combine(size.until - timedelta(days=size.words_days), datetime.min.time(), UTC)
        self._words_from = int(words_from.timestamp()) * SECOND
        self.rows = dict.fromkeys(TABLES, 0)
        self._text: dict[str, list[str]] = {name: [] for name in TABLES}
        self._in_hand = 0

    def write(self, rows: Target, say: Say) -> None:
        """Write the whole history."""
        for done, call in enumerate(self._calls(), 1):
            self._pour(call)
            if self._in_hand >= MOST_IN_HAND:
                self._flush(rows)
            if done % 50_000 == 0:
                say(f"{done:,} stories, {sum(self.rows.values()):,} rows")
        self._flush(rows)

    def _calls(self) -> Iterator[pouring.Call]:
        size = self._size
        count = round(size.calls / self._mean_calls())
        for at in arrivals(self._random, size.last, size.days, count, str(self._limits.zone)):
            one = self._story(at)
            if one is None:
                continue
            longer = min(LONGEST_TALK_SECONDS, int(self._random.expovariate(1 / MEAN_TALK_SECONDS)))
            more = longer * SECOND if talks(one) else 0
            agents = self._staff.take(one, at, more)
            if agents is None:  # All are busy: whoever phones now gives up or books a callback.
                one, more = self._random.choice(self._cheap), 0
                agents = self._staff.take(one, at, more) or []
            number = self._callers.next()
            yield pouring.Call(one, at, number, self._callers.customers.get(number), agents, more)

    def _story(self, at: int) -> Cut | None:
        line = self._random.choices(list(LINES), list(LINES.values()))[0]
        left = self._limits.hours[line].left(at)
        if 0 < left < CLOSES_SOON:
            line = HOTLINE
        return self._choices[line, left == 0].pick(self._random) or self._choices[HOTLINE, False].pick(
            self._random
        )

    def _mean_calls(self) -> float:
        """Return how many calls a story of the biggest line has: some have a callback besides."""
        return self._choices[HOTLINE, False].mean_calls

    def _pour(self, call: pouring.Call) -> None:
        values = self.pourer.values(call)
        made = self.pourer.made_customer(call)
        if made is not None:
            self._callers.customers[call.number] = made
        for name, part in call.cut.parts.items():
            if name in WORDS and call.base < self._words_from:
                continue
            if name in ("customers", "customer_numbers") and call.customer is not None:
                continue
            self._text[name].append(part.poured(values))
            self.rows[name] += part.rows
        self._in_hand += 1

    def _flush(self, rows: Target) -> None:
        for name, texts in self._text.items():
            if texts:
                rows.take(name, columns_of(name), "".join(texts))
                texts.clear()
        self._in_hand = 0


class _Choice:
    """The stories of a line while it is open, or closed, by their shares."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        self._cuts = cuts
        self._shares = list(accumulate(each.plan.share for each in cuts))
        total = self._shares[-1] if cuts else 1.0
        self.mean_calls = sum(each.plan.share * each.parts["calls"].rows for each in cuts) / total

    def pick(self, random: Random) -> Cut | None:
        """Return one, None where there are none."""
        return random.choices(self._cuts, cum_weights=self._shares)[0] if self._cuts else None

"""A cut story poured out as one more that happened at another time, to others, for longer or shorter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.bench.history.cutting import NULL, Cut, Hole
from tests.bench.history.year import SECOND, Opening

DAY = 86_400
# The talk of a story lasts longer than this; what comes later than that after the joining is after the talk.
IN_TALK = 5 * SECOND
_EPOCH = date(1970, 1, 1)
_CLOCK = [f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(DAY)]
_VERSION, _VARIANT = 0x7 << 76, 0x2 << 62
_RANDOM_BITS = ((1 << 12) - 1) << 64 | (1 << 62) - 1


@dataclass(frozen=True)
class Limits:
    """The time limits of the centre: the line's hours, working time for answers and callbacks, the zone."""

    hours: Mapping[str, Opening]
    answer: int
    callback: int
    zone: ZoneInfo


@dataclass
class Call:
    """One repetition: when it began, who phones, who answers, how much longer the talk is (microseconds)."""

    cut: Cut
    base: int
    number: str
    customer: str | None
    agents: Sequence[tuple[str, str]]
    longer: int = 0


@dataclass
class Pourer:
    """Gives every repetition its values; ticket numbers go on from one to the next, day by day."""

    random: Random
    limits: Limits
    counters: dict[date, int] = field(default_factory=dict)
    _days: dict[int, str] = field(default_factory=dict)

    def values(self, call: Call) -> list[str]:
        """Return what goes into the holes of the call's story, in their order."""
        cut = call.cut
        self._call = call
        self._from = cut.joined + IN_TALK if cut.joined is not None else None
        self._ids: dict[object, str] = {}
        self._ticket = self._next_number() if cut.ticket is not None else ""
        self._dues = {due.rule: self._due(due.rule, self._at(due.made)) for due in cut.promises}
        return [_POURED[hole[0]](self, hole) for hole in cut.holes]

    def made_customer(self, call: Call) -> str | None:
        """Return the customer that the values of the call have just made, None where its story makes none."""
        if call.cut.new_customer is None or call.customer is not None:
            return None
        return self.id(call.cut.new_customer)

    def _at(self, offset: int) -> int:
        later = self._from is not None and offset > self._from
        return self._call.base + offset + (self._call.longer if later else 0)

    def time(self, hole: Hole) -> str:
        """An instant, as both databases read it in UTC."""
        return self._instant(self._at(hole[1]))

    def _instant(self, at: int) -> str:
        seconds, rest = divmod(at, SECOND)
        day, second = divmod(seconds, DAY)
        if day not in self._days:
            self._days[day] = (_EPOCH + timedelta(days=day)).isoformat()
        return f"{self._days[day]} {_CLOCK[second]}.{rest:06d}"

    def id(self, hole: Hole) -> str:
        """A UUIDv7 of the row's own time, the same wherever the row is named."""
        made = self._ids.get(hole[1])
        if made is None:
            stamp = self._at(hole[2]) // 1000
            value = stamp << 80 | _VERSION | _VARIANT | self.random.getrandbits(80) & _RANDOM_BITS
            made = self._ids[hole[1]] = f"{value:032x}"
        return made

    def hyphens(self, hole: Hole) -> str:
        """The same id as people write it."""
        return _hyphened(self.id(hole))

    def sid(self, hole: Hole) -> str:
        """A carrier's SID of the same kind."""
        made = self._ids.get(hole[1])
        if made is None:
            made = self._ids[hole[1]] = f"{hole[1][:2]}{self.random.getrandbits(128):032x}"
        return made

    def iso(self, hole: Hole) -> str:
        """An instant in the zone in which the story wrote it."""
        local = self._at(hole[1]) + hole[2] * SECOND
        sign, hours = ("-" if hole[2] < 0 else "+"), abs(hole[2]) // 60
        return f"{self._instant(local).replace(' ', 'T')}{sign}{hours // 60:02}:{hours % 60:02}"

    def day(self, hole: Hole) -> str:
        """The local day of an instant."""
        return self._local(self._at(hole[1])).isoformat()

    def _local(self, at: int) -> date:
        return datetime.fromtimestamp(at // SECOND, self.limits.zone).date()

    def number(self, hole: Hole) -> str:
        """The caller's number, written or spoken."""
        number = self._call.number
        groups = (number[3:6], number[6:10], number[10:])
        return number if hole[1] == "plain" else _said(groups, hole[1])

    def ticket(self, hole: Hole) -> str:
        """The ticket's number, written or spoken."""
        number = self._ticket
        return (
            number
            if hole[1] == "plain"
            else _said((number[:2], number[2:4], number[4:6], number[6:]), hole[1])
        )

    def agent(self, hole: Hole) -> str:
        """One of the two agents: id, the same with hyphens, or the address."""
        agent, address = self._call.agents[hole[1]]
        if hole[2] == "address":
            return address
        return agent if hole[2] == "id" else _hyphened(agent)

    def customer(self, _hole: Hole) -> str:
        """Who phones: somebody known, the one whom the story makes, or nobody."""
        if self._call.customer is not None:
            return self._call.customer
        made = self._call.cut.new_customer
        return self.id(made) if made else NULL

    def seconds(self, hole: Hole) -> str:
        """How long something lasted that ended with the talk."""
        return str(hole[1] + (self._call.longer // SECOND if self._from is not None else 0))

    def due_at(self, hole: Hole) -> str:
        """When a promise of this rule is due."""
        return self._instant(self._dues[hole[1]])

    def state(self, hole: Hole) -> str:
        """Whether it was kept in time."""
        due = next(each for each in self._call.cut.promises if each.rule == hole[1])
        return "kept" if self._at(due.settled) <= self._dues[hole[1]] + due.grace * SECOND else "late"

    def _due(self, rule: str, made: int) -> int:
        """The handbook's limits: the same day for a complaint, else working time on the line's calendar."""
        if rule == "CP-2":
            local = datetime.combine(self._local(made), datetime.min.time(), self.limits.zone)
            last = local.replace(hour=23, minute=59, second=59)
            return int(last.astimezone(UTC).timestamp()) * SECOND
        hours = self.limits.hours[self._call.cut.plan.line]
        return hours.later(made, self.limits.callback if rule == "HL-8" else self.limits.answer)

    def _next_number(self) -> str:
        assert self._call.cut.ticket is not None
        day = self._local(self._at(self._call.cut.ticket))
        self.counters[day] = self.counters.get(day, 0) + 1
        return f"{day:%y%m%d}{self.counters[day]:03d}"


def _hyphened(text: str) -> str:
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _said(groups: Sequence[str], how: str) -> str:
    if how == "groups":
        return " ".join(groups)
    return ("，" if how == "zh-CN" else ", ").join(" ".join(group) for group in groups)


_POURED: Mapping[str, Callable[[Pourer, Hole], str]] = {
    "time": Pourer.time, "id": Pourer.id, "new_customer": Pourer.id, "hyphens": Pourer.hyphens,
    "sid": Pourer.sid, "iso": Pourer.iso, "day": Pourer.day, "number": Pourer.number,
    "ticket": Pourer.ticket, "agent": Pourer.agent, "customer": Pourer.customer, "seconds": Pourer.seconds,
    "due_at": Pourer.due_at, "state": Pourer.state,
}  # fmt: skip

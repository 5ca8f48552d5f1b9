"""The official calendars of countries, from the `holidays` library, as the plain values that the rules take.

In China the State Council announces each November which days off and which make-up workdays the next year
has; until the library knows them, a year has its statutory days only, and is not known. Its announcements
give whole blocks of days off: a weekend that touches a holiday belongs to the block, unless it is worked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from callcenter.calendars.rules import NoPublicDays, PublicDay, PublicDays

if TYPE_CHECKING:
    from holidays import HolidayBase

CHINA = "CN"
_DAY = timedelta(days=1)
# What the library calls a day that a moon nobody has seen yet decides.
_ESTIMATED = "(estimated)"
# What the library calls a language, in the order of preference; it has Chinese names for few countries.
_ENGLISH = ("en_US", "en_GB", "en_AU", "en_HK", "en_IN", "en_SG")
_NAMES = {"zh-CN": ("zh_CN", "zh_HK", "zh_TW", *_ENGLISH), "en-US": _ENGLISH}
_BREAK = {"zh-CN": "{}假期", "en-US": "{} break"}
_WORKED = {"zh-CN": "{}调休上班", "en-US": "make-up workday for {}"}
_WORKED_FOR_SOME_DAY = {"zh-CN": "调休上班", "en-US": "make-up workday"}


@dataclass(frozen=True)
class Official:
    """The official calendar of a country or of a part of it, looked up a year at a time."""

    code: str
    confirmed: tuple[int, ...] = ()

    def on(self, day: date) -> PublicDay | None:
        """Return what is special about a day."""
        return year_of(self.code, day.year).days.get(day)

    def is_known(self, year: int) -> bool:
        """Say whether the year's days are settled: by announcement, by the moon, or by the centre's file."""
        return year in self.confirmed or year_of(self.code, year).known


@dataclass(frozen=True)
class Year:
    """One year of an official calendar; `known` where nothing in it is still to be announced or seen."""

    days: Mapping[date, PublicDay]
    known: bool


def public_days(code: str | None, confirmed: Iterable[int] = ()) -> PublicDays:
    """Return the official calendar of a code that `check_code` has accepted; none for None."""
    return Official(code, tuple(confirmed)) if code else NoPublicDays()


def check_code(code: str) -> None:
    """Raise ValueError with a sentence unless the library knows the country and its part."""
    country, _, part = code.partition("-")
    parts = _library().list_supported_countries(include_aliases=False).get(country)
    if parts is None:
        raise ValueError(f'no official calendar is known for "{country}"; write it like "CN" or "DE-BE"')
    if part and part not in parts:
        known = ", ".join(parts) or "none"
        raise ValueError(f'"{country}" has no part "{part}" with holidays of its own; known: {known}')


def warm_up() -> None:
    """Load the library before a caller waits for it: the first look costs half a second, later ones none."""
    year_of(CHINA, 2026)


@lru_cache(maxsize=512)
def year_of(code: str, year: int) -> Year:
    """Return a year; what it says can only change with the library's release, so it is kept for ever."""
    calendar = _Calendar(code, year)
    return Year({day: it for day, it in calendar.days() if day.year == year}, calendar.is_known())


class _Calendar:
    """A code's calendar around a year: blocks and swaps reach over New Year."""

    def __init__(self, code: str, year: int) -> None:
        self.code, self.year = code, year
        self._names = {language: self._load(choices, observed=True) for language, choices in _NAMES.items()}
        self._statutory = self._load((), observed=False)
        self._worked = {worked: free for free, worked in self._swaps() if worked.weekday() >= 5}

    def days(self) -> Iterator[tuple[date, PublicDay]]:
        """Yield every day that differs from its weekday."""
        blocks = self._blocks() if self.code == CHINA else {}
        for day in blocks or self._names["en-US"]:
            if day not in self._worked:
                yield day, PublicDay(self._named(day, blocks.get(day)))
        for day, free in self._worked.items():
            named = self._around(blocks[free], _WORKED) if free in blocks else _WORKED_FOR_SOME_DAY
            yield day, PublicDay(named, works_like=free.weekday())

    def is_known(self) -> bool:
        """Say whether everything of the year is settled."""
        if self.code == CHINA:
            return bool(self._swaps_of(self.year))
        return not any(
            _ESTIMATED in name for day, name in self._names["en-US"].items() if day.year == self.year
        )

    def _load(self, languages: Iterable[str], *, observed: bool) -> "HolidayBase":
        """Return the days from the year before to the year after, in the first language that there is."""
        country, _, part = self.code.partition("-")
        years = [self.year - 1, self.year, self.year + 1]
        load: Any = _library().country_holidays
        bare = load(country, subdiv=part or None, expand=False)
        language = next((it for it in languages if it in bare.supported_languages), bare.default_language)
        days: HolidayBase = load(
            country, subdiv=part or None, years=years, expand=False, observed=observed, language=language
        )
        return days

    def _swaps(self) -> Iterator[tuple[date, date]]:
        """Yield (day off, day worked instead) of the years around."""
        for year in (self.year - 1, self.year, self.year + 1):
            yield from self._swaps_of(year)

    def _swaps_of(self, year: int) -> list[tuple[date, date]]:
        """Return a year's swaps; the library lists them as (month, day off, month, day worked, year?)."""
        listed = getattr(self._statutory, "special_public_holidays", {}).get(year, ())
        rows = listed if listed and isinstance(listed[0], tuple) else (listed,)
        return [
            (date(year, row[0], row[1]), date(row[4] if len(row) > 4 else year, row[2], row[3]))
            for row in rows
            if len(row) > 3
        ]

    def _blocks(self) -> dict[date, date]:
        """Return every day off by its block's statutory day of the most frequent name."""
        free = dict(self._names["en-US"])
        found: dict[date, date] = {}
        for block in _runs(free, self._worked):
            statutory = [day for day in block if self._is_statutory(day)]
            if statutory:
                named = Counter(self._statutory[day] for day in statutory).most_common(1)[0][0]
                main = next(day for day in statutory if self._statutory[day] == named)
                found |= dict.fromkeys(block, main)
        return found

    def _is_statutory(self, day: date) -> bool:
        return day in self._statutory and all(day != free for free, _ in self._swaps())

    def _named(self, day: date, main: date | None) -> Mapping[str, str]:
        """Return a holiday's own names; the days around it are called after it."""
        if main is not None and not self._is_statutory(day):
            return self._around(main, _BREAK)
        return {language: days[day] for language, days in self._names.items()}

    def _around(self, main: date, words: Mapping[str, str]) -> Mapping[str, str]:
        return {language: words[language].format(days[main]) for language, days in self._names.items()}


def _runs(free: Iterable[date], worked: Mapping[date, date]) -> Iterator[list[date]]:
    """Yield the unbroken runs of days off around holidays, weekends included unless they are worked."""
    off = {day for day in free if day not in worked}
    for day in sorted(off):
        for step in (-_DAY, _DAY):
            near = day + step
            while near.weekday() >= 5 and near not in worked:
                off.add(near)
                near += step
    run: list[date] = []
    for day in sorted(off):
        if run and day - run[-1] > _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _library() -> Any:
    """Return the library: it takes a sixth of a second to load, which few commands need."""
    import holidays  # noqa: PLC0415

    return holidays

"""What a valid centre file may still have overlooked: hints for whoever writes it, never refusals."""

from collections.abc import Iterator
from datetime import datetime

from callcenter.calendars.rules import LOOKAHEAD, unknown_years
from callcenter.calendars.words import unconfirmed_words
from callcenter.center.file import CalendarEntry, CentreFile, LineEntry
from callcenter.lines.rules import cadence

# GB/T 33358-2016 asks public hotlines to answer within 15 s; three rings are 15 s where a ring is 5 s.
STANDARD_SECONDS = 15.0


def advice(file: CentreFile, at: datetime) -> list[str]:
    """Return a sentence about each thing that callers may run into, seen from an instant."""
    lines = [hint for line in file.lines for hint in (*_unanswered(file, line), *_unequal_limits(file, line))]
    return lines + [hint for calendar in file.calendars for hint in _unconfirmed(file, calendar, at)]


def _unconfirmed(file: CentreFile, calendar: CalendarEntry, at: datetime) -> Iterator[str]:
    """Promises may soon reach into a year whose days off nobody knows for sure."""
    for year in unknown_years(calendar.hours(file.centre.timezone), at, at + LOOKAHEAD):
        yield unconfirmed_words(calendar.key, year)["en-US"]


def _unanswered(file: CentreFile, line: LineEntry) -> Iterator[str]:
    """A caller of this language who chooses this key would find nobody, however long he waits."""
    skills = dict.fromkeys(item.skill for item in line.menu if item.skill)
    for skill in skills:
        for language in line.languages:
            if not any(skill in agent.skills and language in agent.languages for agent in file.agents):
                yield f'line {line.key}: no agent has the skill "{skill}" and speaks {language}'


def _unequal_limits(file: CentreFile, line: LineEntry) -> Iterator[str]:
    """The target in rings and the target in seconds are two faces of one rule, where a ring is 5 s."""
    country = line.cadence_country or file.centre.country
    rings = line.rings_target or file.policies.rings_target
    seconds = cadence(country).limit_seconds(rings)
    if seconds != STANDARD_SECONDS:
        limits = f"{rings} rings are {seconds:g} s in {country}, GB/T 33358 counts {STANDARD_SECONDS:g} s"
        yield f"line {line.key}: {limits}"

"""Checks of opening hours: no overlaps, no date twice, no calendar that never opens."""

from collections.abc import Iterator
from contextlib import suppress

from callcenter.calendars.rules import WEEKDAYS, Period, overlap, read_period, write_period
from callcenter.center.draft import Draft, Finding, Seen, Table
from callcenter.center.positions import Path


def check_overlaps(draft: Draft) -> Iterator[Finding]:
    """The periods of a day must be apart."""
    for calendar in draft.tables("calendars"):
        for weekday in WEEKDAYS:
            yield from _overlap(calendar.table("week"), weekday)
        for day in calendar.tables("days"):
            yield from _overlap(day, "hours")


def check_days(draft: Draft) -> Iterator[Finding]:
    """A date may differ in one way only, and has its periods from one place."""
    for calendar in draft.tables("calendars"):
        seen = Seen(draft, "day")
        for day in calendar.tables("days"):
            yield from seen.again(day.at("day"), str(day.values.get("day")))
            yield from _like(day, calendar.table("week"))


def check_confirmed(draft: Draft) -> Iterator[Finding]:
    """Only an official calendar has years to confirm."""
    for calendar in draft.tables("calendars"):
        if calendar.values.get("confirmed_years") and not calendar.values.get("holidays"):
            yield calendar.at("confirmed_years"), "follows no official calendar; give holidays too"


def check_opens(draft: Draft) -> Iterator[Finding]:
    """A calendar must open at some time, else its lines would be closed for ever."""
    for calendar in draft.tables("calendars"):
        week = calendar.table("week")
        if not any(week.values.get(day) for day in WEEKDAYS) and not any(
            day.values.get("hours") for day in calendar.tables("days")
        ):
            yield calendar.at("week"), "never opens; give at least one period"


def _like(day: Table, week: Table) -> Iterator[Finding]:
    like = day.values.get("like")
    if not like:
        return
    if day.values.get("hours"):
        yield day.at("like"), "has hours already; give one of the two"
    elif not week.values.get(str(like)):
        yield day.at("like"), f'"{like}" has no periods in this week'


def _overlap(table: Table, key: str) -> Iterator[Finding]:
    places: dict[Period, Path] = {}
    periods = []
    for path, text in table.texts(key):
        with suppress(ValueError):
            periods.append(read_period(text))
            places[periods[-1]] = path
    found = overlap(periods)
    if found:
        first, second = (write_period(period) for period in found)
        yield places[found[1]], f'"{second}" overlaps "{first}"'

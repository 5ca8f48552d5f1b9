"""`callcenter hours`: is it open, why, when next, and how a sum of working time comes about."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from callcenter import clock
from callcenter.calendars import words
from callcenter.calendars.queries import calendar_by_key, calendars, hours_of
from callcenter.calendars.rules import (
    LOOKAHEAD,
    Hours,
    add_working,
    next_opening,
    standing,
    unknown_years,
    working_between,
    working_steps,
)
from callcenter.cli.console import console_language
from callcenter.db import Database
from callcenter.errors import Invalid, Missing
from callcenter.lines.queries import line_by_key
from callcenter.settings import load_settings

# A year has fewer minutes than this; more working time than that no promise asks for.
MOST_MINUTES = 500_000

_SAID = {
    "zh-CN": {
        "now": "{}：{}", "why": "  原因：{}", "next": "  下次营业：{}", "never": "400 天内不营业",
        "gap": "  休息 {} - {}：{}", "sum": "  {} 起 {} 工作时间：{}", "out": "营业时间不足，还差 {}",
        "between": "  至 {} 的工作时间：{}",
    },
    "en-US": {
        "now": "{}: {}", "why": "  why: {}", "next": "  next opening: {}", "never": "none within 400 days",
        "gap": "  closed {} - {}: {}", "sum": "  {} plus {} of working time: {}",
        "out": "the hours run out, {} are missing", "between": "  working time until {}: {}",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked of a calendar at an instant."""

    key: str
    hours: Hours
    at: datetime
    plus: timedelta | None
    until: datetime | None
    language: str

    @property
    def zone(self) -> ZoneInfo:
        """The calendar's zone."""
        return ZoneInfo(self.hours.zone)

    def moment(self, at: datetime) -> str:
        """Return an instant on the calendar's clock."""
        return words.moment_words(at, self.zone)

    def say(self, name: str, *values: str) -> str:
        """Return a line in the console's language."""
        return _SAID[self.language][name].format(*values)


def register(app: typer.Typer) -> None:
    """Add `hours` to the command line."""
    app.command("hours")(hours)


def hours(
    name: Annotated[str | None, typer.Argument(help="A line's or a calendar's key; without it, all.")] = None,
    at: Annotated[str | None, typer.Option(help="When: 2026-10-10T09:00, in the calendar's zone.")] = None,
    plus_minutes: Annotated[
        int | None, typer.Option(min=0, max=MOST_MINUTES, help="Add so many working minutes.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Count the working time up to here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Say whether it is open and why, when it opens next, and what a sum of working time is made of."""
    plus = None if plus_minutes is None else timedelta(minutes=plus_minutes)
    language = console_language(os.environ)
    questions = [
        Question(
            key,
            it,
            _instant("--at", at, it) or clock.system(),
            plus,
            _instant("--until", until, it),
            language,
        )
        for key, it in _calendars(name)
    ]
    if as_json:
        typer.echo(json.dumps([_as_json(question) for question in questions], ensure_ascii=False))
        return
    for question in questions:
        typer.echo("\n".join(_lines(question)))


def _calendars(name: str | None) -> list[tuple[str, Hours]]:
    """Return the calendar of this name, the one of the line of this name, or all."""
    database = Database(load_settings(os.environ).database_url)
    try:
        with database.reading() as session:
            if name is None:
                return [(row.key, hours_of(session, row.id)) for row in calendars(session)]
            return [_named(session, name)]
    finally:
        database.dispose()


def _named(session: Session, name: str) -> tuple[str, Hours]:
    line = line_by_key(session, name)
    if line is not None:
        return name, hours_of(session, line.calendar_id)
    calendar = calendar_by_key(session, name)
    if calendar is None:
        raise Missing("line or calendar", f'"{name}"')
    return name, hours_of(session, calendar.id)


def _instant(option: str, text: str | None, hours: Hours) -> datetime | None:
    """Return the instant that was typed; without a zone it is the calendar's."""
    if text is None:
        return None
    try:
        typed = datetime.fromisoformat(text)
        return (typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(hours.zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(option, f'"{text}" is no time; write it like 2026-10-10T09:00') from None


def _lines(asked: Question) -> Iterator[str]:
    now = standing(asked.hours, asked.at)
    yield asked.say(
        "now", f"{asked.key} {asked.moment(asked.at)}", words.standing_words(now, asked.zone)[asked.language]
    )
    yield asked.say("why", words.reason_words(now.why, asked.language))
    if not now.open:
        yield asked.say("next", asked.moment(now.opens_at) if now.opens_at else asked.say("never"))
    if asked.plus is not None:
        yield from _sum(asked, asked.plus)
    if asked.until is not None:
        yield asked.say(
            "between", asked.moment(asked.until), words.length_words(_between(asked, asked.until))
        )
    for year in unknown_years(asked.hours, asked.at, asked.at + LOOKAHEAD):
        yield "  " + words.unconfirmed_words(asked.key, year)[asked.language]


def _sum(asked: Question, plus: timedelta) -> Iterator[str]:
    """Tell a sum as a person would add it up: what counts, and what lies in between."""
    reached, left = asked.at, plus
    for step in working_steps(asked.hours, asked.at, plus) if plus else ():
        if step.start > reached:
            gap = words.gap_words(asked.hours, reached, step.start, asked.language)
            yield asked.say("gap", asked.moment(reached), asked.moment(step.start), gap)
        yield f"  {words.step_words(step, asked.zone)}"
        reached, left = step.end, step.left
    total = asked.say("out", words.length_words(left)) if left else asked.moment(reached)
    yield asked.say("sum", asked.moment(asked.at), words.length_words(plus), total)


def _between(asked: Question, until: datetime) -> timedelta:
    if until < asked.at:
        raise Invalid("--until", "lies before the time that it counts from")
    return working_between(asked.hours, asked.at, until)


def _as_json(asked: Question) -> dict[str, Any]:
    now = standing(asked.hours, asked.at)
    opening = next_opening(asked.hours, asked.at)
    due = add_working(asked.hours, asked.at, asked.plus) if asked.plus is not None else None
    return {
        "key": asked.key,
        "at": _written(asked, asked.at),
        "open": now.open,
        "why": {"kind": now.why.kind, **now.why.names},
        "closes_at": _written(asked, now.closes_at),
        "next_opening": _written(asked, opening),
        "due_at": _written(asked, due),
        "working_minutes": _between(asked, asked.until).total_seconds() / 60 if asked.until else None,
        "unconfirmed_years": unknown_years(asked.hours, asked.at, asked.at + LOOKAHEAD),
    }


def _written(asked: Question, at: datetime | None) -> str | None:
    return at.astimezone(asked.zone).isoformat() if at else None

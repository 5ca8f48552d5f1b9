"""`callcenter promises` and `callcenter callbacks`: what is due next, why, and how well it was kept."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import typer
from sqlalchemy.orm import Session

from callcenter import clock
from callcenter.audit.desks import CallbackFilter, list_callbacks
from callcenter.audit.promised import (
    PromiseFilter,
    PromiseRow,
    find_promise,
    list_promises,
    story_of_promise,
)
from callcenter.calendars.words import length_words, moment_words
from callcenter.callbacks.queries import count_by_state
from callcenter.cli.console import console_language
from callcenter.cli.scopes import named_line, scope_named
from callcenter.db import Database
from callcenter.errors import Invalid, Missing, Unavailable
from callcenter.phone_numbers import masked
from callcenter.promises.words import explain
from callcenter.settings import load_settings
from callcenter.standards.formulas import FORMULAS, RATIO, Formula
from callcenter.standards.queries import home_zone, rows_behind
from callcenter.standards.queries import standards as count_standards
from callcenter.standards.rows import CALLBACK_STATES

promises = typer.Typer(
    help="What is owed to whom by when, and how well it was kept. 承诺：何时到期、履行如何。",
    invoke_without_command=True,
)
OURS = tuple(formula for formula in FORMULAS.values() if formula.kind == "promise")
Language = Annotated[str | None, typer.Option(help="zh or en; without it the console's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
LineKey = Annotated[str | None, typer.Option(help="A line's key; without it all lines.")]
Most = Annotated[int, typer.Option(min=1, max=200, help="So many rows at most.")]
Period = Annotated[str, typer.Option(help="day, week or month.")]
ADay = Annotated[str | None, typer.Option(help="A day in it, like 2026-11-21; without it today.")]
WORDS = {
    "zh-CN": {"nothing": "没有未履行的承诺", "left": "还有 {}", "late": "已超期 {}", "none": "暂无数据",
              "seconds": "秒"},
    "en-US": {"nothing": "nothing is owed", "left": "{} left", "late": "{} late", "none": "no data",
              "seconds": "s"},
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add `promises` with its sub-commands, and `callbacks`, to the command line."""
    app.add_typer(promises, name="promises")
    app.command("callbacks")(callbacks)


@promises.callback()
def due_next(
    context: typer.Context,
    line: LineKey = None,
    most: Most = 20,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Print what is owed, the first due first."""
    if context.invoked_subcommand is not None:
        return
    spoken, at = _language(language), clock.system()
    with _reading() as session:
        wanted = PromiseFilter(state="owed", line_id=named_line(session, line).id if line else None)
        rows, zone = list_promises(session, wanted, None, most), home_zone(session)
    if as_json:
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, default=str))
        return
    for row in rows:
        typer.echo(_owed(row, zone, at, spoken))
    if not rows:
        typer.echo(WORDS[spoken]["nothing"])


@promises.command("explain")
def explain_one(
    promise: Annotated[str, typer.Argument(help="A promise's id.")],
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Say why a promise is due when it is, by which calendar and rule, and what happened."""
    spoken = _language(language)
    with _reading() as session:
        row = find_promise(session, _uuid(promise))
        if row is None:
            raise Missing("promise", f'"{promise}"')
        said = explain(story_of_promise(session, row))
    typer.echo(json.dumps(said, ensure_ascii=False) if as_json else "\n".join(said[spoken]))


@promises.command()
def report(
    period: Period = "day",
    day: ADay = None,
    line: LineKey = None,
    agent: Annotated[str | None, typer.Option(help="An agent's key: what he owes.")] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Print how promises were kept: rates, lateness, what was broken and why, callbacks by state."""
    spoken, at = _language(language), clock.system()
    with _reading() as session:
        scope = scope_named(session, period, day, line, agent, at)
        found, _ = count_standards(session, scope, at)
    figures = [figure for figure in found if FORMULAS[figure.id] in OURS]
    if as_json:
        said = [{**vars(figure), "parts": dict(figure.parts)} for figure in figures]
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    typer.echo(f"{scope.first} - {scope.last}")
    for figure in figures:
        typer.echo(_figure(FORMULAS[figure.id], figure, spoken))


@promises.command()
def rows(
    figure: Annotated[str, typer.Argument(help="A figure's id, as `promises report` prints it.")],
    side: Annotated[str, typer.Option(help="numerator or denominator.")] = "denominator",
    period: Period = "day",
    day: ADay = None,
    line: LineKey = None,
    as_json: AsJson = False,
) -> None:
    """List the promises behind a figure: as many as it says."""
    formula = FORMULAS.get(figure)
    if formula is None or formula not in OURS:
        raise Invalid("figure", f"is one of {', '.join(each.id for each in OURS)}")
    if side not in ("numerator", "denominator"):
        raise Invalid("side", "is numerator or denominator")
    at = clock.system()
    with _reading() as session:
        scope = scope_named(session, period, day, line, None, at)
        wanted = (formula.numerator if side == "numerator" else formula.denominator).set
        found = rows_behind(session, scope, formula.kind, wanted, at)
        shown = [row for each in found if (row := find_promise(session, each.id)) is not None]
        zone = home_zone(session)
    if as_json:
        typer.echo(json.dumps([_as_json(row) for row in shown], ensure_ascii=False, default=str))
        return
    for row in shown:
        typer.echo(_row(row, zone))


def callbacks(
    line: LineKey = None, most: Most = 20, language: Language = None, as_json: AsJson = False
) -> None:
    """Print how many callbacks are in which state, and those that are due next."""
    spoken, at = _language(language), clock.system()
    with _reading() as session:
        line_id = named_line(session, line).id if line else None
        states = Counter(count_by_state(session, line_id))
        due = [
            row
            for state in CALLBACK_STATES[:3]
            for row in list_callbacks(session, CallbackFilter(state=state, line_id=line_id), None, most)
        ]
        zone = home_zone(session)
    due = sorted(due, key=lambda row: (row.Callback.due_at, row.Callback.id))[:most]
    if as_json:
        told = [
            {"id": str(row.Callback.id), "due_at": row.Callback.due_at.isoformat(), "rule": row.rule,
             "state": row.Callback.state, "line": row.line, "tries": row.Callback.tries}
            for row in due
        ]  # fmt: skip
        typer.echo(json.dumps({"states": dict(states), "due": told}, ensure_ascii=False))
        return
    typer.echo("  ".join(f"{state} {states[state]}" for state in CALLBACK_STATES))
    for row in due:
        left = _left(row.Callback.due_at, at, spoken)
        said = (moment_words(row.Callback.due_at, zone), left, row.rule or "-", row.Callback.state, row.line)
        typer.echo("  ".join((*said, masked(row.Callback.number) or "-", str(row.Callback.id))))


def _owed(row: PromiseRow, zone: ZoneInfo, at: datetime, language: str) -> str:
    return f"{_row(row, zone)}  {_left(row.Promise.due_at, at, language)}"


def _row(row: PromiseRow, zone: ZoneInfo) -> str:
    """Return a promise in one line: when, which rule, its state, by whom, about what, its id."""
    about = row.ticket or (f"callback {row.callback}" if row.callback else "-")
    said = (moment_words(row.Promise.due_at, zone), f"{row.Promise.rule:5}", f"{row.Promise.state:9}")
    return "  ".join((*said, row.line or "-", row.owner or "-", about, str(row.Promise.id)))


def _left(due_at: datetime, at: datetime, language: str) -> str:
    length = length_words(abs(due_at - at))
    return WORDS[language]["left" if at <= due_at else "late"].format(length)


def _figure(formula: Formula, figure: Any, language: str) -> str:
    said = WORDS[language]
    value = said["none"]
    if figure.value is not None:
        value = f"{figure.value:.1%}" if formula.unit == RATIO else f"{figure.value:.1f} {said['seconds']}"
    over = "" if figure.numerator is None else f"{figure.numerator:g} / "
    name = formula.zh if language == "zh-CN" else formula.en
    parts = "".join(f"  {part} {amount:g}" for part, amount in figure.parts.items())
    return f"{figure.id:36} {value:>10}  {over}{figure.denominator:g}  {name} (v{formula.version}){parts}"


def _as_json(row: PromiseRow) -> dict[str, Any]:
    columns = ("id", "rule", "state", "made_at", "made_by", "due_at", "settled_at", "settled_by", "reason")
    named = ("line", "owner", "ticket", "callback", "call")
    told = {name: getattr(row.Promise, name) for name in columns}
    told |= {name: getattr(row, name) for name in named}
    return {name: it.isoformat() if isinstance(it, datetime) else it for name, it in told.items()}


def _language(asked: str | None) -> str:
    if asked is None:
        return console_language(os.environ)
    if asked not in ("zh", "en"):
        raise Invalid("language", "is zh or en")
    return "zh-CN" if asked == "zh" else "en-US"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Missing("promise", f'"{text}"') from None


@contextmanager
def _reading() -> Iterator[Session]:
    database = Database(load_settings(os.environ).database_url)
    try:
        with database.reading() as session:
            yield session
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as wrong:
        raise Unavailable(f"Run `callcenter migrate` first: {wrong.orig}") from None
    finally:
        database.dispose()

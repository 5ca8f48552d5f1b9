"""`callcenter standards`: the figures in a table, a closed day counted anew, a long history closed."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import sqlalchemy as sa
import typer

from callcenter import clock
from callcenter.cli.scopes import day_of, named_line, scope_named
from callcenter.db import Database
from callcenter.errors import Invalid, Unavailable
from callcenter.settings import load_settings
from callcenter.standards.actions import recompute_day
from callcenter.standards.figures import Figure
from callcenter.standards.formulas import FORMULAS, RATIO
from callcenter.standards.jobs import close_all
from callcenter.standards.queries import Counted, Scope
from callcenter.standards.queries import standards as count_standards

ACTOR = "cli"
standards = typer.Typer(
    help="The figures of a day, week or month. 各项服务指标。", invoke_without_command=True
)
WORDS = {
    "zh": ("暂无数据", "秒", "收到 {received} 通，计入 {counted} 通：{verdict}", "一致",
           "不一致，请看 {sids}", "未结算，数字还会变", "已结算"),
    "en": ("no data", "s", "received {received}, counted {counted}: {verdict}", "they agree",
           "they differ, look at {sids}", "open: these may still change", "closed"),
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add `standards`, `standards recompute` and `standards close` to the command line."""
    app.add_typer(standards, name="standards")


@standards.callback()
def show(
    context: typer.Context,
    period: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    day: Annotated[str | None, typer.Option(help="A day in it, like 2026-11-21; without it today.")] = None,
    line: Annotated[str | None, typer.Option(help="A line's key; without it all lines.")] = None,
    agent: Annotated[str | None, typer.Option(help="An agent's key: his own figures.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Print every figure with what it was made of."""
    if context.invoked_subcommand is not None:
        return
    at = clock.system()
    with _database() as database, database.reading() as session:
        scope = scope_named(session, period, day, line, agent, at)
        found, counted = count_standards(session, scope, at)
    if as_json:
        typer.echo(json.dumps([asdict(figure) for figure in found], ensure_ascii=False))
        return
    if language not in WORDS:
        raise Invalid("language", f"is one of {', '.join(WORDS)}")
    for told in _table(scope, found, counted, language):
        typer.echo(told)


@standards.command()
def recompute(
    day: Annotated[str, typer.Argument(help="A closed day, like 2026-11-21.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the new version.")],
    line: Annotated[str | None, typer.Option(help="A line's key; without it all lines.")] = None,
) -> None:
    """Count a closed day anew: what differs becomes a new version, with its differences."""
    with _database() as database, database.transaction() as session:
        line_id = named_line(session, line).id if line else None
        found = recompute_day(session, day_of(day), line_id, clock.system(), actor=ACTOR, reason=reason)
    for one in found:
        said = f"version {one.version}" if one.differences else f"the same, version {one.version} stands"
        typer.echo(f"{one.day} {one.part} {one.line_id or '-'}: {said}")
        for difference in one.differences:
            typer.echo(f"  {json.dumps(difference, ensure_ascii=False)}")


@standards.command()
def close() -> None:
    """Close every day that is over, of a long history too; the clock does the same day by day."""
    with _database() as database:
        typer.echo(f"{close_all(database, clock.system())} reports were kept")


def _table(scope: Scope, found: Sequence[Figure], counted: Counted, language: str) -> Iterator[str]:
    """Yield the lines of the table."""
    nothing, seconds, adds_up, agree, differ, still_open, closed = WORDS[language]
    yield f"{scope.first} - {scope.last} ({still_open if counted.open_days else closed})"
    for figure in found:
        formula = FORMULAS[figure.id]
        value = nothing
        if figure.value is not None:
            value = f"{figure.value:.1%}" if formula.unit == RATIO else f"{figure.value:.1f} {seconds}"
        over = "" if figure.numerator is None else f"{figure.numerator:g} / "
        name = formula.zh if language == "zh" else formula.en
        yield f"{figure.id:44} {value:>10}  {over}{figure.denominator:g}  {name} (v{formula.version})"
    identity = counted.identity
    sids = ", ".join(sorted(identity.differences | identity.unlisted))
    verdict = agree if identity.agrees else differ.format(sids=sids)
    received, counted_calls = identity.received.total(), identity.counted.total()
    yield adds_up.format(received=received, counted=counted_calls, verdict=verdict)


@contextmanager
def _database() -> Iterator[Database]:
    database = Database(load_settings(os.environ).database_url)
    try:
        yield database
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as wrong:
        raise Unavailable(f"Run `callcenter migrate` first: {wrong.orig}") from None
    finally:
        database.dispose()

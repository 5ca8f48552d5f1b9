"""`callcenter apply`: make the centre what its file says."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from callcenter import clock
from callcenter.center.actions import apply_centre
from callcenter.center.advice import advice
from callcenter.center.file import CentreFile
from callcenter.center.reading import CentreFileInvalid, parse
from callcenter.center.rules import Change
from callcenter.db import Database
from callcenter.errors import CallCenterError, Invalid, Unavailable
from callcenter.organisation.models import Centre
from callcenter.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add `apply` to the command line."""
    app.command("apply")(apply)


def apply(
    file: Annotated[Path, typer.Argument(envvar="CENTER_FILE", help="The centre's configuration (TOML).")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong with the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> None:
    """Make the centre what FILE says, and say what changed. A second time changes nothing."""
    try:
        centre = parse(_text(file), str(file))
        changes = None if check else _applied(centre)
    except CallCenterError as wrong:
        _refuse(wrong, as_json=as_json)
        raise typer.Exit(1) from None
    hints = advice(centre, clock.system())
    if as_json:
        _tell_json(hints, changes)
    else:
        _tell(file, hints, changes)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as wrong:
        line = wrong.object[: wrong.start].count(b"\n") + 1
        raise Invalid(f"{file}:{line}", "is not UTF-8 text") from None
    except OSError as wrong:
        raise Invalid(str(file), f"cannot be read: {wrong.strerror}") from None


def _applied(centre: CentreFile) -> list[Change]:
    database = Database(load_settings(os.environ).database_url)
    try:
        if not sa.inspect(database.engine).has_table(Centre.__tablename__):
            raise Unavailable("The database has no tables yet: run `callcenter migrate` first.")
        with database.transaction() as session:
            return apply_centre(session, centre, clock.system())
    except sa.exc.OperationalError as wrong:
        raise Unavailable(f"The database does not answer: {wrong.orig}") from None
    finally:
        database.dispose()


def _refuse(wrong: CallCenterError, *, as_json: bool) -> None:
    problems = wrong.problems if isinstance(wrong, CentreFileInvalid) else []
    said = "\n".join(wrong.lines()) if isinstance(wrong, CentreFileInvalid) else str(wrong)
    if as_json:
        _print_json({"valid": False, "error": said, "problems": [it.to_json() for it in problems]})
    else:
        typer.echo(said, err=True)


def _tell(file: Path, hints: list[str], changes: list[Change] | None) -> None:
    for hint in hints:
        typer.echo(f"advice: {hint}", err=True)
    if changes is None:
        typer.echo(f"{file}: valid")
    else:
        typer.echo("\n".join(map(str, changes)) or "nothing changed")


def _tell_json(hints: list[str], changes: list[Change] | None) -> None:
    applied = {} if changes is None else {"changes": [change.to_json() for change in changes]}
    _print_json({"valid": True, "advice": hints, **applied})


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))

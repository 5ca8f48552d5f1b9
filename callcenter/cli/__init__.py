"""The command line: `callcenter COMMAND`."""

import sys

import typer

from callcenter.errors import CallCenterError

CANNOT = 1


def make_app() -> typer.Typer:
    """Return the command line with all its commands."""
    from callcenter.cli import (
        access,
        accounts,
        audit,
        centre,
        demo,
        doctor,
        fallback,
        hours,
        processes,
        promises,
        replay,
        simulate,
        standards,
        tasks,
    )  # fmt: skip

    app = typer.Typer(
        name="callcenter",
        help="A telephony-integrated call centre. 与电话网相连的呼叫中心。",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    told = (
        processes, centre, hours, access, accounts, audit, standards, promises, tasks, doctor, fallback,
        replay, simulate, demo,
    )  # fmt: skip
    for commands in told:
        commands.register(app)
    return app


def main() -> None:
    """Run one command; what goes wrong on purpose is a sentence and exit status 1, no traceback."""
    try:
        make_app()(prog_name="callcenter")
    except CallCenterError as wrong:
        typer.echo(str(wrong), err=True)
        sys.exit(CANNOT)
    except Exception as wrong:
        # Only the missing or absent database is expected here; whatever else it is keeps its trace.
        if not _is_database(wrong):
            raise
        typer.echo(f"The database cannot be used; run `callcenter migrate` first: {wrong.args[0]}", err=True)
        sys.exit(CANNOT)


def _is_database(wrong: Exception) -> bool:
    """Say whether the database is away or has no tables; SQLAlchemy is loaded by then, and not before."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    return isinstance(wrong, (OperationalError, ProgrammingError))

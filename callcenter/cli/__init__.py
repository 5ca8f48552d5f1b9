"""The command line: `callcenter COMMAND`."""

import sys

import typer

from callcenter.errors import CallCenterError

CANNOT = 1


def make_app() -> typer.Typer:
    """Return the command line with all its commands."""
    from callcenter.cli import access, centre, demo, doctor, fallback, hours, processes, replay, simulate

    app = typer.Typer(
        name="callcenter",
        help="A telephony-integrated call centre. 与电话网相连的呼叫中心。",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    for commands in (processes, centre, hours, access, doctor, fallback, replay, simulate, demo):
        commands.register(app)
    return app


def main() -> None:
    """Run one command; what goes wrong on purpose is a sentence and exit status 1, no traceback."""
    try:
        make_app()(prog_name="callcenter")
    except CallCenterError as wrong:
        typer.echo(str(wrong), err=True)
        sys.exit(CANNOT)

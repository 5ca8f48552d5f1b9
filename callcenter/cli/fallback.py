"""`callcenter fallback`: what Twilio is to say when no process of ours answers."""

import os
from typing import Annotated

import typer

from callcenter.settings import load_settings

SECOND = "https://ADDRESS-OF-THE-SECOND-TEXT"
THANKS = typer.Option("--thanks", help="Where the second text stands.")


def register(app: typer.Typer) -> None:
    """Add `fallback` to the command line."""
    app.command()(fallback)


def fallback(thanks: Annotated[str, THANKS] = SECOND) -> None:
    """Print two texts for a place outside of this installation: the apology, and what follows the message."""
    from callcenter.web.apology import static_apology, static_thanks

    settings = load_settings(os.environ)
    typer.echo("1. The apology. Its address is the fallback of every number (primary handler fails):\n")
    typer.echo(static_apology(settings.public_url, thanks))
    typer.echo("\n2. What follows the message. Its address is that of --thanks:\n")
    typer.echo(static_thanks())

"""`callcenter token`: give out tokens for the API, list them, take them back."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlalchemy.orm import Session

from callcenter import clock
from callcenter.access.actions import issue_token, revoke_token
from callcenter.access.queries import tokens
from callcenter.access.rules import is_valid
from callcenter.db import Database
from callcenter.errors import CallCenterError, Invalid, Unavailable
from callcenter.settings import load_settings
from callcenter.staff.queries import agent_by_key

ACTOR = "cli"
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
token = typer.Typer(help="Tokens for the JSON API.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `token create`, `token list` and `token revoke` to the command line."""
    app.add_typer(token, name="token")


@token.command()
def create(
    role: Annotated[str, typer.Option(help="agent, supervisor or admin.")],
    agent: Annotated[str | None, typer.Option(help="The agent's key; an agent's token needs it.")] = None,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "cli",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it is valid.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once: only its digest is kept."""
    at = clock.system()
    with opened_session() as session:
        known = agent_by_key(session, agent) if agent else None
        if agent and known is None:
            raise Invalid("agent", f"there is no agent {agent!r}; see the centre file")
        presented = issue_token(
            session,
            role=role,
            name=name,
            at=at,
            actor=ACTOR,
            agent_id=known.id if known else None,
            expires_at=at + timedelta(days=days) if days else None,
        )
    typer.echo(json.dumps({"token": presented, "role": role, "agent": agent}) if as_json else presented)


@token.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every token by its prefix, the newest first."""
    at = clock.system()
    with opened_session() as session:
        rows = [_row(each, key, at) for each, key in tokens(session)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        whose = f" agent {row['agent']}" if row["agent"] else ""
        typer.echo(
            f"{row['prefix']}  {row['role']}{whose}  {row['state']}  {row['created_at']}  {row['name']}"
        )


@token.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The eight characters after cc_.")]) -> None:
    """End a token at once."""
    with opened_session() as session:
        revoke_token(session, prefix, at=clock.system(), actor=ACTOR)
    typer.echo(f"{prefix} is revoked")


def _row(each: Any, key: str | None, at: datetime) -> dict[str, str | None]:
    ended = "revoked" if each.revoked_at else "expired"
    return {
        "prefix": each.prefix,
        "role": each.role,
        "agent": key,
        "state": "valid" if is_valid(each.revoked_at, each.expires_at, at) else ended,
        "created_at": each.created_at.isoformat(timespec="seconds"),
        "expires_at": each.expires_at.isoformat(timespec="seconds") if each.expires_at else None,
        "name": each.name,
    }


@contextmanager
def opened_session() -> Iterator[Session]:
    """Yield a transaction on the configured database; say what is wrong in words and exit 1."""
    try:
        with _database() as database, database.transaction() as session:
            yield session
    except CallCenterError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from None


@contextmanager
def _database() -> Iterator[Database]:
    database = Database(load_settings(os.environ).database_url)
    try:
        yield database
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as wrong:
        raise Unavailable(
            f"Run `callcenter migrate` first, or see `callcenter doctor`: {wrong.orig}"
        ) from None
    finally:
        database.dispose()

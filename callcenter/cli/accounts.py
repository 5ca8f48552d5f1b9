"""`callcenter accounts`: who signs in to the pages; the first administrator is made here."""

import json
from typing import Annotated, Any

import typer

from callcenter import clock
from callcenter.access.accounts import add_account, disable, enable, set_password, sign_out_everywhere
from callcenter.access.passwords import hashed, made_up
from callcenter.access.queries import accounts as all_accounts
from callcenter.cli.access import ACTOR, AsJson, opened_session
from callcenter.errors import Invalid
from callcenter.staff.queries import agent_by_key

Name = Annotated[str, typer.Argument(help="What is typed when signing in.")]
accounts = typer.Typer(help="Who signs in to the pages. 谁可以登录页面。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands about accounts to the command line."""
    app.add_typer(accounts, name="accounts")


@accounts.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="agent, supervisor or admin.")],
    display: Annotated[str, typer.Option(help="What colleagues see; the name without it.")] = "",
    agent: Annotated[str | None, typer.Option(help="The agent's key; the role agent needs it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account and print its password, this once; it has to be changed at the first sign-in."""
    password = made_up()
    kept = hashed(password)
    with opened_session() as session:
        known = agent_by_key(session, agent) if agent else None
        if agent and known is None:
            raise Invalid("agent", f"there is no agent {agent!r}; see the centre file")
        made = add_account(
            session,
            name=name,
            display_name=display,
            role=role,
            agent_id=known.id if known else None,
            password_hash=kept,
            at=clock.system(),
            actor=ACTOR,
        )
    _tell(made.name, password, as_json)


@accounts.command()
def password(name: Name, as_json: AsJson = False) -> None:
    """Make up a new password and print it, this once; every browser of the account is signed out."""
    made = made_up()
    kept = hashed(made)
    with opened_session() as session:
        set_password(session, name, kept, at=clock.system(), actor=ACTOR, must_change=True)
    _tell(name, made, as_json)


def _tell(name: str, password: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"name": name, "password": password}))
    else:
        typer.echo(f"{name} signs in with {password} and then chooses a password.")


@accounts.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every account by name."""
    with opened_session() as session:
        rows = [_row(row) for row in all_accounts(session, clock.system())]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        whose = f" agent {row['agent']}" if row["agent"] else ""
        typer.echo(f"{row['name']}  {row['role']}{whose}  {row['state']}  {row['seen_at'] or 'never seen'}")


@accounts.command("disable")
def disable_(name: Name) -> None:
    """Let an account in no more, at once."""
    with opened_session() as session:
        disable(session, name, at=clock.system(), actor=ACTOR)
    typer.echo(f"{name} is disabled and signed out")


@accounts.command("enable")
def enable_(name: Name) -> None:
    """Let an account in again."""
    with opened_session() as session:
        enable(session, name, at=clock.system(), actor=ACTOR)
    typer.echo(f"{name} may sign in again")


@accounts.command("signout")
def sign_out(name: Name) -> None:
    """Sign an account out of every browser, at once."""
    with opened_session() as session:
        ended = sign_out_everywhere(session, name, at=clock.system(), actor=ACTOR)
    typer.echo(f"{name} is signed out of {ended} browser{'' if ended == 1 else 's'}")


def _row(row: Any) -> dict[str, str | int | None]:
    account = row.Account
    return {
        "name": account.name,
        "display_name": account.display_name,
        "role": account.role,
        "agent": row.key,
        "state": "disabled" if account.disabled_at else "active",
        "browsers": row.browsers,
        "seen_at": row.seen_at.isoformat(timespec="seconds") if row.seen_at else None,
    }

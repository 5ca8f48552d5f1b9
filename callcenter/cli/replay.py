"""`callcenter replay`: play a call again from its events and tell whether it says the same."""

import json
import os
from typing import Annotated

import typer

from callcenter.audit.queries import find_call
from callcenter.db import Database
from callcenter.errors import Missing
from callcenter.settings import load_settings
from callcenter.switchboard.replay import DIFFERENT, Played, replay

CHANGED = 1


def register(app: typer.Typer) -> None:
    """Add `replay` to the command line."""
    app.command("replay")(replay_call)


def replay_call(
    sid: Annotated[str, typer.Argument(help="The call: its SID at the carrier, or our id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Play a call again from its events: each turn says the same, or the command exits 1.

    按事件重放一通电话：逐轮比较是否与当时所说一致。
    """
    played = _play(sid)
    if as_json:
        typer.echo(json.dumps([_row(each) for each in played], ensure_ascii=False))
    else:
        _tell(played)
    if any(each.verdict == DIFFERENT for each in played):
        raise typer.Exit(CHANGED)


def _play(sid: str) -> list[Played]:
    database = Database(load_settings(os.environ).database_url)
    try:
        with database.reading() as session:
            found = find_call(session, sid)
            if found is None:
                raise Missing("call", sid)
            return replay(session, found.call)
    finally:
        database.dispose()


def _row(each: Played) -> dict[str, str | int | None]:
    changed = each.verdict == DIFFERENT
    return {
        "leg": each.sid,
        "role": each.role,
        "document": each.number,
        "step": each.step,
        "verdict": each.verdict,
        "why": each.why,
        "said": each.said if changed else None,
        "again": each.again if changed else None,
    }


def _tell(played: list[Played]) -> None:
    for each in played:
        why = f"  {each.why}" if each.why else ""
        typer.echo(f"{each.sid}  {each.role:8}  {each.number:3}  {each.step:16}  {each.verdict}{why}")
        if each.verdict == DIFFERENT:
            typer.echo(f"  - {each.said}\n  + {each.again}")
    equal = sum(each.verdict != DIFFERENT for each in played)
    typer.echo(f"{equal} of {len(played)} turns are as they were")

"""`callcenter tasks`: what waits for a person, and what he found out."""

import json
import os
from typing import Annotated, Any
from uuid import UUID

import typer

from callcenter import clock
from callcenter.cli.access import opened_session
from callcenter.cli.console import console_language
from callcenter.errors import Invalid
from callcenter.switchboard.people import resolve_task
from callcenter.tasks.models import Task
from callcenter.tasks.queries import list_tasks

ACTOR = "cli"
MOST = 1000
tasks = typer.Typer(help="What only a person can find out. 需要人工确认的事项。", no_args_is_help=True)
WORDS = {
    "zh-CN": {
        "nothing": "没有需要人工确认的事项。",
        "unknown_call": "是否已呼叫不明",
        "not_dialled": "未能按时拨打",
        "not_reached": "多次未联系上",
        "called": "已呼叫",
        "not_called": "未呼叫",
        "found": "已自行查明",
        "open": "待确认",
    },
    "en-US": {
        "nothing": "Nothing waits for a person.",
        "unknown_call": "perhaps called",
        "not_dialled": "not dialled in time",
        "not_reached": "never reached",
        "called": "called",
        "not_called": "not called",
        "found": "found by itself",
        "open": "open",
    },
}


def register(app: typer.Typer) -> None:
    """Add `tasks list` and `tasks resolve` to the command line."""
    app.add_typer(tasks, name="tasks")


@tasks.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also what is resolved. 包括已确认的。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """列出待人工确认的事项。List what waits for a person, the oldest first."""
    with opened_session() as session:
        rows = [_row(task) for task in list_tasks(session, state=None if everything else "open", limit=MOST)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    words = WORDS[console_language(os.environ)]
    for row in rows:
        state = words[row["verdict"] or "open"]
        told = (row["id"], row["opened_at"], row["number"], words[row["kind"]], row["reason"], state)
        typer.echo("  ".join(told))
    if not rows:
        typer.echo(words["nothing"])


@tasks.command()
def resolve(
    task: Annotated[str, typer.Argument(help="The task's id. 事项编号。")],
    called: Annotated[
        bool, typer.Option("--called/--not-called", help="Was the customer called? 客户是否已被呼叫？")
    ],
    note: Annotated[str | None, typer.Option(help="How that is known. 依据。")] = None,
) -> None:
    """确认客户是否已被呼叫。Say whether the customer was called."""
    try:
        task_id = UUID(task)
    except ValueError:
        raise Invalid("task", "is no id; see `callcenter tasks list`") from None
    with opened_session() as session:
        verdict = resolve_task(
            session, task_id, "called" if called else "not_called", clock.system(), ACTOR, note
        ).verdict
    typer.echo(f"{task_id}: {WORDS[console_language(os.environ)][verdict or 'open']}")


def _row(task: Task) -> dict[str, Any]:
    return {
        "id": str(task.id),
        "opened_at": task.opened_at.isoformat(timespec="seconds"),
        "number": task.number,
        "kind": task.kind,
        "reason": task.reason,
        "about": task.subject_kind,
        "subject": str(task.subject_id),
        "state": task.state,
        "verdict": task.verdict,
    }

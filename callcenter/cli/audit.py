"""`callcenter audit`: the chain over the ledger, its head, and whether it still holds."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from callcenter import clock
from callcenter.cli.access import opened_session
from callcenter.cli.console import console_language
from callcenter.errors import Invalid
from callcenter.ledger.actions import seal
from callcenter.ledger.queries import faults, head
from callcenter.ledger.rules import Fault, Head

BROKEN, MOST_SHOWN = 1, 20
audit = typer.Typer(help="Who did what, and whether it was changed. 审计日志。", no_args_is_help=True)
WORDS = {
    "zh-CN": {
        "holds": "审计链完整：{sequence} 条，摘要 {digest}。",
        "changed": "第 {sequence} 条被改动",
        "removed": "第 {sequence} 条被删除",
        "rewritten": "第 {sequence} 条与先前导出的链头不符",
        "truncated": "链在第 {sequence} 条之前被截断",
        "unsealed": "有一条记录未被封入链中",
    },
    "en-US": {
        "holds": "The chain holds: {sequence} entries, digest {digest}.",
        "changed": "entry {sequence} was changed",
        "removed": "entry {sequence} was removed",
        "rewritten": "entry {sequence} is not what a head exported earlier says",
        "truncated": "the chain was cut before entry {sequence}",
        "unsealed": "an entry was never sealed",
    },
}


def register(app: typer.Typer) -> None:
    """Add `audit heads` and `audit verify` to the command line."""
    app.add_typer(audit, name="audit")


@audit.command()
def heads() -> None:
    """输出链头，请保存到别处。Print the chain's head as a line of JSON: keep it somewhere else."""
    with opened_session() as session:
        seal(session, clock.system(), everything=True)
        last = head(session)
    typer.echo(json.dumps({"sequence": last.sequence, "digest": last.digest}))


@audit.command()
def verify(
    file: Annotated[
        Path | None, typer.Option("--heads", help="Heads exported earlier. 先前导出的链头。")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """检查审计日志是否被改动。Tell whether anything in the ledger was changed; exit 1 if so."""
    known = _read(file) if file is not None else []
    with opened_session() as session:
        found = list(islice(faults(session, known, clock.system()), MOST_SHOWN))
        last = head(session)
    if as_json:
        told = {"sequence": last.sequence, "digest": last.digest, "faults": [vars(each) for each in found]}
        typer.echo(json.dumps(told))
    else:
        _tell(found, last)
    if found:
        raise typer.Exit(BROKEN)


def _read(file: Path) -> list[Head]:
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
        return [Head(int(line["sequence"]), str(line["digest"])) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise Invalid("heads", "must be a file of lines that `callcenter audit heads` printed") from wrong


def _tell(found: list[Fault], last: Head) -> None:
    words = WORDS[console_language(os.environ)]
    if not found:
        typer.echo(words["holds"].format(sequence=last.sequence, digest=last.digest))
    for fault in found:
        entry = f" ({fault.entry})" if fault.entry else ""
        typer.echo(words[fault.kind].format(sequence=fault.sequence) + entry, err=True)

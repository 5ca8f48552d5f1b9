"""What there is to be named: addresses, commands, options, targets, metrics, functions, strings."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer
from starlette.routing import Mount, Route

from callcenter.carrier.twin import Twin
from callcenter.cli import make_app
from callcenter.clock import system
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.settings import load_settings
from callcenter.web.api import ENDPOINTS, PREFIX
from callcenter.web.app import create_app
from ivr.words import script
from tests.docs.pages import ROOT
from tests.prove.__main__ import parser

_PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")
_METRICS = ROOT / "callcenter" / "metrics.py"
_SERIES = ("", "_bucket", "_count", "_sum", "_created")


@cache
def metrics() -> frozenset[str]:
    """Return the metrics that are declared, as their declaration spells them."""
    return frozenset(re.findall(r'"(callcenter_\w+)"', _METRICS.read_text()))


def uncounted() -> set[str]:
    """Return the metrics whose variable nobody uses."""
    declared = re.findall(r'^([A-Z_]+) = \w+\(\s*"(callcenter_\w+)"', _METRICS.read_text(), re.MULTILINE)
    others = " ".join(file.read_text(encoding="utf-8") for file in _files() if file != _METRICS)
    return {metric for variable, metric in declared if not re.search(rf"\b{variable}\b", others)}


def series() -> set[str]:
    """Return every name under which a metric is seen."""
    return {f"{metric}{ending}" for metric in metrics() for ending in _SERIES}


def is_answered(path: str) -> bool:
    """Say whether the application has a route for an address; an ellipsis stands for whatever follows."""
    if "…" in path:
        begin = path.partition("…")[0].rstrip("/")
        return any(pattern.startswith(begin) for pattern in _patterns())
    whole = _PARAMETER.sub("7", path.rstrip(".").rstrip("/"))
    return any(_matches(pattern, whole) for pattern in _patterns())


def _matches(pattern: str, path: str) -> bool:
    return re.fullmatch("[^/]+".join(map(re.escape, _PARAMETER.split(pattern))), path) is not None


def webhooks() -> set[str]:
    """Return the addresses that the carrier may post to, parameters in braces."""
    return {path for path in _routes() if path.startswith("/twilio")}


@cache
def _patterns() -> frozenset[str]:
    api = {PREFIX, f"{PREFIX}/events", f"{PREFIX}/openapi.json", *(PREFIX + each.path for each in ENDPOINTS)}
    return _routes() | api


@cache
def _routes() -> frozenset[str]:
    work = Work(Database("sqlite:///unused.sqlite"), Twin(system), system, "https://hotline.example.com", "-")
    routes = create_app(work, load_settings({})).routes
    return frozenset(route.path for route in routes if isinstance(route, Route | Mount))


@cache
def commands() -> dict[str, set[str]]:
    """Return the commands that are shown to people, each with its sub-commands."""
    shown = {name: command for name, command in _cli().commands.items() if not command.hidden}
    return {name: _sub_commands(command) for name, command in shown.items()}


def _sub_commands(command: Any) -> set[str]:
    return {name for name, sub in getattr(command, "commands", {}).items() if not sub.hidden}


def options() -> set[str]:
    """Return every option of every command."""
    groups = [_cli(), *(command for command in _cli().commands.values() if hasattr(command, "commands"))]
    found = [command for group in groups for command in group.commands.values()]
    proving = {name for action in parser()._actions for name in action.option_strings}
    return proving | {name for command in found for one in command.params for name in _opts(one)}


def _opts(parameter: Any) -> list[str]:
    """Return an option's names; one that switches off is a name as well."""
    return [*parameter.opts, *parameter.secondary_opts]


@cache
def _cli() -> Any:
    return typer.main.get_command(make_app())


def targets() -> set[str]:
    """Return what can be made: what the Makefile calls phony."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(phony[1].split()) if phony else set()


@cache
def defined() -> frozenset[str]:
    """Return the names of all functions, classes, columns and prompts, without what they belong to."""
    names = (name for node in _nodes() for name in _names(node))
    return frozenset(names) | {prompt.rpartition(".")[2] for prompt in script("en-US")}


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


@cache
def constants() -> frozenset[str]:
    """Return the names in capitals that the code defines."""
    targets = (target for node in _nodes() if isinstance(node, ast.Assign) for target in node.targets)
    return frozenset(target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())


@cache
def texts() -> frozenset[str]:
    """Return the strings in the code: events of the log, ids of figures."""
    values = (node.value for node in _nodes() if isinstance(node, ast.Constant))
    return frozenset(value for value in values if isinstance(value, str))


@cache
def _nodes() -> tuple[ast.AST, ...]:
    return tuple(node for file in _files() for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def _files() -> list[Path]:
    packages = ("callcenter", "ivr", "migrations")
    return [file for package in packages for file in (ROOT / package).rglob("*.py")]

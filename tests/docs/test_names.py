"""What the documentation names is there: links, files, commands, variables, metrics, addresses, functions."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from starlette.routing import Match, Mount, Route

from callcenter.settings import VARIABLES
from callcenter.web.api import ENDPOINTS, PREFIX
from tests.docs.pages import PAGES, ROOT, anchors, codes, fences, links, named, text

pages = pytest.mark.parametrize("page", PAGES, ids=named)

FILE = re.compile(r"(?:callcenter|ivr|migrations|tests|docs|examples|changelog)(?:/[\w.-]+)+/?")
VARIABLE = re.compile(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b|\bPORT\b")
COMMAND = re.compile(r"(?<![\w./])callcenter ([a-z]+)")
TARGET = re.compile(r"(?<![\w./])make ([a-z][a-z-]*)")
METRIC = re.compile(r"\bcallcenter_[a-z_]+\b")
ADDRESS = re.compile(r"(?<![\w…])/(?:twilio|audio|health|metrics|api)[\w/{}.:…-]*")
FUNCTION = re.compile(r"[a-z_]+(?:\.[a-zA-Z_]+)+")
# Variables of other programs, and of processes that are no part of the product.
FOREIGN = {"CONTENT_TYPE"}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pages
def test_files_are_there(page: Path) -> None:
    spoken = [*codes(page), *fences(page)]
    missing = {path for words in spoken for path in FILE.findall(words) if not (ROOT / path).exists()}
    assert missing == set()


@pages
def test_variables_are_read(page: Path) -> None:
    spoken = {name for words in (*codes(page), *fences(page)) for name in VARIABLE.findall(words)}
    assert spoken - set(VARIABLES) - FOREIGN - _constants() == set()


@pages
def test_metrics_are_counted(page: Path) -> None:
    spoken = {name for words in (*codes(page), *fences(page)) for name in METRIC.findall(words)}
    assert spoken <= metrics()


def metrics() -> set[str]:
    """Return the names under which our metrics are seen, counters with their ending."""
    import callcenter.metrics as ours

    assert ours.WEBHOOKS
    return {
        sample.removesuffix(ending)
        for family in REGISTRY.collect()
        for sample in ({family.name} | {one.name for one in family.samples})
        for ending in ("", "_bucket", "_count", "_sum", "_created")
    } | {f"{family.name}_total" for family in REGISTRY.collect() if family.type == "counter"}


@pages
def test_addresses_are_answered(page: Path) -> None:
    spoken = {path for words in codes(page) for path in ADDRESS.findall(words)}
    assert {path for path in spoken if not _is_answered(path)} == set()


def _is_answered(path: str) -> bool:
    """Say whether the application has a route for an address, or for what follows an ellipsis."""
    whole = re.sub(r"\{\w+(?::int)?\}", "7", path.rstrip(".").rstrip("/") or "/")
    begin = whole.partition("…")[0].rstrip("/")
    if "…" in whole:
        return any(pattern.startswith(begin) for pattern in patterns())
    return any(_matches(pattern, whole) for pattern in patterns())


def _matches(pattern: str, path: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"\{\w+(?::int)?\}", pattern)]
    return re.fullmatch("[^/]+".join(parts), path) is not None


@cache
def patterns() -> frozenset[str]:
    """Return every address of the web application, parameters in braces."""
    return frozenset({*webhooks(), *(PREFIX + each.path for each in ENDPOINTS), *_fixed()})


def webhooks() -> set[str]:
    """Return the addresses that the carrier may post to."""
    return {path for path in _routes() if path.startswith("/twilio")}


def _fixed() -> set[str]:
    own = {path for path in _routes() if not path.startswith("/twilio")}
    return own | {PREFIX, f"{PREFIX}/events", f"{PREFIX}/openapi.json"}


@cache
def _routes() -> frozenset[str]:
    from callcenter.carrier.twin import Twin
    from callcenter.clock import system
    from callcenter.db import Database
    from callcenter.jobs import Work
    from callcenter.settings import load_settings
    from callcenter.web.app import create_app

    work = Work(Database("sqlite:///unused.sqlite"), Twin(system), system, "https://hotline.example.com", "-")
    app = create_app(work, load_settings({}))
    return frozenset(route.path for route in app.routes if isinstance(route, Route | Mount))


@pages
def test_functions_are_defined(page: Path) -> None:
    spoken = {words for words in codes(page) if FUNCTION.fullmatch(words) and not _is_file(words)}
    unknown = {name for name in spoken if name.rpartition(".")[2] not in _defined()}
    assert unknown - _texts() == set()


def _is_file(words: str) -> bool:
    return words.endswith((".py", ".toml", ".md", ".sqlite", ".lock", ".wav", ".json"))


@cache
def _defined() -> frozenset[str]:
    return frozenset(name for tree in _trees() for node in ast.walk(tree) for name in _names(node)) | _prompts()


def _trees() -> Iterator[ast.Module]:
    for package in ("callcenter", "ivr", "migrations"):
        for file in (ROOT / package).rglob("*.py"):
            yield ast.parse(file.read_text(encoding="utf-8"))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


@cache
def _texts() -> frozenset[str]:
    """Return the strings in the code: events of the log, ids of figures."""
    nodes = (node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(node.value for node in nodes if isinstance(node.value, str))


@cache
def _constants() -> frozenset[str]:
    """Return the names in capitals that the code itself defines."""
    assigned = (node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Assign))
    return frozenset(
        target.id for node in assigned for target in node.targets if isinstance(target, ast.Name) and target.id.isupper()
    )


def _prompts() -> frozenset[str]:
    from ivr.words import script

    return frozenset(name.rpartition(".")[2] for name in script("en-US"))


@pages
def test_nothing_of_one_machine_is_named(page: Path) -> None:
    assert re.findall(r"(?:^|[\s`(])/(?:home|root|tmp|work|Users|usr)/\S*", text(page)) == []

"""What the documentation names is there: links, files, variables, commands, metrics, addresses, functions."""

import re
from pathlib import Path

import pytest

from callcenter.settings import VARIABLES
from tests.docs import known
from tests.docs.pages import PAGES, ROOT, anchors, codes, fences, links, named, text

pages = pytest.mark.parametrize("page", PAGES, ids=named)

FILE = re.compile(r"(?:callcenter|ivr|migrations|tests|docs|examples|changelog)(?:/[\w.-]+)+/?")
VARIABLE = re.compile(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b|\bPORT\b")
COMMAND = re.compile(r"(?<![\w-])callcenter ([a-z]+)((?: [a-z]+)?)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
TARGET = re.compile(r"(?<![\w./])make ([a-z][a-z-]*)")
METRIC = re.compile(r"\bcallcenter_[a-z_]+\b")
ADDRESS = re.compile(r"(?<![\w…])/(?:twilio|audio|health|metrics|api)[\w/{}.:…-]*")
FUNCTION = re.compile(r"[a-z_]+(?:\.[a-zA-Z_]+)+")
OF_ONE_MACHINE = re.compile(r"(?:^|[\s`(])/(?:home|root|tmp|work|Users|usr)/\S*", re.MULTILINE)


OF_THE_TESTS = {"REQUIRE_BROWSER"}


def spoken(page: Path, pattern: "re.Pattern[str]") -> set[str]:
    """Return what a page names by a pattern, in its sentences and in its blocks of code."""
    return {name for words in (*codes(page), *fences(page)) for name in pattern.findall(words)}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link:
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pages
def test_files_are_there(page: Path) -> None:
    assert {path for path in spoken(page, FILE) if not (ROOT / path).exists()} == set()


@pages
def test_variables_are_read(page: Path) -> None:
    assert spoken(page, VARIABLE) - set(VARIABLES) - OF_THE_TESTS - known.constants() == set()


@pages
def test_commands_are_understood(page: Path) -> None:
    commands = known.commands()
    for words in (*codes(page), *fences(page)):
        for name, sub in COMMAND.findall(words):
            assert name in commands, words
            assert not commands[name] or not sub or sub.strip() in commands[name], words


# Options in blocks of code may be those of curl and its like.
@pages
def test_options_are_understood(page: Path) -> None:
    assert {option for words in codes(page) for option in OPTION.findall(words)} <= known.options()


@pages
def test_targets_can_be_made(page: Path) -> None:
    assert spoken(page, TARGET) <= known.targets()


@pages
def test_metrics_are_counted(page: Path) -> None:
    assert spoken(page, METRIC) <= known.series()


@pages
def test_addresses_are_answered(page: Path) -> None:
    named_here = {path for words in codes(page) for path in ADDRESS.findall(words)}
    assert {path for path in named_here if not known.is_answered(path)} == set()


@pages
def test_functions_are_defined(page: Path) -> None:
    dotted = {words for words in codes(page) if FUNCTION.fullmatch(words) and Path(words).suffix not in FILES}
    unknown = {name for name in dotted if name.rpartition(".")[2] not in known.defined()}
    assert unknown - known.texts() == set()


FILES = {".py", ".toml", ".md", ".sqlite", ".lock", ".wav", ".json", ".html", ".ts", ".css", ".po"}


@pages
def test_nothing_of_one_machine_is_named(page: Path) -> None:
    assert OF_ONE_MACHINE.findall(text(page)) == []

"""The house's rules, applied to every file of the project."""

import functools
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.house import checks
from tests.house.checks import Source
from tests.servers import ROOT

PRODUCT = ("callcenter/", "ivr/", "migrations/")
# What a concept has besides the usual files, each because it is a thing of its own.
EXTRA = {
    "access": frozenset({"accounts", "passwords"}),
    "calendars": frozenset({"official", "words"}),
    "callbacks": frozenset({"bounds", "phoning", "times", "tries"}),
    "promises": frozenset({"words"}),
    "dialing": frozenset({"gate"}),
    "routing": frozenset({"matching", "moves"}),
    "standards": frozenset(
        {
            "figures", "formulas", "rows", "tallies", "windows", "facts", "identity", "overtaking", "desks",
            "people", "closing", "owed",
        }
    )
}  # fmt: skip


@functools.cache
def everything() -> list[Source]:
    """Every text file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return checks.project(ROOT, listed.stdout.splitlines())


def python(*folders: str) -> list[Source]:
    """The Python files below some folders; a measurement (tests/bench) is no test."""
    below = [source for source in everything() if source.path.startswith(folders)]
    return [it for it in below if it.path.endswith(".py") and not it.path.startswith("tests/bench/")]


def contracts() -> dict[str, Any]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract for contract in pyproject["tool"]["importlinter"]["contracts"]}


@pytest.mark.parametrize(
    ("check", "folders"),
    [
        (checks.too_long, (*PRODUCT, "tests/")),
        (checks.undocumented, PRODUCT),
        (checks.sleeping, ("tests/",)),
        (checks.unfailing, ("tests/",)),
        (checks.coloured, PRODUCT),
        (checks.unexplained, (*PRODUCT, "tests/")),
        (checks.rest_clients, PRODUCT),
        (checks.environment_at_import, PRODUCT),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_every_module(check: Callable[[Source], Iterator[str]], folders: tuple[str, ...]) -> None:
    sources = python(*folders)
    assert len(sources) > 50
    assert [fault for source in sources for fault in check(source)] == []


@pytest.mark.parametrize("check", [checks.unfinished, checks.foreign_places], ids=lambda it: it.__name__)
def test_every_file(check: Callable[[Source], Iterator[str]]) -> None:
    assert [fault for source in everything() for fault in check(source)] == []


def test_functions_fit_into_a_glance() -> None:
    assert list(checks.shape_of_functions(python(*PRODUCT))) == []
    assert list(checks.shape_of_functions(python("tests/"))) == []


def test_files_fit_on_a_page_or_two() -> None:
    assert list(checks.shape_of_files(python(*PRODUCT))) == []


def test_every_concept_has_the_same_few_files() -> None:
    faults = []
    for folder in contracts()["concept"]["containers"]:
        name = folder.removeprefix("callcenter.")
        for source in python(f"callcenter/{name}/"):
            faults += checks.foreign_files(source, EXTRA.get(name, frozenset()))
    assert faults == []


# A concept is a folder with models; whoever adds one must name it in the contract about the inside.
def test_every_concept_is_held_by_the_contract() -> None:
    named = {folder.removeprefix("callcenter.") for folder in contracts()["concept"]["containers"]}
    assert {path.parent.name for path in (ROOT / "callcenter").glob("*/models.py")} == named


def test_the_simulator_is_kept_apart_from_every_other_module() -> None:
    modules = {
        path.name.removesuffix(".py") for path in (ROOT / "callcenter").iterdir() if path.name[0] != "_"
    }
    kept_apart = contracts()["simulator-knows-nobody"]["forbidden_modules"]
    named = {it.removeprefix("callcenter.") for it in kept_apart if it.startswith("callcenter.")}
    assert modules - {"simulator"} == named


def test_every_table_is_registered() -> None:
    from callcenter.tables import CONCEPTS

    registered = {concept.__name__.split(".")[1] for concept in CONCEPTS}
    assert {path.parent.name for path in (ROOT / "callcenter").glob("*/models.py")} | {"leases"} == registered


def test_the_lock_names_what_the_project_needs_and_no_address() -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, develop = ((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    for names, lock in ((needed["dependencies"], run), (needed["optional-dependencies"]["dev"], develop)):
        for requirement in names:
            name = requirement.split(">")[0].split("[")[0].lower()
            assert f"\n{name}==" in lock or f"\n{name}[" in lock, name
    for lock in (run, develop):
        assert "://" not in lock
    pinned = [line.split()[0] for line in run.splitlines() if "==" in line and not line.startswith(" ")]
    assert [pin for pin in pinned if f"\n{pin}" not in develop] == []

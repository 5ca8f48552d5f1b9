"""The floors hold, and import-linter would notice if they did not: each contract has a planted violation."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.servers import ROOT

# The contract, the file that breaks it, and the import that does.
PLANTED = [
    ("floors", "callcenter/calendars/queries.py", "callcenter.routing.models"),
    ("floors", "callcenter/staff/queries.py", "callcenter.customers.models"),
    ("concept", "callcenter/tickets/models.py", "callcenter.tickets.queries"),
    ("rules-are-pure", "callcenter/lines/rules.py", "sqlalchemy"),
    ("conversation-is-pure", "ivr/turns.py", "callcenter.errors"),
    ("conversation-is-pure", "ivr/asks.py", "redis"),
    ("conversation-is-met-once", "callcenter/tickets/actions.py", "ivr.turns"),
    ("simulator-knows-nobody", "callcenter/simulator/kernel.py", "callcenter.phone_numbers"),
    ("simulator-is-started-by-cli", "callcenter/carrier/twin.py", "callcenter.simulator.network"),
    ("web-framework", "callcenter/calls/actions.py", "starlette"),
    ("queue", "callcenter/jobs.py", "rq"),
    ("carrier", "ivr/words.py", "twilio"),
    ("rules-are-pure", "callcenter/calendars/rules.py", "holidays"),
    ("official-calendars", "callcenter/callbacks/rules.py", "holidays"),
    ("migrations", "migrations/versions/0001_lay_the_ground.py", "callcenter.ids"),
]


def _contracts() -> dict[str, str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {it["id"]: it["name"] for it in pyproject["tool"]["importlinter"]["contracts"]}


def _judged(tree: Path) -> dict[str, str]:
    """Run import-linter in a tree; return each broken contract's name with what it says."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    wide = {"COLUMNS": "500"}
    ran = subprocess.run(command, cwd=tree, env=wide, capture_output=True, text=True, check=False)
    assert "Contracts: " in ran.stdout, ran.stdout + ran.stderr
    said = ran.stdout.partition("Broken contracts")[2]
    headings = {name: said.find(f"\n{name}\n---") for name in _contracts().values()}
    broken = sorted((place, name) for name, place in headings.items() if place >= 0)
    ends = [*(place for place, _ in broken[1:]), len(said)]
    return {name: said[place:end] for (place, name), end in zip(broken, ends, strict=False)}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product in which every planted import stands."""
    tree = tmp_path_factory.mktemp("floors")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for package in ("callcenter", "ivr", "migrations"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for _, path, module in PLANTED:
        with (tree / path).open("a") as file:
            file.write(f"\nimport {module}\n")
    (tree / "callcenter" / "newcomer.py").write_text("")
    return tree


@pytest.fixture(scope="module")
def judged(copied: Path) -> dict[str, str]:
    return _judged(copied)


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(_contracts())


@pytest.mark.parametrize(("contract", "path", "module"), PLANTED)
def test_a_violation_breaks_its_contract(
    judged: dict[str, str], contract: str, path: str, module: str
) -> None:
    importer = path.removesuffix(".py").replace("/", ".")
    said = judged[_contracts()[contract]]
    assert any(importer in line and module.split(".", maxsplit=1)[0] in line for line in said.splitlines()), (
        said
    )


# `exhaustive`: whoever adds a module to the house says on which floor it lives.
def test_a_module_without_a_floor_is_told(judged: dict[str, str]) -> None:
    assert "newcomer" in judged[_contracts()["floors"]]


def test_the_tree_as_it_stands_breaks_none() -> None:
    assert _judged(ROOT) == {}

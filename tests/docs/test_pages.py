"""Tables that repeat what the code has, repeat all of it; what is quoted is what is said."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from callcenter.calls.rules import OUTCOMES
from callcenter.organisation.rules import Policies
from callcenter.settings import VARIABLES
from callcenter.switchboard.sweeps import SWEEPS
from ivr.words import LANGUAGES, PLACEHOLDER, script
from tests.docs import known
from tests.docs.pages import DECISIONS, ROOT, codes, fences, named, rows, text

DOCS = ROOT / "docs"
CUSTOMERS = ("张女士", "Ms Zhang")
HEADINGS = ["Context", "Decision", "Alternatives", "Consequences"]


def first_cells(page: Path, header: str) -> list[str]:
    """Return the names in a table's first column, without their backticks."""
    return [row[0].strip("`") for row in rows(page, header)]


def test_every_floor_of_the_house_is_shown() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["id"] == "floors")
    shown = re.findall(r"callcenter/(\w+)", fences(DOCS / "understand.md")[0])
    rooms = {room.strip() for floor in floors for room in floor.split("|")}
    assert rooms == set(shown) - {"simulator"}


def test_every_sweep_is_in_the_table_with_its_interval() -> None:
    told = [(row[0].strip("`"), row[1]) for row in rows(DOCS / "understand.md", "sweep")]
    assert told == [(due.name, f"{due.every:g} s") for due in SWEEPS]


def test_every_outcome_is_explained_in_the_order_in_which_they_are_tried() -> None:
    assert first_cells(DOCS / "understand.md", "outcome") == list(OUTCOMES)


def test_every_variable_is_in_the_table_of_settings() -> None:
    assert sorted(first_cells(DOCS / "operate.md", "variable")) == sorted(VARIABLES)


def test_every_policy_is_said_to_act_or_not() -> None:
    assert sorted(first_cells(DOCS / "operate.md", "policy")) == sorted(Policies.model_fields)


def test_every_metric_is_explained() -> None:
    assert sorted(first_cells(DOCS / "operate.md", "metric")) == sorted(known.metrics())


def test_metrics_that_nothing_counts_are_said_to_be_so() -> None:
    idle = {row[0].strip("`") for row in rows(DOCS / "operate.md", "metric") if "not counted yet" in row[2]}
    assert idle == known.uncounted()


def test_every_webhook_is_listed() -> None:
    assert set(first_cells(DOCS / "interface.md", "address")) == known.webhooks()


def test_every_command_is_listed() -> None:
    shown = {f"callcenter {name}" for name, subs in known.commands().items() if not subs}
    shown |= {f"callcenter {name} {sub}" for name, subs in known.commands().items() for sub in subs}
    listed = first_cells(DOCS / "interface.md", "command")
    assert {re.sub(r" [A-Z]+$", "", name) for name in listed} == shown


@pytest.mark.parametrize("record", DECISIONS, ids=named)
def test_a_decision_has_its_four_parts_and_one_page(record: Path) -> None:
    assert re.findall(r"^## (.+)$", text(record), re.MULTILINE) == HEADINGS
    assert len(text(record).splitlines()) <= 80
    number = record.name[:4]
    assert text(record).startswith(f"# {number} ")


def test_the_index_has_every_decision_under_its_title() -> None:
    index = text(DOCS / "decisions" / "README.md")
    for record in DECISIONS:
        title = text(record).splitlines()[0].removeprefix("# ")[5:]
        assert f"| [{record.name[:4]}]({record.name}) | {title} |" in index


def test_both_readmes_say_the_same_in_two_languages() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert text(english).count("\n## ") == text(chinese).count("\n## ")
    assert _commands(english) == _commands(chinese)
    assert set(codes(english)) == set(codes(chinese))


def _commands(page: Path) -> list[str]:
    """Return the lines of code that a reader would type, without the remarks beside them."""
    shells = [block for block in fences(page) if block.startswith("```sh")]
    lines = [line.partition("#")[0].strip() for block in shells for line in block.splitlines()[1:-1]]
    return [line for line in lines if line]


# pages: "a spoken transcript of every journey in the docs, so that a person can read what a caller hears".
def test_every_sentence_of_the_transcripts_is_in_the_scripts() -> None:
    sentences = [sentence for cell in _heard() for sentence in cell.split("<br>") if sentence != "♪"]
    assert len(sentences) > 100
    assert [sentence for sentence in sentences if not _is_scripted(sentence)] == []


def _heard() -> list[str]:
    """Return what is heard, cell by cell; what stands in brackets happens and is not said."""
    lines = [line for line in text(DOCS / "transcripts.md").splitlines() if " hears |" in line]
    cells = [cell.strip() for line in lines for cell in line.strip("|").split("|")[1:]]
    return [cell for cell in cells if not cell.startswith(("(", "（"))]


def _is_scripted(sentence: str) -> bool:
    return any(pattern.fullmatch(sentence) for pattern in _patterns())


@cache
def _patterns() -> list[re.Pattern[str]]:
    """Return each prompt as what it may sound like: its words, and anything short for its values."""
    prompts = (prompt for language in LANGUAGES for prompt in script(language).values())
    return [re.compile(_pattern(PLACEHOLDER.split(prompt.text)[::2])) for prompt in prompts]


def _pattern(words: list[str]) -> str:
    """A prompt that is nothing but a value could be anything; on this page it is the invented customer."""
    value = ".{1,60}?" if re.search(r"\w", "".join(words)) else f"(?:{'|'.join(CUSTOMERS)})"
    return value.join(map(re.escape, words))

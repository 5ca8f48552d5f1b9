"""A centre file's mistakes are all told at once, each by its line and path, with what would be right."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.center.file import CentreFile
from callcenter.center.reading import CentreFileInvalid, parse
from tests.center import FULL, MINIMAL, changed

MISTAKES = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text("utf-8"))["mistake"]


def complaints(text: str) -> list[str]:
    """Return what is said about a file, a line each."""
    with pytest.raises(CentreFileInvalid) as caught:
        parse(text, "x.toml")
    return caught.value.lines()


def line_of(text: str, part: str, nth: int = 1) -> int:
    """Return the line of the nth line that holds something."""
    return [number for number, line in enumerate(text.splitlines(), 1) if part in line][nth - 1]


@pytest.mark.parametrize("text", [FULL, MINIMAL], ids=["full", "minimal"])
def test_the_examples_are_valid(text: str) -> None:
    assert isinstance(parse(text), CentreFile)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["said"])
def test_a_mistake_is_named_with_its_line(mistake: dict[str, str]) -> None:
    text = changed(FULL, mistake["before"], mistake["after"])
    found = [line for line in complaints(text) if mistake["said"] in line]
    assert len(found) == 1
    number = int(found[0].split(":")[1])
    assert mistake["at"] in text.splitlines()[number - 1]


def test_the_line_of_the_first_use_is_told() -> None:
    text = changed(FULL, 'key = "2", choice = "presales"', 'key = "1", choice = "presales"')
    first, second = line_of(text, '{ key = "1"'), line_of(text, '{ key = "1"', 2)
    assert (
        f'x.toml:{second}: lines[0].menu[1].key: key "1" is used twice (first at line {first})'
        in complaints(text)
    )


# words.md: "the same keys on every line".
def test_a_choice_has_the_same_key_on_every_line() -> None:
    text = changed(FULL, '{ key = "4", choice = "ticket_state" }', '{ key = "6", choice = "ticket_state" }')
    here, there = line_of(text, "ticket_state", 2), line_of(text, "ticket_state")
    assert complaints(text) == [
        f'x.toml:{here}: lines[2].menu[2].key: "ticket_state" is key "4" here but key "6" at line {there}'
    ]


def test_a_line_without_an_agent_to_ask_for_is_refused() -> None:
    text = changed(
        MINIMAL,
        '[{ key = "0", choice = "agent", skill = "general" }]',
        '[{ key = "4", choice = "ticket_state" }]',
    )
    assert [line for line in complaints(text) if '"agent" is missing' in line]


def test_a_calendar_that_never_opens_is_refused() -> None:
    text = changed(MINIMAL, 'week = { mon = ["09:00-18:00"] }', "week = { mon = [] }")
    assert complaints(text) == [
        f"x.toml:{line_of(text, 'week = ')}: calendars[0].week: never opens; give at least one period"
    ]


def test_a_calendar_of_single_days_is_a_calendar() -> None:
    days = 'days = [{ day = 2026-12-01, name = "open day", hours = ["09:00-12:00"] }]'
    assert (
        parse(changed(MINIMAL, 'week = { mon = ["09:00-18:00"] }', days)).calendars[0].days[0].name
        == "open day"
    )


def test_several_agents_may_sit_behind_one_switchboard_number() -> None:
    text = FULL.replace('sip = "sip:liu.yang@pbx.xinghe.example"', 'phone = "020-5555 0211"')
    assert parse(text).agents[5].phone == "020-5555 0211"


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = changed(FULL, "[centre]\n", "[centre]\ncolour = 1\n")
    text = changed(text, '"13:30-18:00"', '"11:30-18:00"')
    text = changed(text, 'key = "2", choice = "presales"', 'key = "1", choice = "presales", colour = 2')
    text = changed(text, 'phone = "199 0000 0102"', 'phone = "none"')
    said = complaints(text)
    numbers = [int(line.split(":")[1]) for line in said]
    assert numbers == sorted(numbers)
    for part in ("centre.colour", "overlaps", "menu[1].colour", "menu[1].key", "agents[1].phone"):
        assert [line for line in said if part in line], part


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.toml:1: centre: is missing"),
        ("a = ", "x.toml:1: no TOML: Invalid value"),
        ("a = 1\nb = 2\nb = 3\n", "x.toml:3: no TOML: Cannot overwrite a value"),
        ("[lines]\nkey = 'x'\n", "x.toml:1: lines: should be an array of tables: write [[lines]]"),
        ("lines = 3", "x.toml:1: lines: should be an array of tables: write [[lines]]"),
        ("lines = [1, 'x', {}]", "x.toml:1: lines[2].menu: is missing"),
        ("a = " + "[" * 5000 + "]" * 5000, "x.toml:1: no centre file: nested too deeply"),
        ("a = 1\n\x00", "x.toml:2: no TOML: Invalid"),
    ],
)  # fmt: skip
def test_files_that_are_something_else(text: str, said: str) -> None:
    assert [line for line in complaints(text) if line.startswith(said)]


VALUES = st.sampled_from(
    ['""', '"x"', "0", "-1", "true", "[]", "[1]", "{}", '{ x = "y" }', "[{}]", "2026-10-01", "1.5", "nan"]
)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(FULL.splitlines()) - 1), VALUES)
def test_any_value_in_any_place_is_accepted_or_refused_with_a_line_that_exists(
    place: int, value: str
) -> None:
    lines = FULL.splitlines()
    key, equals, _ = lines[place].partition("=")
    lines[place] = f"{key}= {value}" if equals and not key.lstrip().startswith(("#", "{")) else ""
    try:
        parse("\n".join(lines), "x.toml")
    except CentreFileInvalid as refused:
        assert refused.problems
        assert all(1 <= problem.line <= len(lines) and problem.message for problem in refused.problems)

"""Every path of a TOML text has the line on which it stands."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.center.positions import Path as TomlPath
from callcenter.center.positions import Positions
from tests.center import EXAMPLES

TEXT = r'''# A comment with [brackets] = "and quotes"
title = "x"

[owner]           # 4
"quoted key" = 1
'literal.key' = 2
"caf\u00e9" = 3
dotted.inner.key = 4

[[lines]]         # 10
key = "a"
menu = [          # 12
  { key = "1", skill = "x" },  # 13 ] }
  { key = "2", at = { deep = [1,
    2] } },       # 15
]
[lines.names]     # 17
zh = """
[[lines]]
not = "a \""" table" """
en = "\"#" # 21
last = 1

[[lines]]         # 24
key = "b"
[[lines.days]]    # 26
day = 2026-10-01
[[lines.days]]    # 28
day = 2026-10-02 07:32:00
[a.b.c]           # 30
z = [[1, 2], [3]]
'''
LITERAL = "a = '''\nb = 2\n\"\"\"'''\nc = 3\n"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("owner",), 4),
        (("owner", "quoted key"), 5),
        (("owner", "literal.key"), 6),
        (("owner", "café"), 7),
        (("owner", "dotted"), 8),
        (("owner", "dotted", "inner", "key"), 8),
        (("lines", 0), 10),
        (("lines", 0, "menu"), 12),
        (("lines", 0, "menu", 0, "skill"), 13),
        (("lines", 0, "menu", 1, "at", "deep"), 14),
        (("lines", 0, "menu", 1, "at", "deep", 1), 15),
        (("lines", 0, "names"), 17),
        (("lines", 0, "names", "zh"), 18),
        (("lines", 0, "names", "en"), 21),
        (("lines", 0, "names", "last"), 22),
        (("lines", 1), 24),
        (("lines", 1, "key"), 25),
        (("lines", 1, "days", 0), 26),
        (("lines", 1, "days", 1, "day"), 29),
        (("a",), 30),
        (("a", "b", "c", "z", 1, 0), 31),
        (("lines", 1, "menu", 3, "skill"), 24),  # What is missing is looked for in the table around it.
        (("nowhere",), 1),
    ],
)
def test_a_path_has_its_line(path: TomlPath, line: int) -> None:
    assert tomllib.loads(TEXT)["a"] == {"b": {"c": {"z": [[1, 2], [3]]}}}
    assert Positions(TEXT).line(path) == line


def test_windows_line_ends_count_once() -> None:
    assert Positions(TEXT.replace("\n", "\r\n")).line(("a", "b", "c", "z")) == 31


def test_a_literal_string_hides_what_it_holds() -> None:
    assert list(tomllib.loads(LITERAL)) == ["a", "c"]
    assert Positions(LITERAL).line(("c",)) == 4
    assert Positions(LITERAL).line(("b",)) == 1


def paths(value: Any, path: TomlPath = ()) -> list[TomlPath]:
    """Return the path of everything in a parsed file."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, each in inner for deeper in paths(each, (*path, key)))]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_key_of_the_examples_is_found_where_it_is_written(example: Path) -> None:
    text = example.read_text("utf-8")
    positions, lines = Positions(text), text.splitlines()
    for path in paths(tomllib.loads(text)):
        if path and isinstance(path[-1], str):
            assert path[-1] in lines[positions.line(path) - 1], path


LETTERS = st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f'")
KEYS = st.text(LETTERS, min_size=1, max_size=5)


def quoted(key: str) -> str:
    """Return a key as TOML's basic strings write it."""
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    st.lists(
        st.tuples(KEYS, st.text(LETTERS, max_size=8), st.integers(0, 3)),
        unique_by=lambda each: each[0],
        max_size=8,
    )
)
def test_any_keys_and_strings_are_placed(entries: list[tuple[str, str, int]]) -> None:
    text, expected, line = "", {}, 1
    for key, value, blank in entries:
        text += "\n" * blank + f"{quoted(key)} = ['{value}', '''{value}\n''', {{ x = '{value}' }}]\n"
        expected[key] = line + blank
        line += blank + 2
    positions = Positions(text)
    assert list(tomllib.loads(text)) == list(expected)
    assert {key: positions.line((key,)) for key in expected} == expected

"""What the API refuses is said in both languages: none forgotten, none left over, values in their places."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic_core._pydantic_core import list_all_errors
from starlette.testclient import TestClient

from callcenter.errors import Conflict, Missing, Sentence
from callcenter.tickets.actions import close_ticket
from callcenter.web.api.chinese import catalogue, in_chinese
from callcenter.web.api.problems import problem_of
from tests.servers import ROOT
from tests.web.api.conftest import House

SOURCE = ROOT / "callcenter"
# People at the command line read these; no program is ever told.
NOT_OF_THE_API = ("cli", "simulator", "center", "embedded.py", "migrate.py")
# Where the sentence stands among the arguments.
SAYS = {"Invalid": 1, "Conflict": 0, "Forbidden": 0, "Unavailable": 0, "Problem": 1, "Sentence": 0}
# What names a kind of thing, and which of its arguments do.
NAMES = {"Missing": (0, 1), "uuid_of": (0,), "_named": (2,)}
# Pure functions that return a sentence, which their callers raise.
RETURNS = {"refusal"}
# Words (NAMES) that are made sentences, and what an error says already.
PASSED_ON = {
    ("errors.py", "kind"), ("errors.py", "name"), ("inputs.py", "kind"), ("problems.py", "_sentence(error)"),
}  # fmt: skip
CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en-US"}


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    """Return the syntax of what the API reaches."""
    return [
        (path, node)
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in NOT_OF_THE_API
        for node in ast.walk(ast.parse(path.read_text()))
    ]


def calls() -> Iterator[tuple[Path, str, ast.Call]]:
    """Yield every call of a plain name."""
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield path, node.func.id, node


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an argument may be: itself, or one side of an `or`."""
    for side in node.values if isinstance(node, ast.BoolOp) else [node]:
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            yield side.value


def said_in_calls() -> Iterator[tuple[Path, ast.expr]]:
    for path, name, call in calls():
        if name in SAYS and len(call.args) > SAYS[name]:
            yield path, call.args[SAYS[name]]


def returned() -> Iterator[str]:
    """Yield what the functions say that return a sentence."""
    for _, node in nodes():
        if isinstance(node, ast.FunctionDef) and node.name in RETURNS:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return):
                    yield from (said for part in ast.walk(inner) for said in literals(part) if " " in said)


def sentences() -> set[str]:
    return {said for _, node in said_in_calls() for said in literals(node)} | set(returned())


def words() -> set[str]:
    return {
        word
        for _, name, call in calls()
        for place in NAMES.get(name, ())
        if place < len(call.args)
        for word in literals(call.args[place])
    }


def test_every_sentence_has_its_chinese_and_none_is_left_over() -> None:
    assert len(sentences()) > 40
    assert sentences() == set(catalogue()["sentences"])


def test_every_kind_of_thing_has_its_chinese_and_none_is_left_over() -> None:
    assert len(words()) > 10
    assert words() == set(catalogue()["words"])


def test_a_sentence_keeps_its_values_apart() -> None:
    """A sentence that was put together from pieces cannot be found in a catalogue any more."""
    elsewhere = {
        (path.name, ast.unparse(node))
        for path, node in said_in_calls()
        if not any(literals(node)) and not ast.unparse(node).startswith("Sentence(")
    }
    assert elsewhere == PASSED_ON


def test_every_value_has_its_place_in_chinese_too() -> None:
    for english, chinese in catalogue()["sentences"].items():
        places = {int(number) for number in re.findall(r"{(\d)", chinese)}
        assert places == set(range(len(re.findall(r"{(?:![rs])?}", english)))), english


def test_what_pydantic_calls_a_fault_is_called_so_by_pydantic() -> None:
    """https://docs.pydantic.dev/latest/errors/validation_errors/ names each fault and what it says of it."""
    ours = {"other", "no_character", "out_of_years"}
    known = {error["type"]: error.get("example_context") or {} for error in list_all_errors()}
    values = catalogue()["values"]
    assert set(values) - set(known) == ours
    for kind in set(values) - ours:
        values[kind].format(**known[kind])


def refused(client: TestClient, path: str, body: object) -> tuple[list[str], list[str]]:
    """Return what the same bad request is told in Chinese and in English: its detail, then its values."""
    told = []
    for language in (CHINESE, ENGLISH):
        answer = client.post(path, json=body, headers=language) if body is not None else None
        document = (answer or client.get(path, headers=language)).json()
        told.append([document["detail"], *(error["problem"] for error in document["errors"])])
    return told[0], told[1]


BAD = [
    ("/calls/none", None, ["没有通话（按此编号或 SID）。"], ["There is no call with this id or SID."]),
    (
        "/tickets", {"kind": "technical", "call": "CA0"},
        ["call：没有这样的通话", "没有这样的通话"], ["call: there is no such call", "there is no such call"],
    ),
    (
        "/callbacks", {"number": "12", "line": "nowhere"},
        ["line：没有这样的线路", "没有这样的线路"], ["line: there is no such line", "there is no such line"],
    ),
    ("/tickets", {}, ["有些值无法使用。", "必须填写"], ["Some values cannot be used.", "Field required"]),
    (
        "/tickets", {"kind": "general", "colour": 1},
        ["有些值无法使用。", "没有这个字段"],
        ["Some values cannot be used.", "Extra inputs are not permitted"],
    ),
    (
        "/calls?limit=0", None,
        ["有些值无法使用。", "不能小于 1"],
        ["Some values cannot be used.", "Input should be greater than or equal to 1"],
    ),
    (
        "/calls?day_from=1999-01-01", None,
        ["有些值无法使用。", "年份必须在 2000 到 2199 之间"],
        ["Some values cannot be used.", "must be between the years 2000 and 2199"],
    ),
    (
        "/calls?q=%00", None,
        ["有些值无法使用。", "含有不是字符的内容"],
        ["Some values cannot be used.", "holds a character that is none"],
    ),
    (
        "/calls?limit=1&limit=2", None,
        ["同一个查询参数给了不止一次。"], ["A query parameter is given more than once."],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "chinese", "english"), BAD)
def test_a_refusal_is_told_in_the_language_that_was_asked_for(
    supervisor: TestClient, path: str, body: object, chinese: list[str], english: list[str]
) -> None:
    assert refused(supervisor, path, body) == (chinese, english)


def test_a_rule_of_a_concept_is_told_so_too(house: House, supervisor: TestClient) -> None:
    number = supervisor.post("/tickets", json={"kind": "general"}).json()["number"]
    house.given(lambda session: close_ticket(session, number, house.work.at(), "test"))
    told = refused(supervisor, f"/tickets/{number}/close", {})
    assert told == ([f"工单 {number} 已经关闭。"], [f"Ticket {number} is closed already."])


def test_a_role_is_named_in_both_languages(wang: TestClient, house: House) -> None:
    told = refused(wang, f"/agents/{house.li.key}/state", {"state": "offline"})
    assert told == (["坐席只能查看和更改自己。"], ["An agent reads and changes only himself."])


# A value may look like a template: it is filled in, never read.
def test_a_value_with_braces_stays_what_it_is() -> None:
    said = Sentence("Ticket {} is closed already.", "{0}{}")
    assert said == "Ticket {0}{} is closed already."
    assert in_chinese(said) == "工单 {0}{} 已经关闭。"
    assert problem_of(Conflict(said)).detail is said


def test_a_name_with_braces_is_no_template() -> None:
    assert in_chinese(str(Missing("ticket", "{0}"))) == "There is no ticket {0}."
    assert in_chinese(Missing("ticket", "{0}").args[0]) == "没有工单（{0}）。"

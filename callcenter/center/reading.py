"""Reading a centre file: everything that is wrong with it at once, each with its line."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callcenter.center.checks import CHECKS
from callcenter.center.draft import Draft, Finding, Table
from callcenter.center.file import CentreFile
from callcenter.center.positions import Path, Positions
from callcenter.errors import Invalid

_SYNTAX_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: its line, its path (`lines[1].menu[0].key`), and what to do about it."""

    line: int
    path: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


class CentreFileInvalid(Invalid):
    """A centre file cannot be used; `problems` has everything that is wrong with it, by line."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = problems
        super().__init__(name, "\n".join(["cannot be used", *self.lines()]))

    def lines(self) -> list[str]:
        """Return one line a problem, as compilers write them: `centre.toml:41: lines[1].menu: …`."""
        return [
            ": ".join(part for part in (f"{self.name}:{problem.line}", problem.path, problem.message) if part)
            for problem in self.problems
        ]


def parse(text: str, name: str = "centre.toml") -> CentreFile:
    """Return what a centre file says; raise CentreFileInvalid with all that is wrong with it.

    `name` is what the file is called in messages.
    """
    raw, positions = _read_toml(text, name)
    findings = [*_shape(raw), *_relations(Draft(Table((), raw), positions))]
    if findings:
        raise CentreFileInvalid(name, _problems(findings, positions))
    return CentreFile.model_validate(raw)


def _read_toml(text: str, name: str) -> tuple[dict[str, Any], Positions]:
    try:
        return tomllib.loads(text), Positions(text)
    except tomllib.TOMLDecodeError as wrong:
        found = _SYNTAX_LINE.search(str(wrong))
        line = int(found.group(1)) if found else text.count("\n") + 1
        problem = Problem(line, "", f"no TOML: {_SYNTAX_LINE.sub('', str(wrong))}")
    except RecursionError:
        problem = Problem(1, "", "no centre file: nested too deeply")
    raise CentreFileInvalid(name, [problem])


def _shape(raw: dict[str, Any]) -> list[Finding]:
    """Return what the models find."""
    try:
        CentreFile.model_validate(raw)
    except ValidationError as wrong:
        return [_finding(error) for error in wrong.errors(include_url=False)]
    return []


def _relations(draft: Draft) -> Iterator[Finding]:
    """Yield what the checks between values find."""
    for check in CHECKS:
        yield from check(draft)


def _problems(findings: Iterable[Finding], positions: Positions) -> list[Problem]:
    return sorted({Problem(positions.line(path), write_path(path), message) for path, message in findings})


def write_path(path: Path) -> str:
    """Return a path as people write it: `lines[1].menu[0].key`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_name(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _name(key: str) -> str:
    return key if _BARE.fullmatch(key) else f'"{key}"'


def _finding(error: ErrorDetails) -> Finding:
    path = tuple(part for part in error["loc"] if part != "[key]")
    return path, _message(error, path)


def _message(error: ErrorDetails, path: Path) -> str:
    """Return the model's complaint in words that say what would be right."""
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return "is missing"
    if kind == "list_type" and len(path) == 1:
        return f"should be an array of tables: write [[{path[0]}]]"
    text = error["msg"].removeprefix("Value error, ")
    return text.replace("Input should", "should", 1) + _shown(error)


def _shown(error: ErrorDetails) -> str:
    """Return the offending value where the message does not show it and it is short."""
    value = error["input"]
    plain = isinstance(value, str | int | float) and error["type"] != "value_error"
    return f", not {value!r}" if plain and len(str(value)) <= 40 else ""


def _unknown_key(path: Path) -> str:
    known = _known_keys(CentreFile, path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}"
    return f"unknown key; {hint}"


def _known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys of the table at a path."""
    for name in (part for part in path if isinstance(part, str)):
        model = _model_in(_fields(model)[name])
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel]:
    """Return the model of `Model`, `Model | None` or `list[Model]`."""
    candidates = (annotation, *get_args(annotation))
    return next(kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel))

"""The house's rules as functions: each takes a file and returns what is wrong with it, a sentence each.

They are proved on planted samples in test_checks.py and applied to the tree in test_house.py.
"""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FUNCTION_LINES = 50
FILE_LINES = 400
FUNCTION_MEDIAN, FUNCTION_P95, FILE_MEDIAN = 6, 25, 90
CONCEPT_FILES = frozenset({"__init__", "jobs", "actions", "queries", "models", "rules"})
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
# Spelled in parts, because this file is looked at too.
UNFINISHED = tuple(a + b for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("NotImplemented", "Error")))
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("debian", "org"),
    )
)
HOMES = re.compile("|".join(f"(?<![\\w.}}/-])/{name}/\\w" for name in ("home", "Users", "root", "work")))


@dataclass(frozen=True)
class Source:
    """A file of the project: its path below the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Return the parsed module."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Return how long the file is."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[FunctionNode]:
        """Yield every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def length(function: FunctionNode) -> int:
    """Return a function's lines, from def to its end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def too_long(source: Source) -> Iterator[str]:
    """No function and no file is too long to be read at once; a step of the schema is written once."""
    if source.lines > FILE_LINES and not source.path.startswith("migrations/versions/"):
        yield f"{source.path} has {source.lines} lines, {FILE_LINES} are the limit"
    for function in source.functions():
        if length(function) > FUNCTION_LINES:
            yield f"{source.path}:{function.lineno} {function.name} has {length(function)} lines"


def shape_of_functions(sources: list[Source]) -> Iterator[str]:
    """Most functions fit into a glance."""
    lengths = sorted(length(function) for source in sources for function in source.functions())
    middle, p95 = statistics.median(lengths), lengths[min(len(lengths) - 1, int(0.95 * len(lengths)))]
    if middle > FUNCTION_MEDIAN:
        yield f"the median function has {middle:g} lines, {FUNCTION_MEDIAN} are the limit"
    if p95 > FUNCTION_P95:
        yield f"the p95 function has {p95} lines, {FUNCTION_P95} are the limit"


def shape_of_files(sources: list[Source]) -> Iterator[str]:
    """Most files fit on a page or two."""
    middle = statistics.median(source.lines for source in sources if source.lines)
    if middle > FILE_MEDIAN:
        yield f"the median file has {middle:g} lines, {FILE_MEDIAN} are the limit"


def undocumented(source: Source) -> Iterator[str]:
    """Every public module, class and function says in a full sentence what it is."""
    if source.path.endswith("__init__.py") and not source.text.strip():
        return
    public = [source.tree, *_public(source.tree)]
    for node in public:
        name = getattr(node, "name", "the module")
        said = ast.get_docstring(node)
        if not said:
            yield f"{source.path}:{getattr(node, 'lineno', 1)} {name} has no docstring"
        elif said.partition("\n\n")[0].rstrip()[-1] not in ".:?!":
            yield f"{source.path}:{getattr(node, 'lineno', 1)} {name}: its docstring is no sentence"


def _public(tree: ast.Module) -> Iterator[ast.ClassDef | FunctionNode]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    inner
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
                    and inner.name[0] != "_"
                    and not any(ast.unparse(mark).endswith(".setter") for mark in inner.decorator_list)
                )


def unfinished(source: Source) -> Iterator[str]:
    """Nothing is left for later inside the code: what is left has an issue."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for mark in UNFINISHED:
            if re.search(rf"\b{mark}\b", line):
                yield f"{source.path}:{number} {mark}"


def foreign_places(source: Source) -> Iterator[str]:
    """No path of somebody's machine, no registry's address: users sit elsewhere, behind other mirrors."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for registry in REGISTRIES:
            if registry in line:
                yield f"{source.path}:{number} names {registry}"
        if HOMES.search(line):
            yield f"{source.path}:{number} names a path of one machine"


def sleeping(source: Source) -> Iterator[str]:
    """A test waits for what it waits for (tests/waiting.py), or moves a clock; it never hopes."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}:
            yield f"{source.path}:{node.lineno} sleeps"


def unfailing(source: Source) -> Iterator[str]:
    """A test can fail: it is not skipped, not expected to fail, does not assert a constant."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
            yield f"{source.path}:{node.lineno} asserts a constant"
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail"}:
            yield f"{source.path}:{node.lineno} {node.attr}"


def coloured(source: Source) -> Iterator[str]:
    """Functions have one colour: async only where the network is, in web and simulator."""
    if source.path.startswith(("callcenter/web/", "callcenter/simulator/")):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{source.path}:{node.lineno} is async"


def unexplained(source: Source) -> Iterator[str]:
    """Catching everything needs a reason beside it; silencing a tool names what is silenced."""
    lines = source.text.splitlines()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _swallows(node) and not _has_comment(node, lines):
            yield f"{source.path}:{node.lineno} catches everything without a reason"
    for number, line in enumerate(lines, 1):
        if re.search(r"#\s*type:\s*ignore(?!\[)", line) or re.search(r"#\s*noqa(?!:)", line):
            yield f"{source.path}:{number} silences without saying what"


def _has_comment(handler: ast.ExceptHandler, lines: list[str]) -> bool:
    return any("#" in line for line in lines[handler.lineno - 1 : handler.body[0].lineno])


def _swallows(handler: ast.ExceptHandler) -> bool:
    """It catches everything and does not end by raising again."""
    everything = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
    return everything and not isinstance(handler.body[-1], ast.Raise)


def foreign_files(source: Source, extra: frozenset[str]) -> Iterator[str]:
    """A concept's folder has the same few names as every other; what it has besides is listed with it."""
    name = source.path.rpartition("/")[2].removesuffix(".py")
    if name not in CONCEPT_FILES | extra:
        yield f"{source.path}: a concept has {', '.join(sorted(CONCEPT_FILES - {'__init__'}))}"


def rest_clients(source: Source) -> Iterator[str]:
    """Only the carrier speaks Twilio's REST API; elsewhere its package renders and checks signatures."""
    if source.path.startswith("callcenter/carrier/"):
        return
    for name, number in _imports(source.tree):
        if name == "twilio" or name.startswith(("twilio.rest", "twilio.http", "twilio.base")):
            yield f"{source.path}:{number} imports {name}"


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def environment_at_import(source: Source) -> Iterator[str]:
    """Nothing of the environment is read while a module is imported."""
    inside = {id(inner) for function in source.functions() for inner in ast.walk(function)}
    for node in ast.walk(source.tree):
        outside = isinstance(node, ast.Attribute) and id(node) not in inside
        if outside and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield f"{source.path}:{node.lineno} reads the environment at import"


def project(root: Path, listed: list[str]) -> list[Source]:
    """Read the project's text files."""
    found = []
    for name in listed:
        path = root / name
        if path.is_file():
            try:
                found.append(Source(name, path.read_text("utf-8")))
            except UnicodeDecodeError:
                continue
    return found

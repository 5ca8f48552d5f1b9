"""Where each key of a TOML text stands, so that every complaint can name a line.

The standard parser tells values without places. This reads a text that it has already accepted, and only
remembers the line of every table, key and array element.
"""

import re
from bisect import bisect_right
from typing import Any

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(["\\bfnrt]))')
_ESCAPED = {'"': '"', "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Positions:
    """The line of every path of a valid TOML text; `("lines", 1, "menu", 0, "key")` is a path."""

    def __init__(self, text: str) -> None:
        self._lines = _Reader(text).read()

    def line(self, path: tuple[Any, ...]) -> int:
        """Return the line of a path, or of the nearest table around it when the path itself is not there."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


class _Reader:
    """One pass over the text; `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", self._text)]
        self._lengths: dict[Path, int] = {}
        self._found: dict[Path, int] = {}

    def read(self) -> dict[Path, int]:
        """Read every statement and return the lines by path."""
        table: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._here("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip()
        return self._found

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]` and return the table's path."""
        start, array = self._at, self._take("[[")
        if not array:
            self._take("[")
        path = self._last_elements(self._dotted(), closed=array)
        if array:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = (*path, index)
        self._note(path, start)
        self._take("]]" if array else "]")
        return path

    def _last_elements(self, names: list[str], *, closed: bool) -> Path:
        """Return a header's path, in which a name of an array of tables means its last table."""
        path: Path = ()
        for place, name in enumerate(names, 1):
            path = (*path, name)
            if path in self._lengths and not (closed and place == len(names)):
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._dotted())
        self._note(path, start)
        self._take("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            self._inline_table(path)
        else:
            self._match(_STRING) or self._match(_SCALAR)

    def _array(self, path: Path) -> None:
        index = 0
        while not self._take("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            self._take(",")
            index += 1

    def _inline_table(self, path: Path) -> None:
        while not self._take("}"):
            self._pair(path)
            self._take(",")

    def _dotted(self) -> list[str]:
        names = [self._name()]
        while self._take("."):
            names.append(self._name())
        return names

    def _name(self) -> str:
        self._skip()
        quoted = self._match(_STRING)
        if not quoted:
            return self._match(_BARE)
        return _unescape(quoted[1:-1]) if quoted[0] == '"' else quoted[1:-1]

    def _note(self, path: Path, at: int) -> None:
        """Remember a path's line, and that of the tables around it that have no line of their own."""
        line = bisect_right(self._breaks, at - 1) + 1
        for length in range(1, len(path) + 1):
            self._found.setdefault(path[:length], line)

    def _skip(self) -> None:
        self._match(_BLANK)

    def _here(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _take(self, mark: str) -> bool:
        self._skip()
        if not self._here(mark):
            return False
        self._at += len(mark)
        self._skip()
        return True

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()


def _unescape(text: str) -> str:
    """Return a quoted key as the parser reads it."""
    return _ESCAPE.sub(
        lambda found: _ESCAPED[found[3]] if found[3] else chr(int(found[1] or found[2], 16)), text
    )

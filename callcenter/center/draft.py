"""A centre file that may be wrong anywhere, for checks that want to find everything at once.

What has another shape than expected is passed over here: the models complain about shapes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from callcenter.center.positions import Path, Positions
from callcenter.lines.rules import CADENCES

Finding = tuple[Path, str]


@dataclass(frozen=True)
class Table:
    """A table of the file and the path at which it stands."""

    path: Path
    values: Mapping[str, Any]

    def at(self, *more: str | int) -> Path:
        """Return the path of something in this table."""
        return (*self.path, *more)

    def text(self, key: str) -> str | None:
        """Return a string."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """Return the strings of an array, each with its path."""
        return [(self.at(key, i), value) for i, value in self._array(key) if isinstance(value, str)]

    def table(self, key: str) -> "Table":
        """Return a table, an empty one where there is none."""
        value = self.values.get(key)
        return Table(self.at(key), value if isinstance(value, dict) else {})

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of an array."""
        return [Table(self.at(key, i), value) for i, value in self._array(key) if isinstance(value, dict)]

    def _array(self, key: str) -> Iterator[tuple[int, Any]]:
        value = self.values.get(key)
        return enumerate(value if isinstance(value, list) else ())


@dataclass(frozen=True)
class Draft:
    """A file under examination: its tables, and where everything stands."""

    root: Table
    positions: Positions

    def tables(self, section: str) -> list[Table]:
        """Return the tables of one section."""
        return self.root.tables(section)

    def by_key(self, section: str) -> dict[str, Table]:
        """Return a section's tables by key, also those that are wrong otherwise."""
        return {key: table for table in self.tables(section) if (key := table.text("key"))}

    def country(self) -> str | None:
        """Return the country by whose habits numbers are read, None while it is wrong itself."""
        country = self.root.table("centre").text("country")
        return country if country in CADENCES else None

    def line(self, path: Path) -> int:
        """Return the line on which a path stands."""
        return self.positions.line(path)


@dataclass
class Seen:
    """What was met before, and where: two things that must differ."""

    draft: Draft
    what: str
    first: dict[str, Path] = field(default_factory=dict)

    def again(self, path: Path, value: str) -> Iterator[Finding]:
        """Yield a finding when this value was met before; no value is no repetition."""
        first = self.first.setdefault(value, path)
        if value and first != path:
            yield path, f'{self.what} "{value}" is used twice (first at line {self.draft.line(first)})'

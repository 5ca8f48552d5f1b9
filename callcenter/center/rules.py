"""The difference between a centre as it is and as its file wants it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

# What each kind of thing looks like, by key: plain values that can be compared and shown.
Things = Mapping[str, Mapping[str, Mapping[str, Any]]]
# In the order in which they are applied: whatever is referred to comes first.
KINDS = ("centre", "calendar", "branch", "skill", "line", "agent")
# These end; the others just stay where nothing in the file refers to them any more.
RETIRABLE = frozenset({"line", "agent"})


@dataclass(frozen=True)
class FieldChange:
    """One value that changes."""

    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.name}: {_shown(self.before)} -> {_shown(self.after)}"


@dataclass(frozen=True)
class Change:
    """One thing that is created, changed or retired, by kind and key."""

    kind: str
    key: str
    verb: Literal["created", "changed", "retired"]
    fields: tuple[FieldChange, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.kind} {self.key} {self.verb}", *(f"  {field}" for field in self.fields)])

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        fields = [{"name": field.name, "before": field.before, "after": field.after} for field in self.fields]
        return {"kind": self.kind, "key": self.key, "verb": self.verb, "fields": fields}


def changes(present: Things, wanted: Things) -> list[Change]:
    """Return what must happen for the present to become what is wanted, in the order of doing it."""
    return [change for kind in KINDS for change in _changes(kind, present[kind], wanted[kind])]


def _changes(
    kind: str, present: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]
) -> Iterator[Change]:
    for key, fields in wanted.items():
        if key not in present:
            yield Change(kind, key, "created")
        elif differing := _differing(present[key], fields):
            yield Change(kind, key, "changed", differing)
    for key, fields in present.items():
        if kind in RETIRABLE and key not in wanted and fields["active"]:
            yield Change(kind, key, "retired")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    names = dict.fromkeys([*after, *before])
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)

"""What was heard and answered as JSON and back: stored with the events, so that a call can be replayed.

A value is `{"type": its class, field: …}`; times are ISO 8601 with their offset, tuples are lists. Only the
classes of `hearing` and `asks` are known; anything else is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ivr.asks import Answer, Ask
from ivr.hearing import Heard, Hours, LineFacts, MenuItem

KNOWN: Mapping[str, type] = {
    kind.__name__: kind for kind in (*get_args(Heard), *get_args(Ask | Answer), LineFacts, MenuItem, Hours)
}
_KINDS = frozenset(KNOWN.values())
LINES_KEPT = 256
"""So many lines are remembered as JSON, and read from it."""


class Itself:
    """A value as a key, by what it is rather than by what is in it: for what is never changed."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self.value is other.value


def to_json(value: Any) -> dict[str, Any]:
    """Return a hearing, ask or answer as a JSON object; raise TypeError for anything else."""
    kind: type = type(value)
    if kind not in _KINDS:
        raise TypeError(f"{kind.__name__} is no hearing, ask or answer")
    return _line_to_json(Itself(value)) if kind is LineFacts else _to_json(kind, value)


@lru_cache(maxsize=LINES_KEPT)
def _line_to_json(line: Itself) -> dict[str, Any]:
    """A line is told with every call, and changes with the centre's configuration only."""
    return _to_json(LineFacts, line.value)


def _to_json(kind: type, value: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind.__name__}
    for name, _ in _readers(kind):
        told[name] = _plain(getattr(value, name))
    return told


def from_json(value: Mapping[str, Any]) -> Any:
    """Return what to_json wrote; fields that are missing take their defaults, so older events stay readable.

    Raise KeyError for an unknown type, TypeError where a field without a default is missing.
    """
    kind = KNOWN[value["type"]]
    return kind(**{name: read(value[name]) for name, read in _readers(kind) if name in value})


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if type(value) in _KINDS:
        return to_json(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} cannot be stored")
    return dict(value)


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the fields of a class, each with how its JSON is read: found once, for a menu has many items."""
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(kind))


def _reader(hint: Any) -> Callable[[Any], Any]:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    inner = next((get_args(option)[0] for option in options if get_origin(option) is tuple), None)
    item = _as_it_is if inner is None else _reader(inner)
    is_free = any(get_origin(option) is Mapping for option in options)

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return datetime.fromisoformat(value) if datetime in options else value
        if isinstance(value, list):
            return tuple(map(item, value))
        if isinstance(value, Mapping):
            return dict(value) if is_free or "type" not in value else from_json(value)
        return value

    return read


def _as_it_is(value: Any) -> Any:
    return value

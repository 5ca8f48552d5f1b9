"""What was heard and answered as JSON and back: stored with the events, so that a call can be replayed.

A value is `{"type": its class, field: …}`; times are ISO 8601 with their offset, tuples are lists. Only the
classes of `hearing` and `asks` are known; anything else is refused.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ivr.asks import Answer, Ask
from ivr.hearing import Heard, Hours, LineFacts, MenuItem

KNOWN: Mapping[str, type] = {
    kind.__name__: kind for kind in (*get_args(Heard), *get_args(Ask | Answer), LineFacts, MenuItem, Hours)
}


def to_json(value: Any) -> dict[str, Any]:
    """Return a hearing, ask or answer as a JSON object; raise TypeError for anything else."""
    if type(value) not in KNOWN.values():
        raise TypeError(f"{type(value).__name__} is no hearing, ask or answer")
    return {"type": type(value).__name__} | {
        field.name: _plain(getattr(value, field.name)) for field in fields(value)
    }


def from_json(value: Mapping[str, Any]) -> Any:
    """Return what to_json wrote; fields that are missing take their defaults, so older events stay readable.

    Raise KeyError for an unknown type, TypeError where a field without a default is missing.
    """
    kind = KNOWN[value["type"]]
    hints = _hints(kind)
    return kind(**{name: _value(hints[name], item) for name, item in value.items() if name in hints})


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_json(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} cannot be stored")
    return dict(value)


def _value(hint: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_json(value) if "type" in value and get_origin(hint) is not Mapping else dict(value)
    if isinstance(value, list):
        return tuple(_value(get_args(hint)[0], item) for item in value)
    return datetime.fromisoformat(value) if isinstance(value, str) and _is_time(hint) else value


def _is_time(hint: Any) -> bool:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return datetime in options


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)

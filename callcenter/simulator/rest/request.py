"""One REST request, read; and what the resources' functions look like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callcenter.simulator.webhooks import Callback, Pairs
from callcenter.simulator.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class RestQuery:
    """One request: method, path below the account, and all parameters of form and query."""

    world: World
    method: str
    path: str
    pairs: Pairs

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter, the last one of several."""
        return dict(self.pairs).get(name, default)

    def has(self, name: str) -> bool:
        """Return whether a parameter was given."""
        return any(key == name for key, _ in self.pairs)

    def all(self, name: str) -> list[str]:
        """Return a repeated parameter's values."""
        return [value for key, value in self.pairs if key == name]

    def number(self, name: str, default: float) -> float:
        """Return a parameter as a number."""
        try:
            return float(self.get(name) or default)
        except ValueError:
            return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter."""
        return {"true": True, "false": False}.get(self.get(name).lower(), default)

    def callback(self, name: str, method: str) -> Callback | None:
        """Return an address with its method, None where it was not given."""
        url = self.get(name)
        return Callback(url, self.get(method).upper() or "POST") if url else None


Resource = Callable[..., tuple[int, Json | None]]

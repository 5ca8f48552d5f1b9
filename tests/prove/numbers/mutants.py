"""Small faults in the counting, each of which must turn its proof red."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import Any
from unittest.mock import patch

from callcenter.standards import closing, facts, queries, windows
from callcenter.standards.tallies import Tally


@contextmanager
def days_by_utc() -> Iterator[None]:
    """A promise at one in the morning in Shanghai belongs to the day before."""
    with patch.object(windows.Window, "day_of", lambda _self, _line, at: at.astimezone(UTC).date()):
        yield


@contextmanager
def short_abandons_stay() -> Iterator[None]:
    """Nothing is short: the bases without short abandons are the bases with them."""
    with patch.object(facts, "SHORT", "nothing"):
        yield


@contextmanager
def open_dropped() -> Iterator[None]:
    """Calls that wait still are not queued calls."""
    honest = facts._queued

    def drop(place: Any, row: Any, wait: Any, at: Any) -> Any:
        return [] if row.outcome == "open" else honest(place, row, wait, at)

    with patch.object(facts, "_queued", drop):
        yield


@contextmanager
def never_closed() -> Iterator[None]:
    """Reports are kept and not read."""
    with patch.object(queries, "_closed_through", _only_for_closing(queries._closed_through)):
        yield


def _only_for_closing(honest: Any) -> Any:
    """The clock still sees what it has closed; it would never end otherwise."""

    def through(session: Any, part: str, places: Any, as_of: Any) -> Any:
        return honest(session, part, places, as_of) if isinstance(places, list) else {}

    return through


@contextmanager
def every_version_counts() -> Iterator[None]:
    """A version that was superseded is added to the one that stands."""
    with patch.object(queries, "_standing", lambda _as_of: []):
        yield


@contextmanager
def rows_untold() -> Iterator[None]:
    """A recomputation tells the figures and not the calls."""
    with patch.object(closing, "_changed_rows", lambda *_: []):
        yield


@contextmanager
def values_lost() -> Iterator[None]:
    """A report gives back its counts and forgets its waits."""
    honest = queries.of_json

    def read(kept: dict[str, Any]) -> Tally:
        return honest({**kept, "values": {}})

    with patch.object(queries, "of_json", read):
        yield


@contextmanager
def share_is_whole() -> Iterator[None]:
    """Every agent is given the counts of all."""

    def shares(self: Any) -> Any:
        return {row.agent: self.tally() for row in self.rows if row.agent}

    with patch.object(closing.Draft, "shares", shares):
        yield


@contextmanager
def day_passed_over() -> Iterator[None]:
    """What is closed seems to reach a day further than it does, so that the day after is never counted."""
    honest = queries._closed_through

    def through(session: Any, part: str, places: Any, as_of: Any) -> Any:
        found = honest(session, part, places, as_of)
        return {line: day + timedelta(days=1) for line, day in found.items()}

    with patch.object(queries, "_closed_through", through):
        yield

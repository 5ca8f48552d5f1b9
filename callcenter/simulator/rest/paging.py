"""Twilio's pages: host-relative addresses, exactly one array beside the fixed keys.

Source: Twilio "REST API: paging" and what twilio-python's `Page` requires.
"""

from collections.abc import Callable
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.rest.shapes import uri

T = TypeVar("T")

DEFAULT_SIZE, MAX_SIZE = 50, 1000


def page(query: RestQuery, name: str, rows: list[T], shape: Callable[[T], Json]) -> Json:
    """Return one page of the rows; `Page` and `PageSize` choose which."""
    size = max(1, min(MAX_SIZE, int(query.number("PageSize", DEFAULT_SIZE))))
    index = max(0, int(query.number("Page", 0)))
    shown = rows[index * size : (index + 1) * size]
    more = len(rows) > (index + 1) * size
    return {
        name: [shape(row) for row in shown],
        "page": index,
        "page_size": size,
        "start": index * size,
        "end": index * size + max(0, len(shown) - 1),
        "uri": _address(query, index, size),
        "first_page_uri": _address(query, 0, size),
        "next_page_uri": _address(query, index + 1, size) if more else None,
        "previous_page_uri": _address(query, index - 1, size) if index else None,
    }


def within(query: RestQuery, name: str, day: date | None) -> bool:
    """Return whether a UTC day passes a list's filters `name`, `name<`, `name>`; no day passes none."""
    filters = {sign: query.get(f"{name}{sign}") for sign in ("", "<", ">")}
    given = {sign: date.fromisoformat(text[:10]) for sign, text in filters.items() if text}
    return all(day is not None and _compares(day, sign, wanted) for sign, wanted in given.items())


def _compares(day: date, sign: str, wanted: date) -> bool:
    if sign == "<":
        return day <= wanted
    return day >= wanted if sign == ">" else day == wanted


def _address(query: RestQuery, index: int, size: int) -> str:
    kept = [(key, value) for key, value in query.pairs if key not in ("Page", "PageSize", "PageToken")]
    paging = [("PageSize", str(size)), ("Page", str(index))]
    return uri(query.world, f"{query.path}.json?{urlencode([*kept, *paging])}")

"""Cursors: a place in a list, sealed, so that nobody invents one and none is taken for another list's."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from callcenter.errors import Invalid
from callcenter.web.api.inputs import PageQuery
from callcenter.web.api.layer import Asked

Row = TypeVar("Row")
SEAL_BYTES = 12
_READ: Mapping[type[Any], Callable[[Any], Any]] = {datetime: datetime.fromisoformat, UUID: UUID}


@dataclass(frozen=True)
class Cursor:
    """The order of one list: its name, and the types of the values that its rows are sorted by."""

    of: str
    kinds: tuple[type[Any], ...] = (datetime, UUID)

    def after(self, asked: Asked, query: PageQuery) -> Any:
        """Return the place after which the page begins, None at the start; raise Invalid."""
        if query.cursor is None:
            return None
        values = json.loads(_open(asked.work.secret_key, self.of, query.cursor))
        return tuple(_READ.get(kind, kind)(value) for kind, value in zip(self.kinds, values, strict=True))

    def cut(
        self, asked: Asked, query: PageQuery, rows: Sequence[Row], place: Callable[[Row], tuple[Any, ...]]
    ) -> tuple[Sequence[Row], str | None]:
        """Return the page's rows and the next one's cursor; `rows` are one more than fit, if there are."""
        shown = rows[: query.limit]
        if len(rows) <= query.limit:
            return shown, None
        return shown, seal(asked.work.secret_key, self.of, place(shown[-1]))


def seal(secret: str, of: str, place: tuple[Any, ...]) -> str:
    """Return a place in the list `of` as an opaque text."""
    told = json.dumps(place, default=str).encode()
    return base64.urlsafe_b64encode(_signature(secret, of, told) + told).decode()


def _open(secret: str, of: str, cursor: str) -> bytes:
    """Return what was sealed for this list; raise Invalid for anything else."""
    try:
        sealed = base64.urlsafe_b64decode(cursor)
    except (binascii.Error, ValueError):
        sealed = b""
    told = sealed[SEAL_BYTES:]
    if not hmac.compare_digest(sealed[:SEAL_BYTES], _signature(secret, of, told)):
        raise Invalid("cursor", "is none of ours: take it from `next` of the page before")
    return told


def _signature(secret: str, of: str, told: bytes) -> bytes:
    return hmac.digest(f"cursor:{of}:{secret}".encode(), told, hashlib.sha256)[:SEAL_BYTES]

"""The chain over the ledger: each entry's digest covers it, its place, and the digest before it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

NOTHING_BEFORE = "0" * 64
# An entry that was committed is sealed within seconds; one that is not by then was put there behind our back.
SEALED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Head:
    """How far the chain had come: its last place (from 1) and digest; kept elsewhere, it proves the rest."""

    sequence: int
    digest: str


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the chain: changed, removed, unsealed, truncated, or rewritten."""

    kind: str
    sequence: int | None
    entry: str | None = None


def canonical(
    entry_id: UUID,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    detail: Mapping[str, Any],
) -> bytes:
    """Return an entry as the bytes that are digested: the same on every database and machine."""
    told = [
        entry_id.hex, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject_kind,
        subject_id, detail,
    ]  # fmt: skip
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def chained(before: str, sequence: int, entry: bytes) -> str:
    """Return the digest of an entry at its place behind another."""
    return hashlib.sha256(f"{before}\n{sequence}\n".encode() + entry).hexdigest()

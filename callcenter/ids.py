"""Identifiers made here: UUID version 7 (RFC 9562, section 5.7), so that rows made later sort later."""

import secrets
import threading
import time
from uuid import UUID, uuid5

_NAMED = UUID("0f0c6d1e-3a55-5b0e-9d0e-6b1a3f6f2c11")
_LOCK = threading.Lock()
_last = (0, 0)


def new() -> UUID:
    """Return a new UUIDv7: 48 bits of milliseconds, then 74 random bits, which grow within a millisecond.

    Of two made by one process the later one sorts later (RFC 9562, section 6.2, method 2).
    """
    global _last  # noqa: PLW0603  What sorts after the last one must know the last one.
    with _LOCK:
        now, (before, drawn) = time.time_ns() // 1_000_000, _last
        _last = (now, secrets.randbits(73)) if now > before else (before, drawn + 1 + secrets.randbits(32))
        milliseconds, drawn = _last
    high, low = drawn >> 62, drawn & (1 << 62) - 1
    return UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0x2 << 62 | low)


def named(name: str) -> UUID:
    """Return the id of something that is named for good: the same name is the same id (RFC 9562, 5.5)."""
    return uuid5(_NAMED, name)

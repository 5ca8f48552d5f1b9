"""Identifiers made here: UUID version 7 (RFC 9562, section 5.7), so that rows made later sort later."""

import secrets
import time
from uuid import UUID


def new() -> UUID:
    """Return a new UUIDv7: 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)

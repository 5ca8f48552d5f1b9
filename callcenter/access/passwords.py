"""Passwords: argon2id through pwdlib, a few at a time, since each takes 64 MB and a tenth of a second."""

import secrets
from functools import cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE = 4
_turn = BoundedSemaphore(AT_ONCE)
_hasher = PasswordHash((Argon2Hasher(),))
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _turn:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the one that was kept; it takes as long where there is no account at all."""
    with _turn:
        return _hasher.verify(password, kept or _nobodys()) and kept is not None


def made_up() -> str:
    """Return a password to be handed over once: sixteen letters and digits without look-alikes, 79 bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(16)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 16, 4))


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())

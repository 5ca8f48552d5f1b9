"""Accounts, whose password is always the same: hashing one takes longer than most tests."""

from functools import cache
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from callcenter.access.models import Account
from callcenter.clock import system
from tests.factories import added

PASSWORD = "a willow by the water"


@cache
def kept() -> str:
    """What is kept of PASSWORD, cheaply: a hash says itself how dear it was."""
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHash((cheap,)).hash(PASSWORD)


def account(session: Session, name: str = "anna", role: str = "supervisor", **other: Any) -> Account:
    """Somebody who has chosen a password."""
    values = {
        "name": name, "display_name": name.title(), "role": role, "password_hash": kept(),
        "must_change": False, "created_at": system(),
    }  # fmt: skip
    return added(session, Account(**values | other))

"""What time it is, for the doors and the jobs; actions are told the time, rules are given it."""

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]


def system() -> datetime:
    """Return the present instant in UTC, from this machine's clock."""
    return datetime.now(UTC)

"""Roles and what a token looks like: `cc_<prefix>_<secret>`, of which only a digest is kept.

The prefix names a token in lists and logs; the secret has 256 bits, so its SHA-256 needs no salt.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcenter.errors import Invalid, Sentence

ROLES = ("agent", "supervisor", "admin")
SECRET_BYTES = 32
PREFIX_BYTES = 5
_SHAPE = re.compile(r"cc_([0-9a-z]{8})_[0-9A-Za-z_-]{43}")


@dataclass(frozen=True)
class Principal:
    """Who asks: a token's prefix and role, and the agent it speaks for, if any."""

    prefix: str
    role: str
    agent_id: UUID | None = None
    agent_key: str | None = None

    @property
    def actor(self) -> str:
        """Return the name that the ledger and the timelines keep."""
        return f"agent:{self.agent_key}" if self.agent_key else f"token:{self.prefix}"

    def may(self, role: str) -> bool:
        """Whether this principal's role is at least the given one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def prefix_of(presented: str) -> str | None:
    """Return the prefix of something shaped like a token, None of anything else."""
    match = _SHAPE.fullmatch(presented)
    return match[1] if match else None


def digest(presented: str) -> str:
    """Return the SHA-256 of a whole token, in hexadecimal."""
    return hashlib.sha256(presented.encode()).hexdigest()


def is_valid(revoked_at: datetime | None, expires_at: datetime | None, at: datetime) -> bool:
    """Whether a token may be used at an instant; it ends at `expires_at` itself."""
    return revoked_at is None and (expires_at is None or at < expires_at)


def check_role(role: str, agent_id: UUID | None) -> None:
    """Refuse an unknown role, and an agent's token that says of no agent whose it is."""
    if role not in ROLES:
        raise Invalid("role", Sentence("must be one of {}", ", ".join(ROLES)))
    if role == "agent" and agent_id is None:
        raise Invalid("agent", "an agent's token needs to say which agent's")

"""Roles and what a token looks like: `cc_<prefix>_<secret>`, of which only a digest is kept.

The prefix names a token in lists and logs; the secret has 256 bits, so its SHA-256 needs no salt. A browser
that is signed in carries such a secret too, in a cookie.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from callcenter.errors import Invalid, Sentence

NOBODY, KIOSK = "nobody", "kiosk"
ROLES = ("agent", "supervisor", "admin")
_RANKS = (NOBODY, KIOSK, *ROLES)
SECRET_BYTES = 32
PREFIX_BYTES = 5
LANGUAGES = ("zh-CN", "en-US")
THEMES = ("light", "dark")
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=16)
"""A browser is signed out after two hours without a request, and after sixteen in any case: a long shift."""
SEEN_EVERY = timedelta(minutes=1)
TRIES_WINDOW = timedelta(minutes=15)
MOST_TRIES = {"account": 10, "address": 100}
"""Wrong passwords in a window. A whole centre may share one address; right passwords do not count."""
LEAST_PASSWORD, MOST_PASSWORD = 10, 200
_NAME = re.compile(r"[a-z0-9][a-z0-9.@_+-]{0,63}")
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


@dataclass(frozen=True)
class Visitor(Principal):
    """Who looks at a page: an account through a browser that is signed in, or a kiosk's screen.

    `prefix` is the account's name, or the kiosk's id.
    """

    account_id: UUID | None = None
    sign_in_id: UUID | None = None
    display_name: str = ""
    language: str | None = None
    theme: str | None = None
    must_change: bool = False

    @property
    def actor(self) -> str:
        """Return the name that the ledger and the timelines keep: the agent's wherever there is one."""
        kind = KIOSK if self.role == KIOSK else "account"
        return f"agent:{self.agent_key}" if self.agent_key else f"{kind}:{self.prefix}"

    def may(self, role: str) -> bool:
        """Whether this visitor's role is at least the given one; a kiosk is less than whoever signs in."""
        return _RANKS.index(self.role) >= _RANKS.index(role)


def account_name(given: str) -> str:
    """Return a name as it is kept, in small letters; raise Invalid for what is no name."""
    name = given.strip().lower()
    if not _NAME.fullmatch(name):
        raise Invalid("name", "must be letters, digits or . @ _ + -, at most 64, a letter or digit first")
    return name


def check_password(password: str, name: str) -> None:
    """Refuse what is guessed at once; length is what makes the rest hard."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise Invalid("password", Sentence("must have {} to {} characters", LEAST_PASSWORD, MOST_PASSWORD))
    if len(set(password)) < LEAST_PASSWORD // 2 or name in password.lower():
        raise Invalid("password", "is easily guessed: choose another one")


def is_signed_in(created_at: datetime, seen_at: datetime, ended_at: datetime | None, at: datetime) -> bool:
    """Whether a browser's sign-in still counts at an instant."""
    return ended_at is None and at < seen_at + IDLE and at < created_at + LONGEST


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
    """Refuse an unknown role, and the role of an agent that says of no agent whose it is."""
    if role not in ROLES:
        raise Invalid("role", Sentence("must be one of {}", ", ".join(ROLES)))
    if role == "agent" and agent_id is None:
        raise Invalid("agent", "an agent needs to say which agent of the centre file")

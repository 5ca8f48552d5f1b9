"""What comes in and goes round on every resource: text, instants, pages, cursors, names of things."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.errors import Invalid, Missing
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from callcenter.staff.models import Agent

Item = TypeVar("Item")
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
SEAL_BYTES = 12


def _plain(text: str) -> str:
    """Refuse what a database cannot keep: NUL, and halves of surrogate pairs."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a character that is none")
    return text


def _in_reach(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError("must be between the years 2000 and 2200")
    return at.astimezone(UTC)


def _day_in_reach(day: date) -> date:
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError("must be between the years 2000 and 2200")
    return day


Word = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_plain)]
Text = Annotated[str, Field(max_length=8000), AfterValidator(_plain)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_reach)]
Day = Annotated[date, AfterValidator(_day_in_reach)]


class Input(BaseModel):
    """Base of everything that is read from a client: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PageQuery(Input):
    """How much of a list, and from where."""

    cursor: Annotated[str, Field(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Shape(BaseModel):
    """Base of everything that is shown; fields that are Python's words carry an alias."""

    model_config = ConfigDict(populate_by_name=True)


class Page(Shape, Generic[Item]):
    """A part of a list; `next` is the cursor of the following part, null at the end."""

    items: list[Item]
    next: str | None


def seal(secret: str, at: datetime, row_id: UUID) -> str:
    """Return an opaque cursor: a place in a list, signed, so that nobody invents one."""
    place = json.dumps([at.isoformat(), row_id.hex]).encode()
    return base64.urlsafe_b64encode(_seal(secret, place) + place).decode()


def unseal(secret: str, cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the place that a cursor names, None for none; raise Invalid for one that is not ours."""
    if cursor is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cursor)
    except (binascii.Error, ValueError):
        sealed = b""
    if not hmac.compare_digest(sealed[:SEAL_BYTES], _seal(secret, sealed[SEAL_BYTES:])):
        raise Invalid("cursor", "is none of ours: take it from `next` of the page before")
    at, row_id = json.loads(sealed[SEAL_BYTES:])
    return datetime.fromisoformat(at), UUID(hex=row_id)


def _seal(secret: str, place: bytes) -> bytes:
    return hmac.digest(b"cursor:" + secret.encode(), place, hashlib.sha256)[:SEAL_BYTES]


def uuid_of(kind: str, name: str) -> UUID:
    """Return the id in a path; raise Missing for what cannot be one."""
    try:
        return UUID(name)
    except ValueError:
        raise Missing(kind, "with this id") from None


def line_named(session: Session, name: str) -> Line:
    """Return the line of a key or an id, retired ones too; raise Invalid."""
    return _named(session, Line, "line", name)


def agent_named(session: Session, name: str) -> Agent:
    """Return the agent of a key or an id, those who left too; raise Invalid."""
    return _named(session, Agent, "agent", name)


def skill_named(session: Session, name: str) -> Skill:
    """Return the skill of a key or an id; raise Invalid."""
    return _named(session, Skill, "skill", name)


Named = TypeVar("Named", Line, Agent, Skill)


def _named(session: Session, table: type[Named], kind: str, name: str) -> Named:
    try:
        found = session.get(table, UUID(name))
    except ValueError:
        found = session.scalar(sa.select(table).where(table.key == name))
    if found is None:
        raise Invalid(kind, f"there is no such {kind}")
    return found

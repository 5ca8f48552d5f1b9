"""What comes in and goes round on every resource: text, instants, pages, names of things."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from callcenter.errors import Invalid, Missing, Sentence
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from callcenter.staff.models import Agent

Item = TypeVar("Item")
FIRST_YEAR, LAST_YEAR = 2000, 2199
PLAIN = r"^[^\u0000]*$"
YEARS = "^2[01][0-9][0-9]-"


def _plain(text: str) -> str:
    """Refuse what a database cannot keep: NUL, and halves of surrogate pairs."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("no_character", "holds a character that is none")
    return text


def _in_reach(at: datetime) -> datetime:
    _day_in_reach(at.date())
    return at.astimezone(UTC)


def _day_in_reach(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise PydanticCustomError("out_of_years", "must be between the years {first} and {last}", years)
    return day


Word = Annotated[
    str, Field(min_length=1, max_length=120, json_schema_extra={"pattern": PLAIN}), AfterValidator(_plain)
]
Text = Annotated[str, Field(max_length=8000, json_schema_extra={"pattern": PLAIN}), AfterValidator(_plain)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_reach), Field(json_schema_extra={"pattern": YEARS})]
Day = Annotated[date, AfterValidator(_day_in_reach), Field(json_schema_extra={"pattern": YEARS})]


def left_out() -> Any:
    """Return the default of a field that may be left out of a change, but not emptied."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(described: JsonDict) -> None:
    del described["default"]


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
        raise Invalid(kind, Sentence("there is no such {}", Sentence(kind)))
    return found

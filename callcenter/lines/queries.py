"""Reading lines."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.errors import Missing
from callcenter.lines.models import Line


def line_by_number(session: Session, canonical: str) -> Line | None:
    """Return the active line of a canonical number, None for a number that is no line of ours."""
    return session.scalars(sa.select(Line).where(Line.number == canonical, Line.active)).one_or_none()


def line_by_key(session: Session, key: str) -> Line | None:
    """Return the line that the centre's file calls by this key, retired or not."""
    return session.scalars(sa.select(Line).where(Line.key == key)).one_or_none()


def line(session: Session, line_id: UUID) -> Line:
    """Return one line, retired or not; raise Missing."""
    found = session.get(Line, line_id)
    if found is None:
        raise Missing("line", line_id)
    return found


def lines(session: Session) -> list[Line]:
    """Return the active lines, by key."""
    return list(session.scalars(sa.select(Line).where(Line.active).order_by(Line.key)))


def all_lines(session: Session) -> list[Line]:
    """Return every line that ever was, by key."""
    return list(session.scalars(sa.select(Line).order_by(Line.key)))

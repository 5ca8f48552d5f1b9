"""Setting and retiring lines, each matched by its key."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.lines.models import Line
from callcenter.lines.queries import line_by_key


def set_line(session: Session, *, key: str, number: str, **fields: Any) -> Line:
    """Create a line or change it; `fields` are the other columns of Line. A retired one is active again."""
    line = line_by_key(session, key) or Line(id=ids.new(), key=key)
    _free_number(session, number, keeper=key)
    line.number, line.active = number, True
    for name, value in fields.items():
        setattr(line, name, value)
    session.add(line)
    session.flush()
    return line


def retire_line(session: Session, key: str) -> None:
    """Take a line out of service; its calls keep referring to it."""
    line = line_by_key(session, key)
    if line is not None:
        line.active = False
        session.flush()


def _free_number(session: Session, number: str, *, keeper: str) -> None:
    """Let go of a number that another line holds: a retired one, or one whose new number comes next."""
    holders = session.scalars(sa.select(Line).where(Line.number == number, Line.key != keeper))
    for holder in holders:
        holder.number = f"retired:{holder.id.hex}"
    session.flush()

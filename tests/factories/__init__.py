"""Rows in the states that tests start from: one file a concept, functions named after the thing."""

from typing import TypeVar

from sqlalchemy.orm import Session

Row = TypeVar("Row")


def added(session: Session, row: Row) -> Row:
    """Put a row into the database and give it back."""
    session.add(row)
    session.flush()
    return row

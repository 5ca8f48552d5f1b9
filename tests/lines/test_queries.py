"""Lines are found by number and key, retired ones only where history asks for them."""

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.db import Database
from callcenter.errors import Missing
from callcenter.lines.actions import retire_line, set_line
from callcenter.lines.models import Line
from callcenter.lines.queries import all_lines, line, line_by_key, line_by_number, lines
from tests.factories import centre

NUMBER = "+862155550100"
COLUMNS = set(sa.inspect(Line).columns.keys()) - {"id", "key", "number", "active"}


def test_a_retired_line_takes_no_calls_but_stays_for_its_history(database: Database) -> None:
    with database.transaction() as session:
        made = centre.line(session, "hotline", number=NUMBER)
        assert line_by_number(session, NUMBER) == made
        retire_line(session, "hotline")
    with database.reading() as session:
        assert line_by_number(session, NUMBER) is None
        assert lines(session) == []
        assert [row.key for row in all_lines(session)] == ["hotline"]
        assert line(session, made.id).number == NUMBER
        assert line_by_key(session, "hotline") is not None


def test_a_new_line_may_have_the_number_of_a_retired_one(database: Database) -> None:
    with database.transaction() as session:
        old = centre.line(session, "old", number=NUMBER)
        retire_line(session, "old")
        columns = {name: getattr(old, name) for name in COLUMNS}
        new = set_line(session, key="new", number=NUMBER, **columns)
    with database.reading() as session:
        found = line_by_number(session, NUMBER)
        assert found is not None
        assert found.id == new.id
        assert line(session, old.id).number != NUMBER


def test_an_unknown_line_is_missing(database: Database) -> None:
    with database.reading() as session:
        assert line_by_key(session, "nowhere") is None
        with pytest.raises(Missing):
            line(session, ids.new())

"""The example centre of the tests: written again it is what applying its file has made."""

import pytest
import sqlalchemy as sa

from callcenter.center.queries import difference
from callcenter.center.reading import parse
from callcenter.configuration import configuration
from callcenter.jobs import Work
from callcenter.organisation.models import Branch
from callcenter.routing.models import AgentState
from callcenter.tables import metadata
from tests import xinghe


def empty(work: Work) -> None:
    """Delete what the example has written."""
    with work.db.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table in xinghe._written:
                connection.execute(table.delete())


@pytest.fixture
def written_again(work: Work) -> Work:
    """A centre that was not applied, but written from what an earlier one was."""
    xinghe.open_centre(work)
    empty(work)
    xinghe.open_centre(work)
    return work


def test_nothing_differs_from_the_file(written_again: Work) -> None:
    with written_again.db.reading() as session:
        assert difference(session, parse(xinghe.FILE.read_text(), xinghe.FILE.name)) == []


def test_it_is_of_its_own_time_and_revision(written_again: Work) -> None:
    with written_again.db.reading() as session:
        assert set(session.scalars(sa.select(AgentState.since))) == {written_again.at()}
        before = configuration(session).revision
    empty(written_again)
    xinghe.open_centre(written_again)
    with written_again.db.reading() as session:
        assert configuration(session).revision != before


def test_it_has_the_rows_of_one_that_was_applied(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    xinghe.open_centre(work)
    counts = []
    for known in (xinghe._written, {}):
        empty(work)
        monkeypatch.setattr(xinghe, "_written", known)
        xinghe.open_centre(work)
        with work.db.reading() as session:
            tables = metadata.sorted_tables
            counts.append([session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables])
    assert counts[0] == counts[1]


def test_a_database_that_holds_something_has_the_file_applied(work: Work) -> None:
    xinghe.open_centre(work)
    with work.transaction() as session:
        session.execute(sa.update(Branch).values(head_office=False))
    xinghe.open_centre(work)
    with work.db.reading() as session:
        assert difference(session, parse(xinghe.FILE.read_text(), xinghe.FILE.name)) == []

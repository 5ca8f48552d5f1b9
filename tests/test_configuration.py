"""What a process keeps of the centre's configuration, and why it is never older than the rows."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from callcenter.calendars.actions import set_calendar
from callcenter.calendars.rules import Hours
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.configuration import believed, configuration, find_configuration
from callcenter.db import JSON, Database
from callcenter.errors import Missing
from callcenter.jobs import Work
from callcenter.lines.actions import retire_line
from callcenter.organisation.actions import set_branch, set_skill
from callcenter.organisation.queries import centre as centre_row
from tests import servers, xinghe
from tests.factories import centre

CLOSED = Hours("Asia/Shanghai", ((),) * 7)


def revision(work: Work) -> str | None:
    """The revision as a transaction of its own sees it."""
    with work.transaction() as session:
        return configuration(session).revision


def test_before_the_first_apply_there_is_none(work: Work) -> None:
    with work.transaction() as session:
        assert find_configuration(session) is None
        with pytest.raises(Missing):
            configuration(session)


def test_what_has_not_changed_is_not_read_again(work: Work) -> None:
    xinghe.open_centre(work)
    with work.transaction() as session:
        first = configuration(session)
    with work.transaction() as session:
        assert configuration(session) is first


def test_every_row_that_configures_the_centre_moves_the_revision(work: Work) -> None:
    xinghe.open_centre(work)
    seen = {revision(work)}
    for change in (
        lambda session: set_branch(session, key="moon", names={}, head_office=False),
        lambda session: set_skill(session, key="flying", names={}),
        lambda session: set_calendar(session, key="office", hours=CLOSED),
        lambda session: retire_line(session, "chengdu"),
        lambda session: setattr(centre_row(session), "country", "US"),
        lambda session: centre.line(session, "another"),
    ):
        with work.transaction() as session:
            change(session)
        assert revision(work) not in seen
        seen.add(revision(work))


# An older release, or somebody with SQL in his hands, writes rows and moves nothing.
def test_what_was_written_past_us_is_in_force_once_the_file_is_applied(work: Work) -> None:
    xinghe.open_centre(work)
    with work.transaction() as session:
        old = configuration(session).policies.wrap_up_seconds
        written = centre_row(session).policies | {"wrap_up_seconds": old + 15}
        session.execute(sa.update(sa.table("centres", sa.column("policies", JSON))).values(policies=written))
    file = xinghe.FILE.read_text().replace(f"wrap_up_seconds = {old}", f"wrap_up_seconds = {old + 15}")
    with work.transaction() as session:
        assert apply_centre(session, parse(file, "same.toml"), work.at()) == []
    with work.transaction() as session:
        assert configuration(session).policies.wrap_up_seconds == old + 15


def test_what_is_not_committed_is_seen_by_its_own_transaction_alone(work: Work) -> None:
    xinghe.open_centre(work)
    before = revision(work)
    with pytest.raises(RuntimeError), work.transaction() as session:
        set_skill(session, key="flying", names={})
        session.flush()
        assert "flying" in configuration(session).skills
        raise RuntimeError
    assert revision(work) == before
    with work.transaction() as session:
        assert "flying" not in configuration(session).skills


# Two processes: the other one applies a file; this one must not answer one call more by what it keeps.
def test_a_file_that_another_process_applies_is_in_force_at_once(work: Work) -> None:
    xinghe.open_centre(work)
    with work.transaction() as session:
        assert configuration(session).policies.wrap_up_seconds == 30
        assert believed(session) is configuration(session)
    apply_elsewhere(work.db, xinghe.FILE.read_text().replace("wrap_up_seconds = 30", "wrap_up_seconds = 45"))
    with work.transaction() as session:
        assert configuration(session).policies.wrap_up_seconds == 45


APPLY = """
import sys
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.clock import system
from callcenter.db import Database
with Database(sys.argv[1]).transaction() as session:
    apply_centre(session, parse(sys.stdin.read(), "changed.toml"), system())
"""


def apply_elsewhere(database: Database, text: str) -> None:
    """Apply a centre file in a process of its own."""
    command = [sys.executable, "-c", APPLY, database.url]
    subprocess.run(command, input=text, text=True, check=True, cwd=servers.ROOT, capture_output=True)

"""The straightforward version does the same work: it says the same and writes the same rows."""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callcenter.clock import system
from callcenter.jobs import Work
from callcenter.organisation.queries import centre
from callcenter.switchboard import inbound
from callcenter.tables import metadata
from callcenter.tickets.models import TicketCounter
from ivr.hearing import Pressed
from tests import xinghe
from tests.bench import naive, webhooks
from tests.doubles import SettableTime
from tests.xinghe import HOTLINE


def rows(work: Work) -> Counter[str]:
    """Count the rows of every table."""
    with work.db.reading() as session:
        return Counter(
            {
                name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
            }
        )


def open_today(work: Work, time: SettableTime) -> None:
    """Open the centre at the true time, which the straightforward version lives in."""
    time.at = system()
    xinghe.open_centre(work)
    xinghe.log_in(work, "zhang-wei")
    with work.transaction() as session:
        home = centre(session)
        today = time.at.astimezone(ZoneInfo(home.timezone)).date()
        for day in (today, today + timedelta(days=1)):
            session.add(TicketCounter(centre_key=home.key, day=day, last=0))


def ours(work: Work, number: int, caller: str) -> tuple[str, str]:
    """Let a call arrive and choose, the product's way."""
    sid = webhooks.sid(number)
    with work.transaction() as session:
        first = inbound.arrive(work, session, sid=sid, from_raw=caller, to_raw=HOTLINE, at=work.at())
    with work.transaction() as session:
        return first, inbound.go_on(work, session, sid=sid, key="1", heard=Pressed("1"), at=work.at())


def theirs(work: Work, number: int, caller: str) -> tuple[str, str]:
    """Let a call arrive and choose, the straightforward way."""
    form = {"CallSid": webhooks.sid(number), "From": caller, "To": HOTLINE, "Digits": "1"}
    with work.transaction() as session:
        first = naive.arrive(session, form)
    with work.transaction() as session:
        return first, naive.choose(session, form)


# speed.md: "a straightforward ORM version of the same work kept in the benchmark".
def test_both_say_the_same_and_write_the_same_rows(work: Work, time: SettableTime) -> None:
    open_today(work, time)
    before = rows(work)
    said = ours(work, 1, "+8613800138001")
    between = rows(work)
    also_said = theirs(work, 2, "+8613800138002")
    after = rows(work)
    assert also_said[0] == said[0]
    assert webhooks.CHOICE_SAYS.decode() in said[1]
    assert said[1].count("<Say") == also_said[1].count("<Say")
    assert between - before == after - between


def test_a_repetition_hears_the_same_again(work: Work, time: SettableTime) -> None:
    open_today(work, time)
    first = theirs(work, 1, "+8613800138001")
    after = rows(work)
    assert theirs(work, 1, "+8613800138001") == first
    assert rows(work) == after

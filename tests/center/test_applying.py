"""Applying a centre file: what changes is told, a second time changes nothing, nothing is ever deleted."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import is_open
from callcenter.center.actions import apply_centre
from callcenter.center.queries import difference
from callcenter.center.reading import parse
from callcenter.db import Database
from callcenter.errors import Conflict
from callcenter.lines.queries import line_by_key, line_by_number, lines
from callcenter.organisation.queries import centre, policies
from callcenter.phone_numbers import may_dial
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import AgentState, AgentStateChange
from callcenter.staff.queries import agent_by_key, agents, skills_of
from tests.center import FULL, MINIMAL, changed

WHOLE = "'09:00-12:00', '13:30-18:00'"
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def apply(database: Database, text: str, at: datetime = NOON) -> list[str]:
    """Apply a file and return what was told, a line each."""
    with database.transaction() as session:
        done = apply_centre(session, parse(text), at)
    return [line.strip() for change in done for line in str(change).splitlines()]


@pytest.mark.parametrize("text", [FULL, MINIMAL], ids=["full", "minimal"])
def test_a_second_time_changes_nothing(database: Database, text: str) -> None:
    assert apply(database, text)
    assert apply(database, text) == []


def test_everything_new_is_told_as_created(database: Database) -> None:
    told = apply(database, MINIMAL)
    assert told == [
        "centre minimal created",
        "calendar weekdays created",
        "branch office created",
        "skill general created",
        "line hotline created",
        "agent agent created",
    ]


def test_the_full_example_is_what_its_file_says(database: Database) -> None:
    apply(database, FULL)
    with database.reading() as session:
        hotline = line_by_number(session, "+862155550100")
        assert hotline is not None
        assert (hotline.key, hotline.number_raw) == ("hotline", "021-5555 0100")
        assert hotline.organisation == {"zh-CN": "星河软件", "en-US": "Xinghe Software"}
        assert hotline.menu[0] == {"key": "1", "choice": "technical", "skill": "technical"}
        assert hotline.menu[3] == {"key": "4", "choice": "ticket_state", "skill": None}
        assert [line.key for line in lines(session)] == ["chengdu", "guangzhou", "hotline"]
        assert policies(session).callback_tries == 3
        assert centre(session).dial_prefixes == ["+86", "+1"]


# `make run` shows a call at any hour, so the head office's line is always open.
def test_the_examples_hotline_is_open_at_any_hour_and_its_branches_keep_office_hours(
    database: Database,
) -> None:
    apply(database, FULL)
    with database.reading() as session:
        hotline, branch = line_by_key(session, "hotline"), line_by_key(session, "guangzhou")
        assert hotline and branch
        always, office = hours_of(session, hotline.calendar_id), hours_of(session, branch.calendar_id)
    week = [NOON + timedelta(minutes=30 * step) for step in range(7 * 48)]
    assert all(is_open(always, at) for at in week)
    assert {is_open(office, at) for at in week} == {True, False}
    assert office.days[date(2026, 12, 11)].periods == ()
    assert office.days[date(2027, 1, 9)].periods == office.week[4]
    assert office.periods(date(2026, 10, 1)) == ()


def test_a_calendar_that_follows_another_country_is_told(database: Database) -> None:
    apply(database, FULL)
    text = changed(FULL, 'holidays = "CN" ', 'holidays = "HK"\nconfirmed_years = [2028, 2027, 2027] ')
    assert apply(database, text) == [
        "calendar office changed",
        "holidays: CN -> HK",
        "confirmed_years: [] -> [2027, 2028]",
    ]
    assert apply(database, text) == []


def test_agents_are_reached_where_their_file_says(database: Database) -> None:
    apply(database, FULL)
    with database.reading() as session:
        by_key = {agent.key: agent for agent in agents(session)}
        assert by_key["zhang-wei"].address == "+8619900000101"
        assert by_key["chen-jie"].address == "+862055550211"
        assert by_key["liu-yang"].address == "sip:liu.yang@pbx.xinghe.example"
        assert by_key["emily-chen"].address == f"client:{by_key['emily-chen'].id.hex}"
        assert skills_of(session, by_key["li-na"].id) == {"general": 1, "presales": 1, "technical": 2}
        allowed = centre(session)
        for agent in by_key.values():
            assert may_dial(agent.address, allowed.dial_prefixes, allowed.sip_domains)


def test_new_agents_are_offline_from_then_on(database: Database) -> None:
    apply(database, MINIMAL)
    with database.reading() as session:
        state = session.scalars(sa.select(AgentState)).one()
        change = session.scalars(sa.select(AgentStateChange)).one()
        assert (state.state, state.since) == ("offline", NOON)
        assert (change.state, change.at, change.actor) == ("offline", NOON, "centre file")


def test_a_change_names_each_value(database: Database) -> None:
    apply(database, FULL)
    text = changed(FULL, "wrap_up_seconds = 30", "wrap_up_seconds = 45")
    text = changed(text, "rings_timeout = 4", "rings_timeout = 6")
    text = changed(text, 'fri = ["09:00-12:00", "13:30-18:00"]', 'fri = ["09:00-12:00"]')
    text = changed(text, "2026-12-11", "2026-12-12")
    assert apply(database, text) == [
        "centre xinghe changed",
        "policies.wrap_up_seconds: 30 -> 45",
        "calendar office changed",
        "week.fri: ['09:00-12:00', '13:30-18:00'] -> ['09:00-12:00']",
        "days.2026-12-12: - -> ['公司年会']",
        f"days.2027-01-09: ['补公司年会的班', {WHOLE}] -> ['补公司年会的班', '09:00-12:00']",
        "days.2026-12-11: ['公司年会'] -> -",
        "line chengdu changed",
        "rings_timeout: 4 -> 6",
    ]
    assert apply(database, text) == []


def test_the_difference_alone_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        planned = difference(session, parse(MINIMAL))
    with database.transaction() as session:
        assert difference(session, parse(MINIMAL)) == planned
        assert apply_centre(session, parse(MINIMAL), NOON) == planned
        assert difference(session, parse(MINIMAL)) == []


def without(text: str, start: str) -> str:
    """Leave out an entry: from a line to the next empty line."""
    before, _, rest = text.partition(start)
    return before + rest.partition("\n\n")[2]


def test_what_the_file_no_longer_has_is_retired_and_comes_back(database: Database) -> None:
    apply(database, FULL)
    with database.transaction() as session:
        agent = agent_by_key(session, "li-na")
        assert agent
        set_agent_state(session, agent.id, "available", None, NOON, "test")
    less = without(without(FULL, '[[agents]]\nkey = "li-na"'), '[[lines]]\nkey = "guangzhou"')
    later = NOON + timedelta(hours=1)
    assert apply(database, less, later) == ["line guangzhou retired", "agent li-na retired"]
    assert apply(database, less, later) == []
    with database.reading() as session:
        assert line_by_number(session, "+862055550200") is None
        assert "li-na" not in [each.key for each in agents(session)]
        state = session.get(AgentState, agent.id)
        assert state
        assert (state.state, state.since) == ("offline", later)
    assert apply(database, FULL) == [
        "line guangzhou changed",
        "active: False -> True",
        "agent li-na changed",
        "active: False -> True",
    ]
    with database.reading() as session:
        again = agent_by_key(session, "li-na")
        assert again
        assert (again.id, again.active) == (agent.id, True)
        assert [each.key for each in lines(session)] == ["chengdu", "guangzhou", "hotline"]


def test_lines_may_exchange_their_numbers(database: Database) -> None:
    apply(database, FULL)
    text = FULL.replace("021-5555 0100", "-").replace("020-5555 0200", "021-5555 0100")
    text = text.replace('number = "-"', 'number = "020-5555 0200"')
    apply(database, text)
    assert apply(database, text) == []
    with database.reading() as session:
        hotline, branch = (line_by_number(session, number) for number in ("+862055550200", "+862155550100"))
        assert hotline and branch
        assert (hotline.key, branch.key) == ("hotline", "guangzhou")


def test_a_new_key_takes_the_number_of_the_line_it_replaces(database: Database) -> None:
    apply(database, FULL)
    text = changed(FULL, '[[lines]]\nkey = "guangzhou"', '[[lines]]\nkey = "south"')
    assert apply(database, text) == ["line south created", "line guangzhou retired"]
    assert apply(database, text) == []
    with database.reading() as session:
        found = line_by_number(session, "+862055550200")
        assert found
        assert found.key == "south"


def test_the_file_of_another_centre_is_refused(database: Database) -> None:
    apply(database, FULL)
    with pytest.raises(Conflict, match='serves the centre "xinghe", the file describes "minimal"'):
        apply(database, MINIMAL)
    assert apply(database, FULL) == []


def test_an_agent_who_changes_phone_for_browser_keeps_his_id(database: Database) -> None:
    apply(database, FULL)
    text = changed(FULL, 'phone = "199 0000 0101"', "client = true")
    assert apply(database, text) == [
        "agent zhang-wei changed",
        "address: +8619900000101 -> client",
        "address_raw: 199 0000 0101 -> client",
    ]
    with database.reading() as session:
        agent = agent_by_key(session, "zhang-wei")
        assert agent
        assert agent.address == f"client:{agent.id.hex}"

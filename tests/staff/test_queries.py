"""Agents, their levels, and where they are rung."""

import pytest

from callcenter import ids
from callcenter.db import Database
from callcenter.errors import Missing
from callcenter.phone_numbers import may_dial
from callcenter.staff.actions import retire_agent, set_agent
from callcenter.staff.queries import (
    agent,
    agent_by_key,
    agents,
    agents_with_skill,
    all_agents,
    skills_by_agent,
    skills_of,
)
from tests.factories import centre


def test_agents_of_a_skill_come_best_first_and_retired_ones_not(database: Database) -> None:
    with database.transaction() as session:
        technical = centre.skill(session, "technical")
        for key, level in (("an", 2), ("bo", 1), ("cui", 1)):
            set_agent(
                session, key=key, name=key, branch_id=centre.branch(session), languages=["zh-CN"],
                address="+8619900000101", address_raw="-", skills={technical: level},
            )  # fmt: skip
        retire_agent(session, "cui")
    with database.reading() as session:
        assert [(row.key, level) for row, level in agents_with_skill(session, technical)] == [
            ("bo", 1),
            ("an", 2),
        ]
        assert [row.key for row in agents(session)] == ["an", "bo"]
        assert [row.key for row in all_agents(session)] == ["an", "bo", "cui"]


def test_levels_are_read_by_skill_key_for_several_at_once(database: Database) -> None:
    with database.transaction() as session:
        able = centre.agent(session, "an", skills=("technical", "general"))
        unable = centre.agent(session, "bo")
    with database.reading() as session:
        assert skills_of(session, able.id) == {"general": 1, "technical": 1}
        assert skills_by_agent(session, [able.id, unable.id])[unable.id] == {}


# telephony.md: a client's identity is "alphanumeric and underscore only … use UUID hex".
def test_an_agent_without_address_is_rung_in_the_browser(database: Database) -> None:
    with database.transaction() as session:
        made = set_agent(
            session, key="an", name="安", branch_id=centre.branch(session), languages=["zh-CN"],
            address=None, address_raw="client", skills={},
        )  # fmt: skip
        assert made.address == f"client:{made.id.hex}"
        assert may_dial(made.address, [], [])


def test_changing_an_agent_replaces_the_skills(database: Database) -> None:
    with database.transaction() as session:
        made = centre.agent(session, "an", skills=("technical", "general"))
        presales = centre.skill(session, "presales")
        set_agent(
            session, key="an", name="安", branch_id=made.branch_id, languages=["en-US"],
            address="+8619900000102", address_raw="199 0000 0102", skills={presales: 3},
        )  # fmt: skip
    with database.reading() as session:
        found = agent_by_key(session, "an")
        assert found is not None
        assert (found.id, found.languages, found.address) == (made.id, ["en-US"], "+8619900000102")
        assert skills_of(session, made.id) == {"presales": 3}


def test_an_unknown_agent_is_missing(database: Database) -> None:
    with database.reading() as session:
        assert agent_by_key(session, "nobody") is None
        with pytest.raises(Missing):
            agent(session, ids.new())

"""The centre, its policies, its branches and its skills."""

import pytest
from pydantic import ValidationError

from callcenter import ids
from callcenter.db import Database
from callcenter.errors import Missing
from callcenter.organisation.actions import set_branch, set_centre, set_skill
from callcenter.organisation.queries import (
    branch,
    branch_by_key,
    branches,
    centre,
    find_centre,
    policies,
    skill_by_key,
    skills,
)
from callcenter.organisation.rules import Policies


# The handbook: HL-1 3 rings, HL-2 >= 90 %, HL-7 and HL-8 <= 1 h, HL-9 <= 3 h, HL-10 <= 30 min,
# CP-2 same day, CP-4 within 3 days.
def test_the_policies_are_the_handbooks_numbers_unless_the_centre_says_otherwise() -> None:
    usual = Policies()
    assert (usual.rings_target, usual.connection_rate_target) == (3, 0.90)
    assert (usual.consult_callback_minutes, usual.callback_within_minutes) == (60, 60)
    assert (usual.answer_within_working_hours, usual.visit_request_minutes) == (3, 30)
    assert (usual.complaint_result_days, usual.complaint_callback_days) == (0, 3)


@pytest.mark.parametrize(
    "wrong", [{"rings_target": 0}, {"rings_target": "3"}, {"rings": 3}, {"connection_rate_target": 90}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policies.model_validate(wrong)


def test_the_centre_keeps_its_policies(database: Database) -> None:
    given = Policies(callback_tries=5, connection_rate_target=1)
    columns = {
        "key": "xinghe", "name": "星河", "timezone": "Asia/Shanghai", "country": "CN",
        "dial_prefixes": ["+86"], "sip_domains": [], "policies": given.model_dump(),
    }  # fmt: skip
    with database.transaction() as session:
        first = set_centre(session, **columns)
    with database.transaction() as session:
        second = set_centre(session, **columns | {"name": "星河软件"})
    with database.reading() as session:
        assert policies(session) == given
        assert centre(session).name == "星河软件"
        assert first.id == second.id


def test_before_the_first_apply_there_is_no_centre(database: Database) -> None:
    with database.reading() as session:
        assert find_centre(session) is None
        with pytest.raises(Missing, match="callcenter apply"):
            policies(session)


def test_branches_and_skills_are_matched_by_key(database: Database) -> None:
    with database.transaction() as session:
        office = set_branch(session, key="office", names={"zh-CN": "总部"}, head_office=True)
        set_skill(session, key="technical", names={"zh-CN": "技术"})
    with database.transaction() as session:
        set_branch(session, key="office", names={"zh-CN": "上海"}, head_office=False)
        set_skill(session, key="technical", names={"zh-CN": "技术支持"})
    with database.reading() as session:
        assert [(row.id, row.names, row.head_office) for row in branches(session)] == [
            (office.id, {"zh-CN": "上海"}, False)
        ]
        assert [row.names for row in skills(session)] == [{"zh-CN": "技术支持"}]
        assert branch(session, office.id) == branch_by_key(session, "office")
        assert skill_by_key(session, "nothing") is None
        with pytest.raises(Missing):
            branch(session, ids.new())

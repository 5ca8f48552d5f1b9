"""Somebody who is owed a call."""

from uuid import UUID

import sqlalchemy as sa

from callcenter.callbacks.actions import book_callback
from callcenter.organisation.models import Skill
from tests.factories import centre
from tests.web.pages.conftest import House

CUSTOMER = "+8613800138000"


def owes(house: House) -> UUID:
    """Promise a customer a call; return the callback."""
    with house.work.transaction() as session:
        skill = session.scalar(sa.select(Skill.id)) or centre.skill(session)
        return book_callback(
            session, number=CUSTOMER, line_id=house.line.id, skill_id=skill, language="zh-CN",
            at=house.work.at(), actor="caller",
        ).id  # fmt: skip

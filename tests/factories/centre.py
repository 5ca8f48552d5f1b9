"""A small centre: one branch, one calendar, one skill, a line and agents."""

from typing import Any
from uuid import UUID
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar, CalendarPeriod
from callcenter.lines.models import Line
from callcenter.organisation.models import Branch, Centre, Skill
from callcenter.organisation.rules import Policies
from callcenter.staff.models import Agent, AgentSkill
from tests.factories import added

# A test's clock stands still, and its calls are placed all at once.
UNPACED = Policies(calls_per_second=1000)


def centre(session: Session, **other: Any) -> Centre:
    """The centre, in China."""
    values = {
        "key": "test", "name": "Test", "timezone": "Asia/Shanghai", "country": "CN",
        "dial_prefixes": ["+86", "+1"], "sip_domains": [], "policies": UNPACED.model_dump(),
    }  # fmt: skip
    return added(session, Centre(**values | other))


def branch(session: Session) -> UUID:
    """The one branch, made when it is missing."""
    found = session.scalar(sa.select(Branch.id))
    made = Branch(key="office", names={"zh-CN": "总部", "en-US": "Head office"}, head_office=True)
    return found or added(session, made).id


def calendar(session: Session, *, always: bool = True, key: str = "hours") -> UUID:
    """A calendar that is always open, or never."""
    found = session.scalar(sa.select(Calendar.id).where(Calendar.key == key))
    if found:
        return found
    made = added(session, Calendar(key=key, timezone="Asia/Shanghai"))
    for weekday in range(7) if always else ():
        session.add(CalendarPeriod(calendar_id=made.id, weekday=weekday, opens_minute=0, closes_minute=1440))
    return made.id


def skill(session: Session, key: str = "technical") -> UUID:
    """A skill, made when it is missing."""
    found = session.scalar(sa.select(Skill.id).where(Skill.key == key))
    return found or added(session, Skill(key=key, names={"zh-CN": "技术", "en-US": "Technical"})).id


def line(session: Session, key: str = "hotline", **other: Any) -> Line:
    """A line in China, always open: three rings are 15 seconds."""
    values = {
        "key": key, "number": f"+8621555{crc32(key.encode()) % 100000:05}", "number_raw": "021 5555 0100",
        "branch_id": branch(session), "calendar_id": calendar(session), "organisation": {"zh-CN": "星河"},
        "product": {"zh-CN": "星河"}, "languages": ["zh-CN", "en-US"], "menu": [], "cadence_country": "CN",
        "rings_timeout": 5, "rings_target": 3, "short_call_seconds": 5, "callback_offer_after_seconds": 60,
        "service_level_seconds": 20, "recording_notice": True,
    }  # fmt: skip
    return added(session, Line(**values | other))


def agent(session: Session, key: str = "wang", *, name: str = "王芳", skills: tuple[str, ...] = ()) -> Agent:
    """An agent with a mobile phone."""
    made = added(
        session,
        Agent(
            key=key,
            name=name,
            branch_id=branch(session),
            languages=["zh-CN"],
            address=f"+8619900{crc32(key.encode()) % 1000000:06}",
            address_raw="-",
        ),
    )
    for each in skills:
        session.add(AgentSkill(agent_id=made.id, skill_id=skill(session, each), level=1))
    return made

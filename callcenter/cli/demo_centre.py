"""The demo's centre: its database filled, its agents at work, its telephones ready to ring."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from callcenter import clock, migrate
from callcenter.access.accounts import add_account
from callcenter.access.actions import issue_token
from callcenter.access.passwords import hashed
from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import is_open
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.db import Database
from callcenter.lines.models import Line
from callcenter.lines.queries import lines
from callcenter.routing.actions import set_agent_state
from callcenter.settings import load_settings
from callcenter.staff.models import Agent
from callcenter.staff.queries import agents

ACTOR = "demo"
_WORDS = ("lantern", "meadow", "harbour", "orchard", "comet", "willow")
# How the demo's people take their calls, one after the other; the last is kept up. Key 1 accepts.
_PROMPT = {"conduct": "answers", "rings": 2, "presses": ["1"]}
_SLOW = {"conduct": "answers", "rings": 4, "presses": ["1"]}
_ABSENT = {"conduct": "rings out"}
# Customers who are called back pick up, press 1 and talk for a while.
_CUSTOMER = {"conduct": "answers", "rings": 2, "presses": ["1"], "talks_for": 20.0}
_CONDUCTS = ([_PROMPT], [_PROMPT, _SLOW, _PROMPT], [_PROMPT, _ABSENT, _PROMPT], [_PROMPT, _PROMPT, _SLOW])


@dataclass(frozen=True)
class Tokens:
    """The demo's ways into the API, and the agent that one of them belongs to."""

    admin: str
    supervisor: str
    agent: str
    agent_key: str
    password: str
    """With which the demo's accounts admin, supervisor and agent sign in."""


def furnish(centre: Path, environ: Mapping[str, str], folder: Path) -> tuple[Tokens, str]:
    """Make database, centre, tokens and the simulator's configuration; return tokens and a number."""
    settings = load_settings(environ)
    migrate.upgrade(settings.database_url)
    database = Database(settings.database_url)
    at, password = clock.system(), f"{secrets.choice(_WORDS)}-{secrets.randbelow(10**6):06}"
    kept = hashed(password)
    with database.transaction() as session:
        apply_centre(session, parse(centre.read_text("utf-8"), str(centre)), at)
        staff = agents(session)
        for agent in staff:
            set_agent_state(session, agent.id, "available", None, at, ACTOR)
        tokens = _tokens(session, staff[0], password)
        _accounts(session, staff[0], kept, at)
        known = lines(session)
        number = _open_now(session, known, at).number
    database.dispose()
    config = _simulator(environ, staff, [line.number for line in known])
    (folder / "simulator.json").write_text(json.dumps(config, ensure_ascii=False))
    return tokens, number


def _open_now(session: Session, known: list[Line], at: datetime) -> Line:
    """Return the line with the longest menu among those that are open, or among all where none is."""
    open_ = [line for line in known if is_open(hours_of(session, line.calendar_id), at)]
    return max(open_ or known, key=lambda line: len(line.menu))


def _accounts(session: Session, agent: Agent, kept: str, at: datetime) -> None:
    """Let a newcomer sign in as each role; the agent's account is the first agent of the file."""
    people = {"admin": "管理员 Admin", "supervisor": "主管 Supervisor", "agent": agent.name}
    for role, display_name in people.items():
        add_account(
            session,
            name=role,
            display_name=display_name,
            role=role,
            agent_id=agent.id if role == "agent" else None,
            password_hash=kept,
            must_change=False,
            at=at,
            actor=ACTOR,
        )


def _tokens(session: Session, agent: Agent, password: str) -> Tokens:
    def token(role: str, agent_id: Any = None) -> str:
        return issue_token(session, role=role, name="demo", at=clock.system(), actor=ACTOR, agent_id=agent_id)

    return Tokens(token("admin"), token("supervisor"), token("agent", agent.id), agent.key, password)


def _simulator(environ: Mapping[str, str], staff: list[Agent], numbers: list[str]) -> dict[str, Any]:
    phones = [
        {"address": agent.address, "name": agent.name, "behaviours": _CONDUCTS[place % len(_CONDUCTS)]}
        for place, agent in enumerate(staff)
    ]
    return {
        "public_url": environ["PUBLIC_URL"],
        "numbers": numbers,
        "phones": phones,
        "strangers": _CUSTOMER,
        "port": int(environ["PORT"]) + 1,
        "settings": {
            "account_sid": environ["TWILIO_ACCOUNT_SID"],
            "auth_token": environ["TWILIO_AUTH_TOKEN"],
            "calls_per_second": 10.0,
        },
    }

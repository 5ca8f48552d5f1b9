"""The centre as it is, in the terms of its file, and how far a file differs from it."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.calendars.queries import calendars, hours_of
from callcenter.center.file import CentreFile
from callcenter.center.rules import Change, Things, changes
from callcenter.center.wanted import BROWSER, describe_centre, describe_hours, wanted
from callcenter.errors import Conflict
from callcenter.lines.models import Line
from callcenter.lines.queries import all_lines
from callcenter.organisation.queries import branches, find_centre, skills
from callcenter.staff.models import Agent
from callcenter.staff.queries import all_agents, skills_by_agent

_CENTRE = ("name", "timezone", "country", "dial_prefixes", "sip_domains", "policies")
_LINE = (
    "number", "number_raw", "organisation", "product", "languages", "menu", "cadence_country",
    "rings_timeout", "rings_target", "short_call_seconds", "callback_offer_after_seconds",
    "service_level_seconds", "service_level_variant", "recording_notice", "speech",
    "attested_only", "callback_detects_machine", "callback_leaves_message", "callback_first",
    "policies", "active",
)  # fmt: skip


def difference(session: Session, file: CentreFile) -> list[Change]:
    """Return what applying the file would change, nothing when it has been applied.

    Raise Conflict when this installation serves another centre: its agents and lines would all be retired.
    """
    present = _present(session)
    for key in present["centre"]:
        if key != file.centre.key:
            raise Conflict(
                f'This installation serves the centre "{key}", the file describes "{file.centre.key}".'
            )
    return changes(present, wanted(file))


def _present(session: Session) -> Things:
    """Return everything that there is, retired lines and agents included."""
    branch_keys = {branch.id: branch.key for branch in branches(session)}
    return {
        "centre": _centre(session),
        "calendar": {row.key: describe_hours(hours_of(session, row.id)) for row in calendars(session)},
        "branch": {
            row.key: {"names": row.names, "head_office": row.head_office} for row in branches(session)
        },
        "skill": {row.key: {"names": row.names} for row in skills(session)},
        "line": _lines(session, branch_keys),
        "agent": _agents(session, branch_keys),
    }


def _centre(session: Session) -> dict[str, dict[str, Any]]:
    row = find_centre(session)
    return {row.key: describe_centre({name: getattr(row, name) for name in _CENTRE})} if row else {}


def _lines(session: Session, branch_keys: dict[UUID, str]) -> dict[str, dict[str, Any]]:
    calendar_keys = {row.id: row.key for row in calendars(session)}
    return {row.key: _line(row, branch_keys, calendar_keys) for row in all_lines(session)}


def _line(row: Line, branch_keys: dict[UUID, str], calendar_keys: dict[UUID, str]) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in _LINE}
    return {**columns, "branch": branch_keys[row.branch_id], "calendar": calendar_keys[row.calendar_id]}


def _agents(session: Session, branch_keys: dict[UUID, str]) -> dict[str, dict[str, Any]]:
    rows = all_agents(session)
    levels = skills_by_agent(session, [row.id for row in rows])
    return {row.key: _agent(row, branch_keys, levels[row.id]) for row in rows}


def _agent(row: Agent, branch_keys: dict[UUID, str], skills: dict[str, int]) -> dict[str, Any]:
    return {
        "name": row.name,
        "branch": branch_keys[row.branch_id],
        "languages": row.languages,
        "address": BROWSER if row.address == f"client:{row.id.hex}" else row.address,
        "address_raw": row.address_raw,
        "skills": skills,
        "active": row.active,
    }

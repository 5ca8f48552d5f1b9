"""What a centre file asks for, as plain values by kind and key, to compare with what there is."""

from typing import Any

from callcenter import phone_numbers
from callcenter.calendars.rules import WEEKDAYS, Hours, write_period
from callcenter.center.file import AgentEntry, CentreFile, LineEntry
from callcenter.center.rules import Things

BROWSER = "client"


def wanted(file: CentreFile) -> Things:
    """Return everything that the file describes."""
    zone = file.centre.timezone
    return {
        "centre": {file.centre.key: describe_centre(centre_columns(file))},
        "calendar": {entry.key: describe_hours(entry.hours(zone)) for entry in file.calendars},
        "branch": {
            entry.key: {"names": entry.names.by_language(), "head_office": entry.head_office}
            for entry in file.branches
        },
        "skill": {entry.key: {"names": entry.names.by_language()} for entry in file.skills},
        "line": {entry.key: {**line_columns(entry, file), **_line_references(entry)} for entry in file.lines},
        "agent": {entry.key: _agent(entry, file) for entry in file.agents},
    }


def centre_columns(file: CentreFile) -> dict[str, Any]:
    """Return the columns of Centre beside its key."""
    columns = file.centre.model_dump(exclude={"key"})
    return {**columns, "policies": file.policies.model_dump()}


def line_columns(entry: LineEntry, file: CentreFile) -> dict[str, Any]:
    """Return the columns of Line that refer to nothing else; what is left out comes from the centre."""
    return {
        "number": canonical(entry.number, file),
        "number_raw": entry.number,
        "organisation": entry.organisation.by_language(),
        "product": entry.product.by_language(),
        "languages": list(entry.languages),
        "menu": [item.model_dump() for item in entry.menu],
        "cadence_country": entry.cadence_country or file.centre.country,
        "rings_timeout": entry.rings_timeout,
        "rings_target": entry.rings_target or file.policies.rings_target,
        "short_call_seconds": entry.short_call_seconds,
        "callback_offer_after_seconds": entry.callback_offer_after_seconds,
        "service_level_seconds": entry.service_level_seconds,
        "service_level_variant": entry.service_level_variant,
        "recording_notice": entry.recording_notice,
        "speech": entry.speech,
        "attested_only": entry.attested_only,
        "callback_detects_machine": entry.callback_detects_machine,
        "callback_leaves_message": entry.callback_leaves_message,
        "callback_first": entry.callback_first,
        "policies": entry.policies.model_dump(exclude_none=True) or None,
    }


def agent_address(entry: AgentEntry, file: CentreFile) -> tuple[str | None, str]:
    """Return an agent's address and how it was written; None is the agent's own browser."""
    if entry.phone is not None:
        return canonical(entry.phone, file), entry.phone
    if entry.sip is not None:
        return entry.sip, entry.sip
    return None, BROWSER


def canonical(raw: str, file: CentreFile) -> str:
    """Return the canonical form of a number that the file's checks have accepted."""
    number = phone_numbers.canonical(raw, file.centre.country)
    assert number is not None, "a parsed file has readable numbers only"  # noqa: S101
    return number


def describe_centre(columns: dict[str, Any]) -> dict[str, Any]:
    """Return a centre's columns with each policy on its own, so that a change names it."""
    policies = {f"policies.{name}": value for name, value in columns["policies"].items()}
    return {name: value for name, value in columns.items() if name != "policies"} | policies


def describe_hours(hours: Hours) -> dict[str, Any]:
    """Return a calendar's hours as its file would write them."""
    week = {
        f"week.{weekday}": [write_period(period) for period in periods]
        for weekday, periods in zip(WEEKDAYS, hours.week, strict=True)
    }
    days = {
        f"days.{day.isoformat()}": [special.name, *(write_period(period) for period in special.periods)]
        for day, special in sorted(hours.days.items())
    }
    public = {"holidays": hours.public.code, "confirmed_years": list(hours.public.confirmed)}
    return {"timezone": hours.zone, **public, **week, **days}


def _line_references(entry: LineEntry) -> dict[str, Any]:
    return {"branch": entry.branch, "calendar": entry.calendar, "active": True}


def _agent(entry: AgentEntry, file: CentreFile) -> dict[str, Any]:
    address, written = agent_address(entry, file)
    return {
        "name": entry.name,
        "branch": entry.branch,
        "languages": list(entry.languages),
        "address": address or BROWSER,
        "address_raw": written,
        "skills": dict(sorted(entry.skills.items())),
        "active": True,
    }

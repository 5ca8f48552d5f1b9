"""What must hold between the values of a centre file. Each check yields every place that breaks it."""

from collections.abc import Callable, Iterator

from callcenter.center import addresses, hours, menus
from callcenter.center.draft import Draft, Finding, Seen, Table
from callcenter.center.positions import Path
from callcenter.lines.rules import LANGUAGES, RINGS_TIMEOUT
from callcenter.organisation.rules import Policies

KEYED = ("branches", "calendars", "skills", "lines", "agents")


def check_keys(draft: Draft) -> Iterator[Finding]:
    """A key names one thing."""
    for section in KEYED:
        seen = Seen(draft, "key")
        for table in draft.tables(section):
            yield from seen.again(table.at("key"), table.text("key") or "")


def check_head_office(draft: Draft) -> Iterator[Finding]:
    """There is one head office: complaints and escalations end there (HL-20, CP-1)."""
    heads = [branch for branch in draft.tables("branches") if branch.values.get("head_office")]
    if not heads and draft.tables("branches"):
        yield ("branches",), "no branch is the head office; set head_office = true on one"
    for branch in heads[1:]:
        first = draft.line(heads[0].at("head_office"))
        yield branch.at("head_office"), f"a second head office (first at line {first})"


def check_references(draft: Draft) -> Iterator[Finding]:
    """Whatever is named by its key exists."""
    for path, section, key in _references(draft):
        if key not in draft.by_key(section):
            known = ", ".join(draft.by_key(section)) or "none"
            yield path, f'there is no "{key}" in {section}; there is: {known}'


def check_languages(draft: Draft) -> Iterator[Finding]:
    """A language is listed once."""
    for section in ("lines", "agents"):
        for table in draft.tables(section):
            seen = Seen(draft, "language")
            for path, language in table.texts("languages"):
                yield from seen.again(path, language)


def check_names(draft: Draft) -> Iterator[Finding]:
    """A line can say every name in each of its languages."""
    for line in draft.tables("lines"):
        for _, language in line.texts("languages"):
            if language in LANGUAGES:
                yield from _missing_names(draft, line, language)


def check_rings(draft: Draft) -> Iterator[Finding]:
    """The phone rings at least as long as the target allows."""
    usual = draft.root.table("policies").values.get("rings_target", Policies().rings_target)
    for line in draft.tables("lines"):
        timeout = line.values.get("rings_timeout", RINGS_TIMEOUT)
        target = line.values.get("rings_target", usual)
        if isinstance(timeout, int) and isinstance(target, int) and timeout < target:
            yield line.at("rings_timeout"), f"{timeout} rings end before the target of {target} rings"


CHECKS: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    check_keys,
    check_head_office,
    check_references,
    check_languages,
    check_names,
    check_rings,
    hours.check_overlaps,
    hours.check_days,
    hours.check_confirmed,
    hours.check_opens,
    menus.check_used_twice,
    menus.check_fixed_keys,
    menus.check_agent_choice,
    menus.check_same_keys,
    menus.check_skills,
    addresses.check_line_numbers,
    addresses.check_phones,
    addresses.check_mobiles,
    addresses.check_sip,
    addresses.check_one_address,
)


def _references(draft: Draft) -> Iterator[tuple[Path, str, str]]:
    """Yield each use of a key: where, of which section, which key."""
    for line in draft.tables("lines"):
        yield from _reference(line, "branch", "branches")
        yield from _reference(line, "calendar", "calendars")
        for item in line.tables("menu"):
            yield from _reference(item, "skill", "skills")
    for agent in draft.tables("agents"):
        yield from _reference(agent, "branch", "branches")
        for skill in agent.table("skills").values:
            yield agent.at("skills", skill), "skills", skill


def _reference(table: Table, key: str, section: str) -> Iterator[tuple[Path, str, str]]:
    name = table.text(key)
    if name is not None:
        yield table.at(key), section, name


def _missing_names(draft: Draft, line: Table, language: str) -> Iterator[Finding]:
    for key in ("organisation", "product"):
        if key in line.values and not line.table(key).text(language):
            yield line.at(key), f"has no {language} name, which this line speaks"
    for section, key in _named(line):
        entry = draft.by_key(section).get(key)
        if entry is not None and not entry.table("names").text(language):
            name = line.text("key") or line.path[-1]
            yield entry.at("names"), f'"{key}" has no {language} name, which line "{name}" speaks'


def _named(line: Table) -> list[tuple[str, str]]:
    """Return what a line says by name: its branch and the skills of its menu, each once."""
    skills = dict.fromkeys(item.text("skill") or "" for item in line.tables("menu"))
    return [("branches", line.text("branch") or ""), *(("skills", skill) for skill in skills)]

"""Checks of menus: the same keys mean the same everywhere, and somebody answers behind each (words.md)."""

from collections.abc import Iterator

from callcenter.center.draft import Draft, Finding, Seen, Table
from callcenter.lines.rules import AGENT_KEY, CHOICES, CHOICES_WITH_SKILL, LANGUAGE_KEY, REPEAT_KEY

_FIXED = {"agent": AGENT_KEY, "repeat": REPEAT_KEY}


def check_used_twice(draft: Draft) -> Iterator[Finding]:
    """A key leads to one choice, and a choice has one key."""
    for line in draft.tables("lines"):
        keys, choices = Seen(draft, "key"), Seen(draft, "choice")
        for item in line.tables("menu"):
            yield from keys.again(item.at("key"), item.text("key") or "")
            yield from choices.again(item.at("choice"), item.text("choice") or "")


def check_fixed_keys(draft: Draft) -> Iterator[Finding]:
    """0 is always an agent, `*` always repeats, 8 always changes the language."""
    for item in _items(draft):
        key, choice = item.text("key"), item.text("choice")
        if choice in _FIXED and key != _FIXED[choice]:
            yield item.at("key"), f'"{choice}" is always key "{_FIXED[choice]}"'
        elif key in _FIXED.values() and choice in CHOICES and _FIXED.get(choice or "") != key:
            yield item.at("key"), f'key "{key}" is always "{_meaning(key)}"'
        elif key == LANGUAGE_KEY:
            yield item.at("key"), f'key "{LANGUAGE_KEY}" always changes the language'


def check_agent_choice(draft: Draft) -> Iterator[Finding]:
    """Every caller must be able to ask for a person."""
    for line in draft.tables("lines"):
        menu = line.tables("menu")
        if menu and not any(item.text("choice") == "agent" for item in menu):
            yield (
                line.at("menu"),
                f'"agent" is missing; add {{ key = "{AGENT_KEY}", choice = "agent", skill = … }}',
            )


def check_same_keys(draft: Draft) -> Iterator[Finding]:
    """A choice has the same key on every line: whoever has learnt one line knows them all."""
    first: dict[str, Table] = {}
    for item in _items(draft):
        choice, key = item.text("choice"), item.text("key")
        if choice in CHOICES and choice not in _FIXED and key:
            known = first.setdefault(choice, item)
            if known.text("key") != key:
                place = f'key "{known.text("key")}" at line {draft.line(known.path)}'
                yield item.at("key"), f'"{choice}" is key "{key}" here but {place}'


def check_skills(draft: Draft) -> Iterator[Finding]:
    """A choice that leads to a person says who is asked for; the others ask for nobody."""
    for item in _items(draft):
        choice, skill = item.text("choice"), item.values.get("skill")
        if choice in CHOICES_WITH_SKILL and skill is None:
            yield item.path, f'"{choice}" needs a skill'
        if choice in CHOICES and choice not in CHOICES_WITH_SKILL and skill is not None:
            yield item.at("skill"), f'"{choice}" takes no skill'


def _items(draft: Draft) -> Iterator[Table]:
    for line in draft.tables("lines"):
        yield from line.tables("menu")


def _meaning(key: str | None) -> str:
    return next(choice for choice, fixed in _FIXED.items() if fixed == key)

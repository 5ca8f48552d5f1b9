"""Checks of numbers and addresses: each is one, nobody shares what must be his own, all may be dialled."""

from collections.abc import Iterator

from callcenter import phone_numbers
from callcenter.center.draft import Draft, Finding, Seen
from callcenter.center.positions import Path


def check_line_numbers(draft: Draft) -> Iterator[Finding]:
    """A line has a number, without extension, and has it alone."""
    seen = Seen(draft, "number")
    for path, raw, number in _numbers(draft, "lines", "number"):
        if number is None:
            yield path, _unreadable(raw, draft)
        elif ";" in number:
            yield path, f'"{raw}" has an extension; a line is a number of its own'
        else:
            yield from seen.again(path, number)


def check_phones(draft: Draft) -> Iterator[Finding]:
    """An agent's phone may be dialled by the centre, and is no line of ours: that would ring itself."""
    own = {number: path for path, _, number in _numbers(draft, "lines", "number") if number}
    prefixes = [prefix for _, prefix in draft.root.table("centre").texts("dial_prefixes")]
    for path, raw, number in _numbers(draft, "agents", "phone"):
        if number is None:
            yield path, _unreadable(raw, draft)
        elif ";" in number:
            yield path, f'"{raw}" has an extension, which the carrier does not dial; give a direct number'
        elif number in own:
            yield path, f'"{raw}" is the line at line {draft.line(own[number])}; it would ring itself'
        elif prefixes and not phone_numbers.may_dial(number, prefixes, ()):
            yield path, f'"{raw}" ({number}) may not be dialled: centre.dial_prefixes does not allow it'


def check_mobiles(draft: Draft) -> Iterator[Finding]:
    """A mobile is one person's; several agents may sit behind one switchboard number."""
    seen = Seen(draft, "phone")
    for path, _, number in _numbers(draft, "agents", "phone"):
        if number and phone_numbers.is_mobile(number):
            yield from seen.again(path, number)


def check_sip(draft: Draft) -> Iterator[Finding]:
    """A SIP address lies in a listed domain."""
    domains = [domain for _, domain in draft.root.table("centre").texts("sip_domains")]
    for agent in draft.tables("agents"):
        address = agent.text("sip")
        if address is not None and not (
            address.startswith("sip:") and phone_numbers.may_dial(address, (), domains)
        ):
            yield agent.at("sip"), f'"{address}" is no address like "sip:name@domain" in centre.sip_domains'


def check_one_address(draft: Draft) -> Iterator[Finding]:
    """An agent is reached in exactly one way."""
    for agent in draft.tables("agents"):
        given = [way for way in ("phone", "client", "sip") if agent.values.get(way) not in (None, False)]
        if len(given) != 1:
            yield (
                agent.path,
                f"needs exactly one of phone, client = true and sip, has {', '.join(given) or 'none'}",
            )


def _numbers(draft: Draft, section: str, key: str) -> Iterator[tuple[Path, str, str | None]]:
    """Yield each number: where, as written, canonical; none while nobody knows how to read them."""
    country = draft.country()
    for table in draft.tables(section):
        raw = table.text(key)
        if raw is not None and country is not None:
            yield table.at(key), raw, phone_numbers.canonical(raw, country)


def _unreadable(raw: str, draft: Draft) -> str:
    return f'"{raw}" is no phone number as written in {draft.country()}'

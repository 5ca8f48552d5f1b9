"""Phone numbers: one canonical form to compare, dial and store; groups to speak; the last digits to show.

Canonical is E.164 (`+862155550100`), with an extension as `;ext=12` (RFC 3966). What cannot be read
for certain has no canonical form: the raw text is kept beside it, nobody is dialled or recognised by a guess.
"""

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
# A withheld number arrives as a word, or as that word typed on a keypad: +266696687 spells ANONYMOUS
# (https://help.twilio.com/articles/223179988).
_WITHHELD_WORDS = frozenset({"ANONYMOUS", "UNKNOWN", "RESTRICTED", "UNAVAILABLE", "BLOCKED", "PRIVATE"})
_WITHHELD_DIGITS = frozenset(word.translate(_KEYPAD) for word in _WITHHELD_WORDS)

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_NUMBER = re.compile(r"(?:tel:\s*)?(\+?[\d\s().\-/]*\d[\d\s().\-/]*)", re.IGNORECASE)
_EXTENSION = re.compile(
    r"\s*[;,(]?\s*(?:ext(?:ension|n)?\b[.=:]?|x|#|转|轉|分机号?|分機號?)\s*[:=]?\s*(\d{1,11})\s*[)#]?\s*$",
    re.IGNORECASE,
)
_CHINESE_EXTENSION = re.compile(r"-\s*(\d{1,6})\s*$")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}(;ext=[0-9]{1,11})?")
_CLIENT = re.compile(r"client:[0-9a-f]{32}")
_SIP = re.compile(r"sips?:[^@\s;?<>]+@([a-z0-9.-]+)(:[0-9]{1,5})?", re.IGNORECASE)
CHINA = 86


def canonical(raw: str | None, country: str) -> str | None:
    """Return the canonical form of a number as written in `country` (ISO 3166-1, two letters).

    None when it is withheld, is no phone number (a client, a SIP address, a word), or fits no numbering
    plan. Full-width digits, trunk zeros, `00` and `+86` prefixes, 400 and 800 numbers of China and
    extensions (`转12`, `ext. 12`, and `-12` after a Chinese landline) are understood.
    """
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", raw or "")).strip()
    if _withheld(text):
        return None
    number, extension = _split(text)
    whole = _parse(number, country)
    if whole is not None:
        return _written(whole, extension)
    return None if extension else _with_chinese_extension(number, country)


def spoken_groups(number: str) -> str:
    """Return a canonical number's digits as people say them, groups parted by blanks.

    Chinese mobiles are 3-4-4, landlines have their area code apart, others follow their national format;
    an extension is the last group.
    """
    parsed = phonenumbers.parse(number.partition(";")[0], None)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return " ".join(re.findall(r"[0-9]+", national) + _extension_of(number))


def may_dial(address: str, dial_prefixes: Iterable[str], sip_domains: Iterable[str]) -> bool:
    """Say whether the centre's allow-list lets us ring this address (reliability.md, dialling 8).

    A number needs one of the E.164 prefixes and must not be a premium-rate one; a SIP address, without
    parameters that could lead elsewhere, needs a listed domain; a client is an agent's id in hex. Whether
    that agent exists is for the caller to know.
    """
    if address.startswith("client:"):
        return _CLIENT.fullmatch(address) is not None
    sip = _SIP.fullmatch(address)
    if sip is not None:
        return sip.group(1).lower() in {domain.lower() for domain in sip_domains}
    return (
        _E164.fullmatch(address) is not None
        and address.startswith(tuple(dial_prefixes))
        and not _premium(address)
    )


def masked(number: str | None) -> str:
    """Return a number for logs and for people who may not see it: its last four digits."""
    digits = (number or "").partition(";")[0]
    return f"…{digits[-4:]}" if len(digits) > 4 else "…"


def is_mobile(number: str) -> bool:
    """Say whether a canonical number is certainly a mobile: one person's, not a switchboard's."""
    kind = phonenumbers.number_type(phonenumbers.parse(number.partition(";")[0], None))
    return bool(kind == PhoneNumberType.MOBILE)


def _withheld(text: str) -> bool:
    return text.upper() in _WITHHELD_WORDS or text.lstrip("+") in _WITHHELD_DIGITS


def _split(text: str) -> tuple[str, str | None]:
    found = _EXTENSION.search(text)
    return (text, None) if found is None else (text[: found.start()], found.group(1))


def _parse(text: str, country: str) -> PhoneNumber | None:
    """Return a number that fits its numbering plan. The library alone would also read digits out of prose."""
    shape = _NUMBER.fullmatch(text)
    if shape is None:
        return None
    try:
        parsed = phonenumbers.parse(shape.group(1), country)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None


def _with_chinese_extension(text: str, country: str) -> str | None:
    """Read `021-55550100-12`: a Chinese landline or 400 number with the extension behind a dash."""
    found = _CHINESE_EXTENSION.search(text)
    base = _parse(text[: found.start()], country) if found else None
    if found is None or base is None or base.country_code != CHINA:
        return None
    written = _written(base, found.group(1))
    return None if is_mobile(written) else written


def _written(number: PhoneNumber, extension: str | None) -> str:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164};ext={_plain_digits(extension)}" if extension else str(e164)


def _plain_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(character)) for character in text)


def _extension_of(number: str) -> list[str]:
    extension = number.partition(";ext=")[2]
    return [extension] if extension else []


def _premium(number: str) -> bool:
    kind = phonenumbers.number_type(phonenumbers.parse(number.partition(";")[0], None))
    return bool(kind == PhoneNumberType.PREMIUM_RATE)

"""Phone numbers: one canonical form to compare, dial and store; groups to speak; the last digits to show.

Canonical is E.164 (`+862155550100`), with an extension as `;ext=12` (RFC 3966). What cannot be read
for certain has no canonical form: the raw text is kept beside it, nobody is dialled or recognised by a guess.
A carrier is given the number alone, and the extension as keys to press once somebody has picked up.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
# A withheld number arrives as a word, or as that word typed on a keypad: +266696687 spells ANONYMOUS
# (https://help.twilio.com/articles/223179988).
_WITHHELD_WORDS = frozenset(
    {"ANONYMOUS", "UNKNOWN", "RESTRICTED", "UNAVAILABLE", "BLOCKED", "PRIVATE", "WITHHELD", "NOCALLERID"}
)
_WITHHELD_DIGITS = frozenset(word.translate(_KEYPAD) for word in _WITHHELD_WORDS)

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_LABEL = re.compile(r"^(?:tel|phone|电话|電話|总机|總機|手机|手機)\s*[:.]?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d\s().\-/]*\d[\d\s().\-/]*")
_EXTENSION = re.compile(
    r"\s*[;,(]?\s*(?:ext(?:ension|n)?\b[.=:]?|x|#|转|轉|分机号?|分機號?)\s*[:=]?\s*(\d{1,11})\s*[)#]?\s*$",
    re.IGNORECASE,
)
# Address books of telephones write a pause as `p` or `,`, a wait as `w` or `;`, then the keys.
_PAUSED_EXTENSION = re.compile(r"\s*[pw,;]+\s*(\d{1,6})\s*#?\s*$", re.IGNORECASE)
_CHINESE_EXTENSION = re.compile(r"[-(/]\s*(\d{1,6})\s*\)?\s*$")
# In China `1-800-820-8888` is a stranger's American number, or a mobile that nobody writes so.
_AMERICAN = re.compile(r"1[\s.\-(]+8(\d)\1[\s.\-)]+\d{3}[\s.\-]+\d{4}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}(;ext=[0-9]{1,11})?")
_PLAIN_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CLIENT = re.compile(r"client:[0-9a-f]{32}")
_SIP = re.compile(r"sips?:[^@\s;?<>]+@([a-z0-9.-]+)(:[0-9]{1,5})?", re.IGNORECASE)
_CHINESE_SERVICE = re.compile(r"\+86[48]00[0-9]{7}")
CHINA = 86
# What we press for an extension: two seconds of silence first, while the switchboard's greeting begins.
PAUSE = "w" * 4


def canonical(raw: str | None, country: str) -> str | None:
    """Return the canonical form of a number as written in `country` (ISO 3166-1, two letters).

    None when it is withheld, is no phone number (a client, a SIP address, a word), or fits no numbering
    plan. Full-width digits, trunk zeros, `00` and `+86` prefixes, 400 and 800 numbers of China and
    extensions (`转12`, `ext. 12`, `p12`, `,12`, and `-12` after a Chinese landline) are understood.
    """
    if raw is not None and _PLAIN_E164.fullmatch(raw) and raw[1:] not in _WITHHELD_DIGITS:
        plain = _parse(raw, country)
        return None if plain is None else _written(plain, None)
    text = _plain(raw)
    if is_withheld(text):
        return None
    number, extension = _split(_LABEL.sub("", text))
    if extension is None:
        behind = _chinese_extension(number, country)
        if behind is not None:
            return _written(*behind) if behind[1] else None
    whole = _parse(number, country)
    return None if whole is None else _written(whole, extension)


def is_withheld(raw: str | None) -> bool:
    """Say whether a caller has told no number: empty, a carrier's word for it, or that word as digits."""
    word = re.sub(r"[\s.\-_]", "", _plain(raw)).upper()
    return not word or word in _WITHHELD_WORDS or word.lstrip("+") in _WITHHELD_DIGITS


def without_extension(number: str) -> str:
    """Return a canonical number as the carrier dials it: the switchboard's, where it has an extension."""
    return number.partition(";ext=")[0]


def keys_to_press(number: str) -> str:
    """Return what is pressed after somebody has picked up (Twilio's `SendDigits`): empty, or `wwww801`."""
    extension = number.partition(";ext=")[2]
    return PAUSE + extension if extension else ""


def spoken_groups(number: str) -> str:
    """Return a canonical number's digits as people say them, groups parted by blanks.

    Chinese mobiles are 3-4-4, landlines have their area code apart, others follow their national format;
    an extension is the last group.
    """
    parsed = phonenumbers.parse(without_extension(number), None)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return " ".join(re.findall(r"[0-9]+", national) + _extension_of(number))


def may_dial(address: str, dial_prefixes: Iterable[str], sip_domains: Iterable[str]) -> bool:
    """Say whether the centre's allow-list lets us ring this address (reliability.md, dialling 8).

    A number needs one of the E.164 prefixes and must not be a premium-rate one; a SIP address, without
    parameters that could lead elsewhere, needs a listed domain; a client is an agent's id in hex. Whether
    that agent exists is for the caller to know.
    """
    return refusal(address, dial_prefixes, sip_domains) is None


def refusal(address: str, dial_prefixes: Iterable[str], sip_domains: Iterable[str]) -> str | None:
    """Return in a sentence why an address may not be rung, None where it may.

    China's 400 and 800 numbers are reached from inside the country only, and nobody phones from one: what
    answers there is a company's own hotline.
    """
    if address.startswith("client:"):
        return None if _CLIENT.fullmatch(address) else "This is no agent's browser."
    sip = _SIP.fullmatch(address)
    if sip is not None:
        listed = sip.group(1).lower() in {domain.lower() for domain in sip_domains}
        return (
            None if listed else "The centre may not ring this SIP domain; see sip_domains in the centre file."
        )
    if _E164.fullmatch(address) is None or not address.startswith(tuple(dial_prefixes)):
        return "The centre may not dial this number; see dial_prefixes in the centre file."
    if _CHINESE_SERVICE.match(address):
        return "A 400 or 800 number cannot be dialled from abroad; give a landline or a mobile."
    return "Premium-rate numbers are never dialled." if _premium(address) else None


def masked(number: str | None) -> str:
    """Return a number for logs and for people who may not see it: its last four digits."""
    digits = without_extension(number or "")
    return f"…{digits[-4:]}" if len(digits) > 4 else "…"


def is_mobile(number: str) -> bool:
    """Say whether a canonical number is certainly a mobile: one person's, not a switchboard's."""
    kind = phonenumbers.number_type(phonenumbers.parse(without_extension(number), None))
    return bool(kind == PhoneNumberType.MOBILE)


def zone_abroad(number: str, country: str, at: datetime) -> ZoneInfo | None:
    """Return the time zone of a canonical number of another country, None where nobody can be sure of it.

    A country of one zone, or an area of a larger one, is certain; several zones are so while their clocks
    agree, in winter and in summer.
    """
    parsed = phonenumbers.parse(without_extension(number), None)
    if phonenumbers.region_code_for_number(parsed) in (country, None):
        return None
    try:
        zones = [ZoneInfo(name) for name in time_zones_for_number(parsed)]
    except (ZoneInfoNotFoundError, ValueError):  # "Etc/Unknown", or a zone that this machine lacks.
        return None
    moments = [at, at + timedelta(days=182)]
    clocks = {tuple(moment.astimezone(zone).utcoffset() for moment in moments) for zone in zones}
    return zones[0] if len(clocks) == 1 else None


def _plain(raw: str | None) -> str:
    """Return text with plain digits, dashes and blanks, without the invisible marks of copied text."""
    text = "".join(it for it in unicodedata.normalize("NFKC", raw or "") if unicodedata.category(it) != "Cf")
    return _DASHES.sub("-", text).strip()


def _split(text: str) -> tuple[str, str | None]:
    found = _EXTENSION.search(text) or _PAUSED_EXTENSION.search(text)
    return (text, None) if found is None else (text[: found.start()], found.group(1))


def _parse(text: str, country: str) -> PhoneNumber | None:
    """Return a number that fits its numbering plan. The library alone would also read digits out of prose."""
    if _NUMBER.fullmatch(text) is None or (country == "CN" and _AMERICAN.fullmatch(text.strip())):
        return None
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None


def _chinese_extension(text: str, country: str) -> tuple[PhoneNumber, str | None] | None:
    """Read `021-55550100-12` and `021-55550100(12)`: a Chinese landline or 400 number with an extension.

    None where no such number stands before the last sign. Behind `/` stands another number's end: which of
    the two is meant, nobody knows, so there is no extension to return.
    """
    found = _CHINESE_EXTENSION.search(text)
    base = _parse(text[: found.start()], country) if found else None
    if found is None or base is None or base.country_code != CHINA or is_mobile(_written(base, None)):
        return None
    return base, None if found.group().startswith("/") else found.group(1)


def _written(number: PhoneNumber, extension: str | None) -> str:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164};ext={_plain_digits(extension)}" if extension else str(e164)


def _plain_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(character)) for character in text)


def _extension_of(number: str) -> list[str]:
    extension = number.partition(";ext=")[2]
    return [extension] if extension else []


def _premium(number: str) -> bool:
    kind = phonenumbers.number_type(phonenumbers.parse(without_extension(number), None))
    return bool(kind == PhoneNumberType.PREMIUM_RATE)

"""Which voice speaks which language, and how much text it takes.

Source: Twilio "Text-to-speech: available voices and languages" and error 13521.
"""

import re
from urllib.parse import quote_plus

BASIC = frozenset({"man", "woman", "alice"})
_SPOKEN = """
da-DK de-DE en-AU en-CA en-GB en-IN en-US ca-ES es-ES es-MX fi-FI fr-CA fr-FR it-IT ja-JP ko-KR nb-NO nl-NL
pl-PL pt-BR pt-PT ru-RU sv-SE zh-CN zh-HK zh-TW en es fr de
"""
BASIC_LANGUAGES = frozenset(_SPOKEN.split())
POLLY = {
    "Zhiyu": "cmn-CN",
    "Hiujin": "yue-CN",
    "Joanna": "en-US",
    "Matthew": "en-US",
    "Salli": "en-US",
    "Joey": "en-US",
    "Kendra": "en-US",
    "Kimberly": "en-US",
    "Ivy": "en-US",
    "Justin": "en-US",
    "Ruth": "en-US",
    "Stephen": "en-US",
    "Danielle": "en-US",
    "Gregory": "en-US",
    "Amy": "en-GB",
    "Emma": "en-GB",
    "Brian": "en-GB",
    "Olivia": "en-AU",
    "Kajal": "en-IN",
}
_POLLY = re.compile(r"Polly\.([A-Z][a-z]+)(-Neural|-Generative|-Long-Form)?")
_GOOGLE = re.compile(r"Google\.([a-z]{2,3}-[A-Z]{2})-[A-Za-z0-9-]+")
LIMITS = {"Polly": 3000, "Google": 5000}
BASIC_LIMIT = 4096
ENCODED_LIMIT = 4500
TOO_LONG = 13521


def pair_fault(voice: str, language: str) -> str:
    """Return what is wrong with a voice and a language, empty for nothing; both may be missing."""
    if not voice or voice in BASIC:
        return _basic_fault(language)
    spoken = _language_of(voice)
    if spoken is None:
        return f"unknown voice {voice!r}"
    if language and language != spoken:
        return f"{voice} speaks {spoken}, not {language}"
    return ""


def _basic_fault(language: str) -> str:
    return f"the basic voices do not speak {language}" if language and language not in BASIC_LANGUAGES else ""


def _language_of(voice: str) -> str | None:
    if polly := _POLLY.fullmatch(voice):
        return POLLY.get(polly.group(1))
    google = _GOOGLE.fullmatch(voice)
    return google.group(1) if google else None


def too_long(voice: str, text: str) -> bool:
    """Return whether Twilio refuses to say this much at once (13521)."""
    limit = LIMITS.get(voice.split(".", maxsplit=1)[0], BASIC_LIMIT)
    return len(text) > limit or len(quote_plus(text)) > ENCODED_LIMIT


def speaking_time(text: str) -> float:
    """Return the estimated seconds: 4.5 Han characters or 14 others a second, 0.5 s at least."""
    han = sum(1 for character in text if "\u4e00" <= character <= "\u9fff")
    return max(0.5, han / 4.5 + (len(text) - han) / 14)

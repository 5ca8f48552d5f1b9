"""What a caller's words mean among the choices of the moment: small lists of words, data in `scripts/`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

_SIGNS = re.compile(r"[^\w]+")
_NUMBERS = "number."
_FILLERS = "fillers"
_DENIALS = "denials"
_NEGATIONS, _ASIDES = "negations", "asides"
_DENYING = frozenset({"no", "other"})
"""Choices that deny something themselves."""
_TROUBLES = frozenset({"technical"})
"""Choices that are told by what does not work."""
_SIGNS_BEFORE, _WORDS_BEFORE = 3, 4
"""So near before a choice a negation is meant for it: signs of Chinese, words of English."""


@cache
def words_of(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the words of every choice of a language by the choice's name."""
    source = files("ivr").joinpath("scripts", f"{language}.words.toml").read_text(encoding="utf-8")
    return {name: tuple(entry["words"]) for name, entry in tomllib.loads(source).items()}


def hints(language: str, choices: Iterable[str]) -> tuple[str, ...]:
    """Return the words that are most likely said at these choices, once each, in the order of the choices."""
    lists = words_of(language)
    return tuple(dict.fromkeys(word for choice in choices for word in lists.get(choice, ())))


def understood(words: str, language: str, choices: Mapping[str, str]) -> str | None:
    """Return the key of the one choice that the words name, None when they name none or leave a doubt.

    A number alone ("one", "press two") is the key itself. Two choices named leave a doubt, unless one word
    holds the other ("another number"); a sentence that denies ("not a complaint") chooses nothing that is not
    itself a denial.
    """
    lists = words_of(language)
    text = _without(_plain(words), lists[_ASIDES])
    number = _number(text, lists)
    if number is not None:
        return number if number in choices else None
    named = {key: _longest(text, lists.get(choice, ())) for key, choice in choices.items()}
    key, word = max(named.items(), key=lambda pair: len(pair[1]))
    if not word or any(other not in word for other in named.values()):
        return None
    return None if _denied(text, word, choices[key], lists) else key


def _denied(text: str, word: str, choice: str, lists: Mapping[str, tuple[str, ...]]) -> bool:
    if choice in _DENYING:
        return False
    near = "" if choice in _TROUBLES else _longest(_just_before(text, word), lists[_NEGATIONS])
    return bool(near or _longest(text.replace(word, ""), lists[_DENIALS]))


def _just_before(text: str, word: str) -> str:
    before = text.partition(_inside(word))[0]
    return f" {' '.join(before.split()[-_WORDS_BEFORE:])} " if word.isascii() else before[-_SIGNS_BEFORE:]


def _plain(words: str) -> str:
    """Return the words in lower case between blanks, without signs."""
    return f" {' '.join(_SIGNS.sub(' ', words.casefold()).split())} "


def _number(text: str, lists: Mapping[str, tuple[str, ...]]) -> str | None:
    said = _without(text, lists[_FILLERS]).strip()
    named = (name for name, words in lists.items() if name.startswith(_NUMBERS) and said in words)
    found = next(named, None)
    return found.removeprefix(_NUMBERS) if found else None


def _without(text: str, words: tuple[str, ...]) -> str:
    for word in words:
        text = text.replace(_inside(word), " ")
    return text


def _longest(text: str, words: tuple[str, ...]) -> str:
    return max((word for word in words if _inside(word) in text), key=len, default="")


def _inside(word: str) -> str:
    """English words stand between blanks, Chinese ones anywhere."""
    return f" {word} " if word.isascii() else word

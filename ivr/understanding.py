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
_DENYING = frozenset({"no", "other"})
"""Choices that deny something themselves."""


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
    text, lists = _plain(words), words_of(language)
    number = _number(text, lists)
    if number is not None:
        return number if number in choices else None
    named = {key: _longest(text, lists.get(choice, ())) for key, choice in choices.items()}
    key, word = max(named.items(), key=lambda pair: len(pair[1]))
    if not word or any(other not in word for other in named.values()):
        return None
    return None if _denied(text.replace(word, ""), choices[key], lists) else key


def _denied(rest: str, choice: str, lists: Mapping[str, tuple[str, ...]]) -> bool:
    return choice not in _DENYING and bool(_longest(rest, lists[_DENIALS]))


def _plain(words: str) -> str:
    """Return the words in lower case between blanks, without signs."""
    return f" {' '.join(_SIGNS.sub(' ', words.casefold()).split())} "


def _number(text: str, lists: Mapping[str, tuple[str, ...]]) -> str | None:
    for filler in lists[_FILLERS]:
        text = text.replace(_inside(filler), " ")
    said = text.strip()
    named = (name for name, words in lists.items() if name.startswith(_NUMBERS) and said in words)
    found = next(named, None)
    return found.removeprefix(_NUMBERS) if found else None


def _longest(text: str, words: tuple[str, ...]) -> str:
    return max((word for word in words if _inside(word) in text), key=len, default="")


def _inside(word: str) -> str:
    """English words stand between blanks, Chinese ones anywhere."""
    return f" {word} " if word.isascii() else word

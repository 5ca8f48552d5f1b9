"""The words of every prompt: data in `scripts/`, one file a language, looked up by the prompt's id."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ivr.spoken import aloud
from ivr.turns import Say
from ivr.understanding import words_of

LANGUAGES = ("zh-CN", "en-US")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Prompt:
    """A prompt as the script has it: its id, the version of its words, and the text with placeholders."""

    id: str
    version: int
    text: str


@cache
def script(language: str) -> Mapping[str, Prompt]:
    """Return all prompts of a language by id; raise FileNotFoundError for a language without a script."""
    source = files("ivr").joinpath("scripts", f"{language}.toml").read_text(encoding="utf-8")
    return {id_: Prompt(id_, entry["version"], entry["text"]) for id_, entry in tomllib.loads(source).items()}


def speak(say: Say) -> str:
    """Return the sentence that a Say stands for, its values said in its language.

    Raise KeyError for an unknown prompt or a placeholder without a value: both are mistakes of the flow.
    """
    text = script(say.language)[say.prompt].text
    return PLACEHOLDER.sub(lambda found: aloud(say.values[found[1]], say.language), text)


def prompt_version(id: str, language: str) -> int:
    """Return the version of a prompt's words; raise KeyError when there is no such prompt."""
    return script(language)[id].version


def name_of(say: Say) -> str:
    """Return what names a sentence in force for ever: `menu.technical@zh-CN/1`, its version at the end."""
    return f"{say.prompt}@{say.language}/{prompt_version(say.prompt, say.language)}"


@cache
def words_digest() -> str:
    """Return the digest of all scripts in force: twelve hexadecimal digits, another for every other word."""
    digest = hashlib.sha256()
    for language in LANGUAGES:
        for prompt in sorted(script(language).values(), key=lambda each: each.id):
            digest.update(f"{language} {prompt.id} {prompt.version} {prompt.text}\n".encode())
        for choice, words in sorted(words_of(language).items()):
            digest.update(f"{language} {choice} {' '.join(words)}\n".encode())
    return digest.hexdigest()[:12]

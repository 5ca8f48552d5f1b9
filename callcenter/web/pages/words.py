"""What the pages say, in two languages: English is the source, `words/zh_CN.po` has the other side.

Catalogues are read as they are written; a page's scripts get those messages that stand in a script.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from callcenter.web.api.chinese import in_chinese
from callcenter.web.api.problems import prefers_chinese

FOLDER = Path(__file__).parent / "words"
CHINESE, ENGLISH = "zh-CN", "en-US"
SCRIPT = ".ts"


def marked(word: str) -> str:
    """Return a word as it is: the name by which what is translated later is collected now."""
    return word


def wished(languages: str) -> str:
    """Return the language for an Accept-Language header: Chinese where it is liked better than English."""
    return CHINESE if prefers_chinese(languages) else ENGLISH


def in_language(said: str, language: str) -> str:
    """Return a sentence of the product's errors in a language."""
    return in_chinese(said) if language == CHINESE else str(said)


@cache
def words(language: str) -> NullTranslations:
    """Return what the pages say in a language."""
    if language != CHINESE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def script_words(language: str) -> Mapping[str, str]:
    """Return the messages of the scripts by their English; nothing for English itself."""
    if language != CHINESE:
        return {}
    return {
        str(message.id): str(message.string)
        for message in catalogue()
        if any(file.endswith(SCRIPT) for file, _ in message.locations)
    }


@cache
def catalogue() -> Catalog:
    """Read the Chinese side."""
    with (FOLDER / "zh_CN.po").open("rb") as file:
        return read_po(file, locale="zh_CN")

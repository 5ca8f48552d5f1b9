"""What the API refuses, said in Chinese: English is the source, `chinese.toml` has the other side.

What the catalogue does not know stays English; a test keeps it from happening to any sentence of ours.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from callcenter.errors import Sentence


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return `sentences` and `words` by their English, `values` by the name that pydantic gives the fault."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def in_chinese(said: str) -> str:
    """Return a sentence, or a value within one, in Chinese; what is no sentence of ours stays as it is."""
    sentences, words = catalogue()["sentences"], catalogue()["words"]
    if not isinstance(said, Sentence):
        return sentences.get(said, said)
    if not said.values:
        return sentences.get(said) or words.get(said, said)
    values = (in_chinese(value) if isinstance(value, str) else value for value in said.values)
    return sentences.get(said.template, said.template).format(*values)


def value_in_chinese(kind: str, english: str, context: Mapping[str, Any]) -> str:
    """Return what is wrong with a value by the name of the fault; of a rare one, pydantic's own English."""
    values = catalogue()["values"]
    filled = {name: str(value).replace(" or ", "、") for name, value in context.items()}
    return values.get(kind, values["other"]).format(**{**filled, "english": english})

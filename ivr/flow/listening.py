"""Keys or words: where the line allows it a caller may say a choice instead of pressing its key."""

from collections.abc import Mapping

from ivr.flow.table import PATIENCE, Memory, Says, line, say
from ivr.hearing import Heard, Pressed, Spoke
from ivr.turns import Gather
from ivr.understanding import hints, understood

Choices = Mapping[str, str]
"""What each key chooses here, by its name in the word lists."""
LEAST_CONFIDENCE = 0.5
"""Words recognised with less are asked for again; a carrier that gives no confidence is believed."""


def listen(m: Memory, says: Says, choices: Choices) -> Gather:
    """Say this and wait for one of these keys, or for words that mean one."""
    if not hears_words(m):
        return Gather(says, timeout=PATIENCE)
    language = m["language"]
    return Gather(says, timeout=PATIENCE, speech=language, hints=hints(language, choices.values()))


def hears_words(m: Memory) -> bool:
    """Say whether this caller's line takes words for keys."""
    return "line" in m and line(m).speech


def meant(m: Memory, heard: Heard, choices: Choices) -> Heard:
    """Return the key that was meant by what was said; words that mean none, or two, stay words."""
    match heard:
        case Spoke(words, confidence) if hears_words(m) and (
            confidence is None or confidence >= LEAST_CONFIDENCE
        ):
            key = understood(words, m["language"], choices)
            return Pressed(key) if key else heard
        case _:
            return heard


def not_taken(m: Memory, heard: Heard) -> Says:
    """Say why what was heard leads nowhere: a key without a meaning, unclear words, nothing at all."""
    match heard:
        case Pressed():
            return say(m, "key.wrong")
        case Spoke():
            return say(m, "speech.unclear")
        case _:
            return say(m, "key.silence")

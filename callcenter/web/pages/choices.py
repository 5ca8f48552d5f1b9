"""What several pages offer or tell alike: lines to filter by, names in order, why something was refused."""

from collections.abc import Mapping

from callcenter.errors import CallCenterError, Invalid
from callcenter.lines.queries import lines
from callcenter.web.pages.asked import Asked
from callcenter.web.pages.words import in_language


def line_names(asked: Asked) -> list[tuple[str, str]]:
    """Return the lines for a filter, by key."""
    return [(line.key, line.key) for line in lines(asked.session)]


def named(asked: Asked, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what can be chosen, each key with its name in the reader's language."""
    return [(key, asked.t(word)) for key, word in names.items()]


def told(asked: Asked, refused: CallCenterError) -> str:
    """Return in the reader's language why something was refused."""
    said = refused.problem if isinstance(refused, Invalid) else refused.args[0]
    return in_language(said, asked.reader.language)

"""Which words were in force on a call, and whether they were heard to the end.

That is certain only where the carrier asked for the following document because the one before had ended. A
key, a hang-up and a summons may come in the middle: then the speaking time is estimated, and marked so.
"""

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from callcenter.audit.stories import Story
from callcenter.calls.models import CallEvent, CallWords
from callcenter.web.api.inputs import Shape
from ivr.pace import seconds

TO_THE_END, CUT_SHORT, NOT_BEGUN, UNKNOWN = "to_the_end", "cut_short", "not_begun", "unknown"
_SAY = re.compile(r"<Say\b[^>]*>(.*?)</Say>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_NAME = re.compile(r"(?P<prompt>[^@]+)@(?P<language>[^/]+)(?:/(?P<version>\d+))?")


class Words(Shape):
    """A sentence of a document: the prompt in its version, and what it said (None once erased).

    `heard` is to_the_end, cut_short, not_begun or unknown; `certain` is false where it is estimated.
    """

    prompt: str
    language: str
    version: int | None
    said: str | None
    heard: str
    certain: bool


def sentences(document: str) -> list[str]:
    """Return what a TwiML document says, one text a `<Say>`."""
    return [html.unescape(_TAG.sub("", text)).strip() for text in _SAY.findall(document)]


def words_by_event(story: Story) -> Mapping[UUID, list[Words]]:
    """Return the words of every document of a call, by its event."""
    ended = {leg.sid: leg.ended_at for leg in story.legs}
    turns: dict[str, list[tuple[CallEvent, CallWords | None]]] = {}
    for event, words in story.events:
        if "number" in event.detail:
            turns.setdefault(event.leg_sid, []).append((event, words))
    told = {}
    for sid, of_leg in turns.items():
        of_leg.sort(key=lambda row: (row[0].detail["number"], row[0].kind == "turn"))
        following = [event for event, _ in of_leg[1:]]
        for (event, words), after in zip(of_leg, [*following, None], strict=True):
            told[event.id] = _words(event, words, after, ended.get(sid))
    return told


def _words(
    event: CallEvent, words: CallWords | None, after: CallEvent | None, ended_at: datetime | None
) -> list[Words]:
    names = [match for name in event.detail.get("prompts", ()) if (match := _NAME.fullmatch(name))]
    said: list[str | None] = list(sentences(words.document)) if words and words.document else []
    said += [None] * (len(names) - len(said))
    if after is not None and after.detail.get("heard") == "Silence":
        heard, certain = [TO_THE_END] * len(names), True
    else:
        heard, certain = _estimated(said, event.at, after.at if after else ended_at), False
    return [
        Words(
            prompt=name["prompt"],
            language=name["language"],
            version=int(name["version"]) if name["version"] else None,
            said=text,
            heard=how,
            certain=certain,
        )
        for name, text, how in zip(names, said, heard, strict=False)
    ]


def _estimated(said: Iterable[str | None], since: datetime, until: datetime | None) -> list[str]:
    """Estimate how far sentences were heard, one after the other; unknown where the words are missing."""
    heard, begins = [], since
    for text in said:
        if text is None or until is None:
            heard.append(UNKNOWN)
            continue
        ends = begins + timedelta(seconds=seconds(text))
        heard.append(TO_THE_END if ends <= until else CUT_SHORT if begins < until else NOT_BEGUN)
        begins = ends
    return heard

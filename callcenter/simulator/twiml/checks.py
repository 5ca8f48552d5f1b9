"""Everything in a document that Twilio would warn of or refuse, found before it is carried out."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from callcenter.simulator.twiml import voices
from callcenter.simulator.twiml.document import Document, Element
from callcenter.simulator.twiml.grammar import (
    ALLOWED,
    ATTRIBUTES,
    BOOLEAN_ATTRIBUTES,
    BOOLEANS,
    CHILDREN,
    CHOICES,
    EVENTS,
    FREE_CHILDREN,
    METHOD_ATTRIBUTES,
    METHODS,
    RANGES,
    URL_ATTRIBUTES,
    VERBS,
)

SCHEMA, BAD_DIAL_CHILD, BAD_SAY_VOICE, BAD_URL = 12200, 13215, 13512, 11100
QUEUE_NAME_LIMIT, LABEL_LIMIT, DIAL_LIMIT = 64, 128, 10


@dataclass(frozen=True)
class Doubt:
    """One thing that is wrong; fatal ones fail the document."""

    code: int
    message: str
    fatal: bool = False


def doubts(document: Document, place: str) -> Iterator[Doubt]:
    """Yield everything that is wrong with a document in this place (see grammar.ALLOWED)."""
    for position, verb in enumerate(document.verbs):
        if verb.name not in ALLOWED[place]:
            yield _misplaced(verb, place)
            continue
        if verb.name == "Reject" and position > 0:
            yield Doubt(SCHEMA, "<Reject> works as the first verb only.")
        yield from _element(verb, document)


def _misplaced(verb: Element, place: str) -> Doubt:
    known = verb.name in VERBS
    why = f"is not allowed in a {place} document" if known else "is no verb (names are case-sensitive)"
    return Doubt(SCHEMA, f"<{verb.name}> {why}.")


def _element(element: Element, document: Document) -> Iterator[Doubt]:
    yield from _attributes(element, document)
    yield from _special(element, document)
    allowed = CHILDREN.get(element.name, frozenset())
    for child in element.children:
        if element.name in FREE_CHILDREN:
            continue
        if child.name in allowed:
            yield from _element(child, document)
        elif element.name == "Dial":
            yield Doubt(BAD_DIAL_CHILD, f"<{child.name}> is no noun of <Dial>.", fatal=True)
        else:
            yield Doubt(SCHEMA, f"<{child.name}> is not allowed in <{element.name}>.")


def _attributes(element: Element, document: Document) -> Iterator[Doubt]:
    known = ATTRIBUTES.get(element.name, frozenset())
    for name, value in element.attributes.items():
        if name not in known:
            yield Doubt(SCHEMA, f"<{element.name}> has no attribute {name!r}.")
        elif fault := _value_fault(element.name, name, value.strip()):
            yield Doubt(SCHEMA, f"<{element.name} {name}={value!r}>: {fault}.")
        if name in URL_ATTRIBUTES and value.strip():
            yield from _address(element, name, value.strip(), document)


def _value_fault(element: str, name: str, value: str) -> str:
    if name in METHOD_ATTRIBUTES and value.upper() not in METHODS:
        return "GET or POST"
    if name in BOOLEAN_ATTRIBUTES and value not in BOOLEANS:
        return "true or false"
    if (choices := CHOICES.get((element, name))) and value not in choices:
        return "one of " + ", ".join(sorted(choices))
    if (events := EVENTS.get((element, name))) and not set(value.split()) <= events:
        return "known events are " + " ".join(sorted(events))
    return _range_fault(element, name, value)


def _range_fault(element: str, name: str, value: str) -> str:
    bounds = RANGES.get((element, name))
    if bounds is None or (element == "Gather" and value == "auto"):
        return ""
    if not value.removeprefix("-").isdigit() or not bounds[0] <= int(value) <= bounds[1]:
        return f"a whole number from {bounds[0]} to {bounds[1]}"
    return ""


def _address(element: Element, name: str, value: str, document: Document) -> Iterator[Doubt]:
    parts = urlsplit(value)
    relative = not parts.scheme
    if relative and not document.url:
        yield Doubt(BAD_URL, f"<{element.name} {name}>: inline TwiML needs an absolute URL.", fatal=True)
    elif not relative and parts.scheme not in ("http", "https"):
        yield Doubt(BAD_URL, f"<{element.name} {name}>: {parts.scheme} is no web address.", fatal=True)
    if "callback" in name.lower() and "_" in (parts.hostname or ""):
        yield Doubt(SCHEMA, f"<{element.name} {name}>: the host of a callback must not contain underscores.")


def _special(element: Element, document: Document) -> Iterator[Doubt]:
    if element.name == "Say":
        yield from _say(element)
    elif element.name == "Gather":
        yield from _gather(element)
    elif element.name == "Dial":
        yield from _dial(element)
    elif element.name == "Enqueue" and len(element.text) > QUEUE_NAME_LIMIT:
        yield Doubt(SCHEMA, f"A queue's name has at most {QUEUE_NAME_LIMIT} characters.")
    elif element.name == "Conference":
        yield from _conference(element)
    elif element.name in ("Play", "Redirect") and not element.text and not element.get("digits"):
        yield Doubt(BAD_URL, f"<{element.name}> without an address.", fatal=element.name == "Play")
    elif element.name in ("Play", "Redirect") and element.text:
        yield from _address(element, "text", element.text, document)


def _say(element: Element) -> Iterator[Doubt]:
    voice = element.get("voice")
    if fault := voices.pair_fault(voice, element.get("language")):
        yield Doubt(BAD_SAY_VOICE, f"<Say>: {fault}.")
    if not element.text:
        yield Doubt(13520, "<Say> without text.")
    if voices.too_long(voice, element.text):
        yield Doubt(voices.TOO_LONG, f"<Say>: {len(element.text)} characters are too many.", fatal=True)


def _gather(element: Element) -> Iterator[Doubt]:
    hints = [hint for hint in element.get("hints").split(",") if hint]
    if len(hints) > 500 or any(len(hint.strip()) > 100 for hint in hints):
        yield Doubt(SCHEMA, "<Gather hints>: at most 500, each of at most 100 characters.")
    finish = element.get("finishOnKey", "#")
    if finish and (len(finish) > 1 or finish not in "0123456789*#"):
        yield Doubt(13311, f"<Gather finishOnKey={finish!r}>: one of 0-9, * and #, or empty.")


def _dial(element: Element) -> Iterator[Doubt]:
    if not element.children and not element.text:
        yield Doubt(BAD_DIAL_CHILD, "<Dial> without anybody to dial.", fatal=True)
    if len(element.children) > DIAL_LIMIT:
        yield Doubt(13216, f"<Dial> takes at most {DIAL_LIMIT} nouns.", fatal=True)
    alone = {"Conference", "Queue"} & {child.name for child in element.children}
    if alone and len(element.children) > 1:
        yield Doubt(BAD_DIAL_CHILD, f"<{alone.pop()}> stands alone in <Dial>.", fatal=True)


def _conference(element: Element) -> Iterator[Doubt]:
    if not element.text:
        yield Doubt(13220, "<Conference> without a name.", fatal=True)
    if len(element.get("participantLabel")) > LABEL_LIMIT:
        yield Doubt(SCHEMA, f"participantLabel has at most {LABEL_LIMIT} characters.")

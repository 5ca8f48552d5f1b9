"""From an answer to a document, and from a document to the next: the interpreter's loop.

Source: Twilio "TwiML for Programmable Voice: Twilio's request and your response", "Fallback URLs".
"""

from collections.abc import Callable

from callcenter.simulator import params, progress
from callcenter.simulator.calls import Call, Redirected, Source, Status
from callcenter.simulator.courier import HTTP_FAILURE, XML_TYPES, Answer, ask
from callcenter.simulator.faults import Parcel
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.kernel import Script
from callcenter.simulator.twiml.checks import doubts
from callcenter.simulator.twiml.document import Document, Element, parse
from callcenter.simulator.twiml.grammar import ALLOWED
from callcenter.simulator.verbs.running import Goto, HangUp, Place, Run, answer, hear
from callcenter.simulator.webhooks import Callback, Pairs, WebhookResponse
from callcenter.simulator.world import World

WRONG_TYPE = 12300
SORRY = "We are sorry, an application error has occurred. Goodbye."
SORRY_SECONDS = 4.5

Handler = Callable[[Run, Element], Script[None]]
HANDLERS: dict[str, Handler] = {}


def conduct(world: World, call: Call, source: Source) -> Script[None]:
    """Lead a call through its documents to its end."""
    yield from converse(world, call, source)
    progress.end(world, call, Status.COMPLETED, "network")


def converse(world: World, call: Call, source: Source) -> Script[None]:
    """Carry out documents until one ends, hangs up or fails."""
    following: Source | None = source
    while following is not None:
        try:
            following = yield from _one(world, call, following)
        except Redirected as order:
            following = order.source


def _one(world: World, call: Call, source: Source) -> Script[Source | None]:
    """Carry out one document; return what comes next, None at the end."""
    try:
        document = yield from obtain(world, call, source)
        yield from perform(Run(world, call, document))
    except Goto as way:
        return way.source
    except HangUp:
        pass
    except TwimlFailure as failure:
        yield from _apologise(world, call, failure)
    return None


def _apologise(world: World, call: Call, failure: TwimlFailure) -> Script[None]:
    run = Run(world, call, Document((), ""))
    answer(run)
    call.ear.note("event", f"application error {failure.code}", world.now)
    yield from hear(run, "speech", SORRY, SORRY_SECONDS, language="en-US")


def obtain(
    world: World, call: Call, source: Source, place: Place = "call", extra: Pairs = ()
) -> Script[Document]:
    """Fetch and check a document, by the fallback if need be; raise TwimlFailure where neither works."""
    try:
        return (yield from _noted(world, call, source, place, extra))
    except TwimlFailure as failure:
        if call.fallback is None or place != "call":
            raise
        url = source.callback.url if source.callback else ""
        told = (("ErrorCode", str(failure.code)), ("ErrorUrl", url))
    return (yield from _noted(world, call, Source(call.fallback, extra=told), place, ()))


def _noted(world: World, call: Call, source: Source, place: Place, extra: Pairs) -> Script[Document]:
    """Fetch and check a document; write a failure down."""
    try:
        return (yield from _fetched(world, call, source, place, extra))
    except TwimlFailure as failure:
        url = source.callback.url if source.callback else ""
        world.warn(failure.code, str(failure), call_sid=call.sid, url=url, fatal=True)
        raise


def _fetched(world: World, call: Call, source: Source, place: Place, extra: Pairs) -> Script[Document]:
    if source.callback is None:
        document = parse(source.twiml or "", "")
    else:
        pairs = _merged(params.of_call(world.settings.account_sid, call) + extra + source.extra)
        event = "wait" if place in ("queue", "conference") else "document"
        parcel = Parcel("voice", call.sid, source.callback.url, event)
        reply = yield from ask(world, source.callback, pairs, parcel)
        document = _read(reply, source.callback)
    _check(world, call, document, place)
    return document


def _merged(pairs: Pairs) -> Pairs:
    return tuple(dict(pairs).items())


def _read(reply: Answer, callback: Callback) -> Document:
    if reply.response is None or reply.error:
        status = f" (HTTP {reply.response.status})" if reply.response else ""
        raise TwimlFailure(reply.error, f"{callback.method} {callback.url}{status}")
    return _typed(reply.response, callback.url)


def _typed(response: WebhookResponse, url: str) -> Document:
    """Read the answer by its content type: TwiML, a sound, or text that is TwiML or is read aloud."""
    media, text = response.media_type, response.body.decode(errors="replace")
    if not media:
        raise TwimlFailure(HTTP_FAILURE, f"No Content-Type from {url}.")
    if media in XML_TYPES:
        return parse(text, url)
    if media.startswith("audio/"):
        return Document((_verb("Play", url), _verb("Hangup")), url)
    if media != "text/plain":
        raise TwimlFailure(WRONG_TYPE, f"{media} from {url}.")
    try:
        return parse(text, url)
    except TwimlFailure:
        return Document((_verb("Say", text), _verb("Hangup")), url)


def _verb(name: str, text: str = "") -> Element:
    return Element(name, {}, (), text)


def _check(world: World, call: Call, document: Document, place: Place) -> None:
    for doubt in doubts(document, place):
        if doubt.fatal:
            raise TwimlFailure(doubt.code, doubt.message)
        world.warn(doubt.code, doubt.message, call_sid=call.sid, url=document.url)


def perform(run: Run) -> Script[None]:
    """Carry out the verbs in order; unknown ones were written down and are passed over."""
    for position, verb in enumerate(run.document.verbs):
        handler = HANDLERS.get(verb.name)
        if handler is None or verb.name not in ALLOWED[run.place]:
            continue
        if not _keeps_ringing(run, verb, position):
            answer(run)
        yield from handler(run, verb)
    answer(run)


def _keeps_ringing(run: Run, verb: Element, position: int) -> bool:
    """Reject, a first Pause, and a first Dial with answerOnBridge do not pick up."""
    if run.call.in_progress or position > 0:
        return run.call.in_progress
    if verb.name == "Dial":
        return verb.flag("answerOnBridge", default=False)
    return verb.name in ("Reject", "Pause")

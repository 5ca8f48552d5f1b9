"""Gather: a prompt, keys or words, and the action.

Source: Twilio "<Gather>". Pressing a key stops the nested prompt; no input, or the finish key alone, leads on
to the next verb unless actionOnEmptyResult; with `dtmf speech` the first kind wins.
"""

from callcenter.simulator.calls import Source
from callcenter.simulator.kernel import Script
from callcenter.simulator.keypad import Keypad
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.running import Goto, Run
from callcenter.simulator.verbs.sounds import PROMPTS
from callcenter.simulator.webhooks import Callback, Pairs

DEFAULT_TIMEOUT = 5
SURE = "0.93"


def gather(run: Run, verb: Element) -> Script[None]:
    """Listen while prompting and `timeout` seconds after; leave for the action when something came."""
    call = run.call
    call.keypad = Keypad(verb.get("input", "dtmf"), prompts=True)
    prompted, call.prompted = call.prompted, type(call.prompted)()
    prompted.fire()
    try:
        yield from _prompt(run, verb, call.keypad)
        yield from _listen(run, verb, call.keypad)
        result = _result(verb, call.keypad)
    finally:
        call.ear.end(run.world.now)
        call.keypad = None
    if result is not None:
        raise Goto(Source(_action(run, verb), extra=run.extra + result))


def _prompt(run: Run, verb: Element, keypad: Keypad) -> Script[None]:
    for child in verb.children:
        if child.name in PROMPTS and (yield from PROMPTS[child.name](run, child, keypad.touched)):
            return


def _listen(run: Run, verb: Element, keypad: Keypad) -> Script[None]:
    """Wait for one key after the other; each restarts the time."""
    timeout = float(verb.whole("timeout", DEFAULT_TIMEOUT))
    run.call.ear.begin("keys", "", run.world.now, timeout)
    while not _complete(verb, keypad):
        touched = keypad.touched
        first = yield (touched, run.world.kernel.timer(timeout))
        if first is not touched:
            return


def _complete(verb: Element, keypad: Keypad) -> bool:
    if keypad.words is not None:
        return True
    finish = verb.get("finishOnKey", "#")
    limit = verb.whole("numDigits", 0)
    return (finish != "" and finish in keypad.keys) or (limit > 0 and len(keypad.keys) >= limit)


def _result(verb: Element, keypad: Keypad) -> Pairs | None:
    """Return the action's parameters, None where the document goes on."""
    if keypad.words is not None:
        return (("SpeechResult", keypad.words), ("Confidence", SURE))
    finish = verb.get("finishOnKey", "#")
    digits = keypad.keys.split(finish)[0] if finish else keypad.keys
    if limit := verb.whole("numDigits", 0):
        digits = digits[:limit]
    if digits or verb.flag("actionOnEmptyResult", default=False):
        return (("Digits", digits),)
    return None


def _action(run: Run, verb: Element) -> Callback:
    """Return the action; the default is the current document."""
    given = run.document.callback(verb)
    return given or Callback(run.document.url, verb.get("method").upper() or "POST")

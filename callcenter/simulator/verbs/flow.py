"""Redirect, Reject, Hangup, Leave: the verbs that only change the course.

Source: Twilio's pages of the four verbs.
"""

from callcenter.simulator import progress
from callcenter.simulator.calls import Source, Status
from callcenter.simulator.kernel import Script
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.running import Goto, HangUp, LeaveQueue, Run
from callcenter.simulator.webhooks import Callback, resolve

REJECTED = {"busy": Status.BUSY, "rejected": Status.NO_ANSWER}


def redirect(run: Run, verb: Element) -> Script[None]:
    """Go on with another document; without an address, with the same one."""
    yield from ()
    url = resolve(run.document.url, verb.text)
    raise Goto(Source(Callback(url, verb.get("method").upper() or "POST"), extra=run.extra))


def reject(run: Run, verb: Element) -> Script[None]:
    """Refuse the call without picking up; which status a plain rejection ends in is not documented."""
    yield from ()
    if run.call.in_progress:
        raise HangUp
    run.call.ear.begin("tone", "engaged tone", run.world.now)
    progress.end(run.world, run.call, REJECTED.get(verb.get("reason"), Status.NO_ANSWER), "network")
    raise HangUp


def hangup(run: Run, verb: Element) -> Script[None]:
    """End the call."""
    yield from ()
    raise HangUp


def leave(run: Run, verb: Element) -> Script[None]:
    """Leave the queue whose document this is."""
    yield from ()
    raise LeaveQueue

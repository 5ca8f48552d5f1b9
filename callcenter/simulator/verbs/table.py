"""Which function carries out which verb; importing this makes the interpreter complete."""

from callcenter.simulator.kernel import Script
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs import documents, flow
from callcenter.simulator.verbs.dial import dial
from callcenter.simulator.verbs.documents import Handler, conduct, converse
from callcenter.simulator.verbs.enqueue import enqueue
from callcenter.simulator.verbs.gather import gather
from callcenter.simulator.verbs.record import record
from callcenter.simulator.verbs.running import Run
from callcenter.simulator.verbs.sounds import PROMPTS

__all__ = ["conduct", "converse"]

documents.HANDLERS.update(
    {
        "Gather": gather,
        "Record": record,
        "Dial": dial,
        "Enqueue": enqueue,
        "Redirect": flow.redirect,
        "Reject": flow.reject,
        "Hangup": flow.hangup,
        "Leave": flow.leave,
    }
)


def _plainly(name: str) -> Handler:
    prompt = PROMPTS[name]

    def carry_out(run: Run, verb: Element) -> Script[None]:
        yield from prompt(run, verb)

    return carry_out


documents.HANDLERS.update({name: _plainly(name) for name in PROMPTS})

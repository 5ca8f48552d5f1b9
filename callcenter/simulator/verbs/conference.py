"""Dial into a conference, with the music while waiting for it to start.

Source: Twilio "<Conference>", "<Dial>". The waiting document is carried out once, then there is silence.
"""

from callcenter.simulator import meeting
from callcenter.simulator.calls import Gone, Source
from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.kernel import Process, Script
from callcenter.simulator.progress import subscribed
from callcenter.simulator.rooms import Conference, Entry, Participant
from callcenter.simulator.twiml.document import Element
from callcenter.simulator.verbs.documents import obtain, perform
from callcenter.simulator.verbs.enqueue import DEFAULT_MUSIC
from callcenter.simulator.verbs.running import Goto, Run
from callcenter.simulator.webhooks import Callback, Pairs, Subscription

FULL, BAD_COACH = 13225, 13240


def entry_of(run: Run, noun: Element) -> Entry:
    """Read how the leg enters from the noun's attributes."""
    callback = run.document.callback(noun, "statusCallback", "statusCallbackMethod")
    recording = run.document.callback(noun, "recordingStatusCallback", "recordingStatusCallbackMethod")
    events = noun.get("statusCallbackEvent") or "start end"
    return Entry(
        start_on_enter=noun.flag("startConferenceOnEnter", default=True),
        end_on_exit=noun.flag("endConferenceOnExit", default=False),
        muted=noun.flag("muted", default=False),
        label=noun.get("participantLabel"),
        coach=noun.get("coach"),
        max_participants=noun.whole("maxParticipants", 250),
        record=noun.get("record") == "record-from-start",
        wait=run.document.callback(noun, "waitUrl", "waitMethod"),
        wait_silent="waitUrl" in noun.attributes,
        subscription=Subscription(callback, frozenset(events.split())) if callback else None,
        recording_subscription=subscribed(recording, noun.get("recordingStatusCallbackEvent")),
    )


def confer(run: Run, noun: Element, entry: Entry | None = None) -> Script[Pairs]:
    """Be in the conference until it ends for this leg; return the action's parameters."""
    entered = _enter(run, noun.text, entry or entry_of(run, noun))
    if entered is None:
        return (("DialCallStatus", "failed"),)
    conference, member = entered
    if conference.status == "init":
        member.waiter = wait(run, conference, member)
    try:
        yield (member.left,)
    except Gone:
        meeting.leave(run.world, conference, member, "participant_hung_up")
        raise
    finally:
        meeting.leave(run.world, conference, member, "participant_updated_via_api")
    return (("DialCallStatus", "answered"),)


def _enter(run: Run, name: str, entry: Entry) -> tuple[Conference, Participant] | None:
    if entry.coach and entry.coach not in run.world.calls:
        run.warn(BAD_COACH, f"<Conference coach={entry.coach!r}>: no such call.")
        return None
    entered = meeting.enter(run.world, run.call, name, entry)
    if entered is None:
        run.warn(FULL, f"The conference {name!r} is full.")
    return entered


def wait(run: Run, conference: Conference, member: Participant) -> Process:
    """Start what is heard until the conference starts."""
    return run.world.kernel.spawn(_waiting(run, conference, member.entry))


def _waiting(run: Run, conference: Conference, entry: Entry) -> Script[None]:
    ear = run.call.ear
    if entry.wait is None:
        silent = entry.wait_silent
        ear.begin("silence" if silent else "music", "" if silent else DEFAULT_MUSIC, run.world.now)
        return
    following: Callback | None = entry.wait
    while following is not None:
        following = yield from _one(run, conference, following)
    ear.begin("silence", "the conference's music has run out", run.world.now)


def _one(run: Run, conference: Conference, callback: Callback) -> Script[Callback | None]:
    extra = (("ConferenceSid", conference.sid), ("FriendlyName", conference.name))
    try:
        document = yield from obtain(run.world, run.call, Source(callback), "conference", extra)
        yield from perform(Run(run.world, run.call, document, "conference", extra))
    except Goto as way:
        return way.source.callback
    except TwimlFailure:
        return None
    return None

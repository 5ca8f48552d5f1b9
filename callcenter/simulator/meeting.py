"""What happens in conferences: entering, starting, leaving, ending, and the callbacks that tell of it.

Source: Twilio "<Conference>". Callback and events are fixed by the first participant; a conference starts
when two are inside, one of them with startConferenceOnEnter; it ends with the last one, or with the first
leaver whose endConferenceOnExit is set.
"""

from callcenter.simulator import taping
from callcenter.simulator.calls import Call
from callcenter.simulator.courier import dispatch
from callcenter.simulator.faults import Parcel
from callcenter.simulator.kernel import Interrupt
from callcenter.simulator.params import rfc2822
from callcenter.simulator.progress import note_event
from callcenter.simulator.rooms import Conference, Entry, Participant
from callcenter.simulator.settings import API_VERSION
from callcenter.simulator.world import World

DUPLICATE_LABEL = 16025
# Who asks for `mute` is told of the end of it too.
ASKED_FOR_AS = {"unmute": "mute", "unhold": "hold"}
NAMES = {"start": "conference-start", "end": "conference-end"}


class Stop(Interrupt):
    """The waiting music ends."""


def find(world: World, name: str) -> Conference | None:
    """Return the living conference of this name or SID."""
    live = (c for c in world.conferences.values() if c.live)
    return next((c for c in live if name in (c.name, c.sid)), None)


def enter(world: World, call: Call, name: str, entry: Entry) -> tuple[Conference, Participant] | None:
    """Put a leg into the conference, made on demand; return None when it is full."""
    conference = find(world, name) or open_room(world, name, entry)
    if len(conference.participants) >= entry.max_participants:
        return None
    if entry.label and any(p.entry.label == entry.label for p in conference.participants):
        world.warn(DUPLICATE_LABEL, f"Participant label {entry.label!r} is taken.", call_sid=call.sid)
    member = Participant(call, entry, world.now, entry.muted, False, entry.end_on_exit, entry.coach)
    conference.participants.append(member)
    tell(world, conference, "join", member)
    _start_if_complete(world, conference)
    retune(world, conference)
    return conference, member


def open_room(world: World, name: str, entry: Entry) -> Conference:
    """Make a conference; the first participant decides who is told what."""
    conference = Conference(world.sids.new("CF"), name, world.now, entry.subscription)
    world.conferences[conference.sid] = conference
    return conference


def _start_if_complete(world: World, conference: Conference) -> None:
    moderated = any(p.entry.start_on_enter for p in conference.participants)
    if conference.status == "init" and moderated and len(conference.participants) >= 2:
        conference.status, conference.updated = "in-progress", world.now
        tell(world, conference, "start")
        _record(world, conference)


def _record(world: World, conference: Conference) -> None:
    asked = next((p for p in conference.participants if p.entry.record), None)
    if asked is not None:
        conference.recording = taping.start(
            world,
            asked.call.sid,
            "Conference",
            asked.entry.recording_subscription,
            conference_sid=conference.sid,
        )


def retune(world: World, conference: Conference) -> None:
    """Let everybody inside hear what there is to hear now."""
    if conference.status != "in-progress":
        return
    for member in conference.participants:
        if member.waiter is not None:
            member.waiter.interrupt(Stop())
            member.waiter = None
        _tune(world, conference, member)


def _tune(world: World, conference: Conference, member: Participant) -> None:
    ear, heard = member.call.ear, conference.audible(member)
    if member.hold:
        ear.begin("music", "hold music", world.now)
    elif not heard:
        ear.begin("silence", "alone in the conference", world.now)
    else:
        names = ", ".join(world.phone(p.call.person).label for p in heard)
        if ear.current is None or ear.current.text != names:
            ear.begin("talk", names, world.now)
        for other in heard:
            member.call.meets(other.call)


def leave(world: World, conference: Conference, member: Participant, reason: str) -> None:
    """Take a leg out; `reason` is Twilio's ReasonParticipantLeft. Once is enough."""
    if member not in conference.participants:
        return
    conference.participants.remove(member)
    if member.waiter is not None:
        member.waiter.interrupt(Stop())
    member.call.ear.end(world.now)
    told = {"ParticipantCallStatus": str(member.call.status), "ReasonParticipantLeft": reason}
    tell(world, conference, "leave", member, told)
    member.left.fire(reason)
    if member.end_on_exit and conference.live:
        end(world, conference, "participant-with-end-conference-on-exit-left", member.call)
    elif not conference.participants:
        end(world, conference, "last-participant-left", member.call)
    else:
        retune(world, conference)


def end(world: World, conference: Conference, reason: str, by: Call | None = None) -> None:
    """End a conference: everybody goes on behind his Dial."""
    if not conference.live:
        return
    conference.status, conference.updated = "completed", world.now
    conference.reason, conference.ended_by = reason, by.sid if by else ""
    for member in list(conference.participants):
        leave(world, conference, member, "conference_ended")
    if conference.recording is not None:
        taping.stop(world, conference.recording)
    told = {"ReasonConferenceEnded": reason}
    if by is not None:
        told["CallSidEndingConference"] = by.sid
    tell(world, conference, "end", None, told)


def tell(
    world: World,
    conference: Conference,
    event: str,
    member: Participant | None = None,
    more: dict[str, str] | None = None,
) -> None:
    """Send a conference event to whoever subscribed; write it down in any case."""
    name = NAMES.get(event, f"participant-{event}")
    note_event(world, conference.sid, name, member.call.sid if member else "")
    conference.sequence += 1
    wanted = conference.subscription
    if wanted is None or ASKED_FOR_AS.get(event, event) not in wanted.events:
        return
    pairs = _about(world, conference, name) | (_whom(member) if member else {}) | (more or {})
    sid = member.call.sid if member else conference.sid
    dispatch(
        world, wanted.callback, tuple(pairs.items()), Parcel("conference", sid, wanted.callback.url, name)
    )


def _about(world: World, conference: Conference, name: str) -> dict[str, str]:
    return {
        "AccountSid": world.settings.account_sid,
        "ApiVersion": API_VERSION,
        "ConferenceSid": conference.sid,
        "FriendlyName": conference.name,
        "StatusCallbackEvent": name,
        "SequenceNumber": str(conference.sequence),
        "Timestamp": rfc2822(world.clock.now()),
    }


def _whom(member: Participant) -> dict[str, str]:
    pairs = {
        "CallSid": member.call.sid,
        "Muted": str(member.muted).lower(),
        "Hold": str(member.hold).lower(),
        "Coaching": str(bool(member.coaching)).lower(),
        "EndConferenceOnExit": str(member.end_on_exit).lower(),
        "StartConferenceOnEnter": str(member.entry.start_on_enter).lower(),
    }
    return pairs | ({"ParticipantLabel": member.entry.label} if member.entry.label else {})

"""Conferences and their participants.

Source: Twilio "Conference resource", "Conference Participant resource". The hold document is fetched by GET
in reality; here a held participant hears music without a request.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from callcenter.simulator import meeting
from callcenter.simulator.calls import Source
from callcenter.simulator.placing import place
from callcenter.simulator.rest import shapes
from callcenter.simulator.rest.calls import order_of
from callcenter.simulator.rest.errors import not_found
from callcenter.simulator.rest.paging import page
from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.rooms import Conference, Entry, Participant
from callcenter.simulator.webhooks import Subscription

ENTRY_ATTRIBUTES = {
    "Label": "participantLabel",
    "Muted": "muted",
    "Beep": "beep",
    "StartConferenceOnEnter": "startConferenceOnEnter",
    "EndConferenceOnExit": "endConferenceOnExit",
    "WaitUrl": "waitUrl",
    "WaitMethod": "waitMethod",
    "MaxParticipants": "maxParticipants",
    "CallSidToCoach": "coach",
    "ConferenceStatusCallback": "statusCallback",
    "ConferenceStatusCallbackMethod": "statusCallbackMethod",
}


def listing(query: RestQuery) -> tuple[int, Json]:
    """GET /Conferences: newest first, by FriendlyName and Status where given."""
    rows = [
        conference
        for conference in reversed(query.world.conferences.values())
        if query.get("FriendlyName") in ("", conference.name)
        and query.get("Status") in ("", conference.status)
    ]
    return 200, page(query, "conferences", rows, lambda c: shapes.conference(query.world, c))


def find(query: RestQuery, sid: str) -> Conference:
    """Return a conference by SID, a living one by name; raise 20404."""
    found = query.world.conferences.get(sid) or meeting.find(query.world, sid)
    if found is None:
        raise not_found(shapes.uri(query.world, f"Conferences/{sid}.json"))
    return found


def fetch(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Conferences/{sid}."""
    return 200, shapes.conference(query.world, find(query, sid))


def update(query: RestQuery, sid: str) -> tuple[int, Json]:
    """POST /Conferences/{sid}: end it with Status=completed."""
    conference = find(query, sid)
    if query.get("Status") == "completed":
        meeting.end(query.world, conference, "conference-ended-via-api")
    return 200, shapes.conference(query.world, conference)


def participants(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Conferences/{sid}/Participants."""
    conference = find(query, sid)
    rows = list(conference.participants)
    return 200, page(query, "participants", rows, lambda p: shapes.participant(query.world, conference, p))


def invite(query: RestQuery, sid: str) -> tuple[int, Json]:
    """POST /Conferences/{sid or name}/Participants: dial somebody into it."""
    world, existing = query.world, query.world.conferences.get(sid)
    entry = Entry(label=query.get("Label"), subscription=_subscription(query))
    conference = existing or meeting.find(world, sid) or meeting.open_room(world, sid, entry)
    call = place(world, order_of(query, Source(twiml=_twiml(query, conference.name))))
    shown = shapes.participant(world, conference, Participant(call, entry, world.now))
    return 201, shown | {"status": "queued"}


def _twiml(query: RestQuery, name: str) -> str:
    given = {ENTRY_ATTRIBUTES[key]: value for key, value in query.pairs if key in ENTRY_ATTRIBUTES}
    if "statusCallback" in given:
        given["statusCallbackEvent"] = " ".join(query.all("ConferenceStatusCallbackEvent")) or "start end"
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in given.items())
    return f"<Response><Dial><Conference{attributes}>{escape(name)}</Conference></Dial></Response>"


def _subscription(query: RestQuery) -> Subscription | None:
    callback = query.callback("ConferenceStatusCallback", "ConferenceStatusCallbackMethod")
    events = frozenset(query.all("ConferenceStatusCallbackEvent"))
    return Subscription(callback, events or frozenset({"start", "end"})) if callback else None


def find_participant(query: RestQuery, sid: str, who: str) -> tuple[Conference, Participant]:
    """Return a participant by call SID or label; raise 20404."""
    conference = find(query, sid)
    member = next((p for p in conference.participants if who in (p.call.sid, p.entry.label)), None)
    if member is None:
        raise not_found(shapes.uri(query.world, f"Conferences/{sid}/Participants/{who}.json"))
    return conference, member


def fetch_participant(query: RestQuery, sid: str, who: str) -> tuple[int, Json]:
    """GET /Conferences/{sid}/Participants/{call or label}."""
    return 200, shapes.participant(query.world, *find_participant(query, sid, who))


def update_participant(query: RestQuery, sid: str, who: str) -> tuple[int, Json]:
    """POST …: mute, hold, coach, or change who ends the conference by leaving."""
    conference, member = find_participant(query, sid, who)
    before = member.muted, member.hold, member.end_on_exit, member.coaching
    member.muted = query.flag("Muted", default=member.muted)
    member.hold = query.flag("Hold", default=member.hold)
    member.end_on_exit = query.flag("EndConferenceOnExit", default=member.end_on_exit)
    member.coaching = query.get("CallSidToCoach", member.coaching)
    for event in _changes(before, member):
        meeting.tell(query.world, conference, event, member)
    meeting.retune(query.world, conference)
    return 200, shapes.participant(query.world, conference, member)


def _changes(before: tuple[bool, bool, bool, str], member: Participant) -> Iterator[str]:
    muted, hold, *modified = before
    if muted != member.muted:
        yield "mute" if member.muted else "unmute"
    if hold != member.hold:
        yield "hold" if member.hold else "unhold"
    if modified != [member.end_on_exit, member.coaching]:
        yield "modify"


def kick(query: RestQuery, sid: str, who: str) -> tuple[int, None]:
    """DELETE …: take the leg out; it goes on behind its Dial."""
    conference, member = find_participant(query, sid, who)
    meeting.leave(query.world, conference, member, "participant_removed_via_api")
    return 204, None

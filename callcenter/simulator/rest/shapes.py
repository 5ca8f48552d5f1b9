"""How Twilio writes its resources as JSON: strings or null, dates in RFC 2822."""

from callcenter.simulator.calls import TERMINAL, Call, Status
from callcenter.simulator.params import rfc2822
from callcenter.simulator.recordings import Recording
from callcenter.simulator.rest.request import Json
from callcenter.simulator.rooms import Conference, Participant
from callcenter.simulator.settings import API_VERSION
from callcenter.simulator.waiting import Member, Queue
from callcenter.simulator.world import Number, World


def uri(world: World, path: str) -> str:
    """Return a resource's address relative to the host."""
    return f"/{API_VERSION}/Accounts/{world.settings.account_sid}/{path}"


def date(world: World, seconds: float | None) -> str | None:
    """Return an instant, null where it has not come."""
    return None if seconds is None else rfc2822(world.clock.at(seconds))


def _base(world: World, sid: str, path: str) -> Json:
    return {"sid": sid, "account_sid": world.settings.account_sid, "uri": uri(world, path)}


def call_status(call: Call) -> str:
    """Return the status of the resource, which knows no `initiated`: a call off the queue is ringing."""
    return "ringing" if call.status == Status.INITIATED else str(call.status)


def call(world: World, call: Call) -> Json:
    """Return a Call."""
    ended = call.status in TERMINAL and call.answered is not None
    waited = (call.dialled if call.dialled is not None else world.now) - call.created
    changed = call.history[-1][0] if call.history else call.created
    started = call.answered if call.answered is not None else call.dialled
    return _base(world, call.sid, f"Calls/{call.sid}.json") | {
        "status": call_status(call),
        "direction": call.direction,
        "from": call.from_,
        "to": call.to,
        "from_formatted": call.from_,
        "to_formatted": call.to,
        "parent_call_sid": call.parent.sid if call.parent else None,
        "phone_number_sid": None,
        "start_time": date(world, started),
        "end_time": date(world, call.ended),
        "duration": str(call.seconds) if ended else None,
        "price": None,
        "price_unit": "USD",
        "answered_by": call.answered_by,
        "forwarded_from": call.extras.get("ForwardedFrom"),
        "caller_name": call.extras.get("CallerName"),
        "queue_time": str(round(max(0.0, waited) * 1000)),
        "date_created": date(world, call.created),
        "date_updated": date(world, changed),
        "api_version": API_VERSION,
        "annotation": None,
        "trunk_sid": None,
        "group_sid": None,
        "subresource_uris": {"recordings": uri(world, f"Calls/{call.sid}/Recordings.json")},
    }


def recording(world: World, recording: Recording) -> Json:
    """Return a Recording."""
    return _base(world, recording.sid, f"Recordings/{recording.sid}.json") | {
        "call_sid": recording.call_sid,
        "conference_sid": recording.conference_sid or None,
        "status": recording.status,
        "source": recording.source,
        "channels": recording.channels,
        "duration": str(recording.duration) if recording.ended is not None else None,
        "start_time": date(world, recording.started),
        "date_created": date(world, recording.started),
        "date_updated": date(world, recording.ended or recording.started),
        "api_version": API_VERSION,
        "price": None,
        "price_unit": "USD",
        "error_code": None,
    }


def queue(world: World, queue: Queue) -> Json:
    """Return a Queue."""
    return _base(world, queue.sid, f"Queues/{queue.sid}.json") | {
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait,
        "date_created": date(world, queue.created),
        "date_updated": date(world, queue.created),
    }


def member(world: World, queue: Queue, member: Member) -> Json:
    """Return a Queue Member."""
    return {
        "queue_sid": queue.sid,
        "call_sid": member.call.sid,
        "date_enqueued": date(world, member.entered),
        "position": queue.position(member),
        "wait_time": round(world.now - member.entered),
        "uri": uri(world, f"Queues/{queue.sid}/Members/{member.call.sid}.json"),
    }


def conference(world: World, conference: Conference) -> Json:
    """Return a Conference."""
    return _base(world, conference.sid, f"Conferences/{conference.sid}.json") | {
        "friendly_name": conference.name,
        "status": conference.status,
        "region": "us1",
        "date_created": date(world, conference.created),
        "date_updated": date(world, conference.updated or conference.created),
        "api_version": API_VERSION,
        "reason_conference_ended": conference.reason or None,
        "call_sid_ending_conference": conference.ended_by or None,
    }


def participant(world: World, conference: Conference, member: Participant) -> Json:
    """Return a Participant."""
    path = f"Conferences/{conference.sid}/Participants/{member.call.sid}.json"
    return {
        "account_sid": world.settings.account_sid,
        "conference_sid": conference.sid,
        "call_sid": member.call.sid,
        "label": member.entry.label or None,
        "muted": member.muted,
        "hold": member.hold,
        "coaching": bool(member.coaching),
        "call_sid_to_coach": member.coaching or None,
        "start_conference_on_enter": member.entry.start_on_enter,
        "end_conference_on_exit": member.end_on_exit,
        "status": "connected",
        "queue_time": "0",
        "date_created": date(world, member.joined),
        "date_updated": date(world, member.joined),
        "uri": uri(world, path),
    }


def number(world: World, number: Number) -> Json:
    """Return an IncomingPhoneNumber."""
    return _base(world, number.sid, f"IncomingPhoneNumbers/{number.sid}.json") | {
        "phone_number": number.address,
        "friendly_name": number.name or number.address,
        "voice_url": number.voice.url,
        "voice_method": number.voice.method,
        "voice_fallback_url": number.fallback.url if number.fallback else "",
        "voice_fallback_method": number.fallback.method if number.fallback else "POST",
        "status_callback": number.status.url if number.status else "",
        "status_callback_method": number.status.method if number.status else "POST",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "api_version": API_VERSION,
    }

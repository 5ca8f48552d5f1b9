"""Recordings: fetch, list, start, stop, delete; the sound itself is served beside the JSON.

Source: Twilio "Recording resource". The file exists some seconds after the recording's end.
"""

from callcenter.simulator import taping
from callcenter.simulator.recordings import Recording
from callcenter.simulator.rest import shapes
from callcenter.simulator.rest.calls import find as find_call
from callcenter.simulator.rest.errors import RestError, not_found, not_in_progress
from callcenter.simulator.rest.paging import page, within
from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.webhooks import Subscription


def find(query: RestQuery, sid: str) -> Recording:
    """Return a recording; raise 20404."""
    recording = query.world.recordings.get(sid)
    if recording is None or recording.deleted:
        raise not_found(shapes.uri(query.world, f"Recordings/{sid}.json"))
    return recording


def fetch(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Recordings/{sid}."""
    return 200, shapes.recording(query.world, find(query, sid))


def listing(query: RestQuery) -> tuple[int, Json]:
    """GET /Recordings: newest first, by CallSid, ConferenceSid and UTC day (DateCreated) where given."""
    return 200, _page(query, query.get("CallSid"))


def of_call(query: RestQuery, call_sid: str) -> tuple[int, Json]:
    """GET /Calls/{sid}/Recordings."""
    return 200, _page(query, find_call(query, call_sid).sid)


def _page(query: RestQuery, call_sid: str) -> Json:
    rows = [
        recording
        for recording in reversed(query.world.recordings.values())
        if not recording.deleted
        and call_sid in ("", recording.call_sid)
        and query.get("ConferenceSid") in ("", recording.conference_sid)
        and within(query, "DateCreated", query.world.clock.at(recording.started).date())
    ]
    return page(query, "recordings", rows, lambda r: shapes.recording(query.world, r))


def delete(query: RestQuery, sid: str) -> tuple[int, None]:
    """DELETE /Recordings/{sid}: the file goes."""
    find(query, sid).deleted = True
    return 204, None


def start(query: RestQuery, call_sid: str) -> tuple[int, Json]:
    """POST /Calls/{sid}/Recordings: record a live call."""
    call = find_call(query, call_sid)
    if not call.in_progress:
        raise not_in_progress()
    callback = query.callback("RecordingStatusCallback", "RecordingStatusCallbackMethod")
    events = frozenset(query.all("RecordingStatusCallbackEvent")) or frozenset({"completed"})
    wanted = Subscription(callback, events) if callback else None
    channels = 1 if query.get("RecordingChannels") == "mono" else 2
    recording = taping.start(query.world, call_sid, "StartCallRecordingAPI", wanted, channels=channels)
    call.over.then(lambda _: taping.stop(query.world, recording))
    return 201, shapes.recording(query.world, recording)


def update(query: RestQuery, call_sid: str, sid: str) -> tuple[int, Json]:
    """POST /Calls/{sid}/Recordings/{sid or Twilio.CURRENT}: stop, pause or go on."""
    running = [r for r in query.world.recordings.values() if r.call_sid == call_sid and r.ended is None]
    if sid == "Twilio.CURRENT" and not running:
        raise not_found(shapes.uri(query.world, f"Calls/{call_sid}/Recordings/{sid}.json"))
    recording = running[-1] if sid == "Twilio.CURRENT" else find(query, sid)
    status = query.get("Status")
    if status == "stopped":
        taping.stop(query.world, recording)
    elif status in ("paused", "in-progress"):
        recording.status = status
    else:
        raise RestError(400, 20001, f"Invalid recording status: {status}")
    return 200, shapes.recording(query.world, recording)

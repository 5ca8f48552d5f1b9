"""Recordings from beginning to callback.

Source: Twilio "Recording status callbacks": the callback arrives after the call's end, the file with it.
"""

from callcenter.simulator.courier import dispatch
from callcenter.simulator.faults import Parcel
from callcenter.simulator.params import rfc2822
from callcenter.simulator.progress import recording_url
from callcenter.simulator.recordings import Recording
from callcenter.simulator.settings import API_VERSION
from callcenter.simulator.webhooks import Subscription
from callcenter.simulator.world import World


def start(
    world: World,
    call_sid: str,
    source: str,
    subscription: Subscription | None,
    *,
    channels: int = 1,
    conference_sid: str = "",
    trimmed: bool = False,
) -> Recording:
    """Begin to record; a trimmed recording holds nothing but what was said."""
    recording = Recording(
        world.sids.new("RE"), call_sid, source, world.now, conference_sid, channels, subscription=subscription
    )
    recording.trimmed = trimmed
    world.recordings[recording.sid] = recording
    _tell(world, recording, "in-progress")
    return recording


def stop(world: World, recording: Recording) -> None:
    """Stop recording; the file and the callback follow some seconds later."""
    if recording.ended is None:
        recording.ended = min(world.now, recording.spoken_until or recording.started)
        if not recording.trimmed:
            recording.ended = world.now
        recording.status = "processing"
        world.kernel.after(world.settings.recording_delay, lambda: _finish(world, recording))


def _finish(world: World, recording: Recording) -> None:
    recording.status = "completed" if recording.duration else "absent"
    recording.available = recording.duration > 0
    _tell(world, recording, recording.status)


def _tell(world: World, recording: Recording, event: str) -> None:
    wanted = recording.subscription
    if wanted is None or event not in wanted.events:
        return
    pairs = {
        "AccountSid": world.settings.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": recording_url(world, recording.sid),
        "RecordingStatus": event,
        "RecordingDuration": str(recording.duration),
        "RecordingChannels": str(recording.channels),
        "RecordingStartTime": rfc2822(world.clock.at(recording.started)),
        "RecordingSource": recording.source,
    }
    if recording.conference_sid:
        pairs["ConferenceSid"] = recording.conference_sid
    parcel = Parcel("recording", recording.call_sid, wanted.callback.url, event)
    dispatch(world, wanted.callback, tuple(pairs.items()), parcel)

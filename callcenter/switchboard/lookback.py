"""Looking back: what the carrier's own lists show of our lines and nobody told us becomes rows and tickets.

Calls that came while no process of ours could write, messages whose callback never arrived: both are at the
carrier (reliability.md F). `recent` looks back a quarter of an hour, every 15 s; `whole` a day, every hour.
Both go back to where the last look ended, so an outage may last as long as it likes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from callcenter.calls.actions import note_look, take_look
from callcenter.calls.queries import call_by_id, known_legs, known_recordings, leg_by_sid
from callcenter.carrier.port import CallGone, CarrierCall, CarrierDown, CarrierRecording
from callcenter.jobs import Work, job
from callcenter.switchboard import inbound, progress
from ivr.flow.message import message

log = structlog.get_logger()
# Webhooks of what has just happened are still on their way.
SETTLED = timedelta(seconds=30)
# Twilio names a Record verb's recording so; talks are recorded by their room.
MESSAGE = "RecordVerb"


@dataclass(frozen=True)
class Reach:
    """How far a look goes back behind the end of the last one, and how often it is taken."""

    back: timedelta
    every: timedelta


# The carrier lists calls late, and a recording is complete minutes after it began.
REACHES: Mapping[str, Reach] = {
    "recent": Reach(timedelta(minutes=15), timedelta(seconds=14)),
    "whole": Reach(timedelta(days=1), timedelta(hours=1)),
}


@job
def look_back(work: Work, reach: str) -> None:
    """Compare the carrier's lists with ours since the last look; the next one begins where this one ended.

    A carrier that does not answer leaves the mark where it was.
    """
    at, wanted = work.at(), REACHES[reach]
    with work.transaction() as session:
        since = take_look(session, reach, every=wanted.every, back=wanted.back, at=at)
    if since is None:
        return
    try:
        calls = {call.sid: call for call in work.carrier.calls_since(since)}
        tapes = work.carrier.recordings_since(since)
        _compare(work, calls, tapes, at)
    except CarrierDown as fault:
        log.warning("lookback.unavailable", reach=reach, reason=str(fault))
        return
    with work.transaction() as session:
        note_look(session, reach, at)


def _compare(
    work: Work, calls: Mapping[str, CarrierCall], tapes: list[CarrierRecording], at: datetime
) -> None:
    for call in _unknown_calls(work, calls, at):
        with work.transaction() as session:
            if inbound.find_line(session, call.to) is not None:
                progress.found_call(session, call, at)
                log.warning("lookback.call_found", call_sid=call.sid, status=call.status)
    for tape in _unknown_tapes(work, tapes, at):
        _adopt(work, tape, calls.get(tape.call_sid))


def _unknown_calls(work: Work, calls: Mapping[str, CarrierCall], at: datetime) -> Iterator[CarrierCall]:
    settled = [
        call
        for call in calls.values()
        if call.direction == "inbound" and call.started_at is not None and call.started_at <= at - SETTLED
    ]
    with work.db.reading() as session:
        known = known_legs(session, [call.sid for call in settled])
    return (call for call in settled if call.sid not in known)


def _unknown_tapes(work: Work, tapes: list[CarrierRecording], at: datetime) -> Iterator[CarrierRecording]:
    settled = [tape for tape in tapes if tape.source == MESSAGE and _is_settled(tape, at)]
    with work.db.reading() as session:
        known = known_recordings(session, [tape.sid for tape in settled])
    return (tape for tape in settled if tape.sid not in known)


def _is_settled(tape: CarrierRecording, at: datetime) -> bool:
    """Say that something was said, and that its callback should have come by now."""
    ended = tape.created_at + timedelta(seconds=tape.seconds or 0)
    return tape.status == "completed" and bool(tape.seconds) and ended <= at - SETTLED


def _adopt(work: Work, tape: CarrierRecording, call: CarrierCall | None) -> None:
    """Make of a recording that nobody told us of what its callback would have made, if it is of a line."""
    with work.db.reading() as session:
        ours = bool(known_legs(session, [tape.call_sid]))
    if not ours and call is None:
        try:
            call = work.carrier.fetch(tape.call_sid)
        except CallGone:
            return
    with work.transaction() as session:
        if not ours and (call is None or inbound.find_line(session, call.to) is None):
            return
        progress.recording(
            session,
            sid=tape.sid,
            call_sid=tape.call_sid,
            seconds=tape.seconds or 0,
            from_raw=call.from_number if call else "",
            to_raw=call.to if call else "",
            at=tape.created_at,
            emergency=not _was_asked_for(session, tape.call_sid),
        )
    log.warning("lookback.message_found", call_sid=tape.call_sid, recording=tape.sid)


def _was_asked_for(session: Session, sid: str) -> bool:
    """Say whether our own conversation asked for a call's message; any other was left after an apology."""
    leg = leg_by_sid(session, sid)
    if leg is None or leg.call_id is None:
        return False
    call = call_by_id(session, leg.call_id)
    return call.fault is None and (call.message_left or (leg.step or {}).get("name") == message.__name__)

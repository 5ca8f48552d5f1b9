"""A call's way from status to status, and the callbacks that tell of it.

Source: Twilio "Call resource: status callbacks". They leave in order; `SequenceNumber` counts the events.
"""

from callcenter.simulator import params
from callcenter.simulator.calls import SIP_CODES, TERMINAL, Call, Gone, Status
from callcenter.simulator.courier import dispatch
from callcenter.simulator.faults import Parcel
from callcenter.simulator.ledger import Event, Life
from callcenter.simulator.webhooks import Callback, Pairs, Subscription
from callcenter.simulator.world import World

EVENTS = {Status.INITIATED: "initiated", Status.RINGING: "ringing", Status.IN_PROGRESS: "answered"}


def enrol(world: World, call: Call) -> None:
    """Let a new call exist."""
    world.calls[call.sid] = call
    call.listed = world.now + world.faults.listing_delay()
    parent = call.parent.sid if call.parent else ""
    world.ledger.lives[call.sid] = Life(call.sid, call.direction, call.from_, call.to, parent)
    note(world, call)


def note(world: World, call: Call) -> None:
    """Write the present status into the call's history and the ledger, where it is a new one."""
    if call.history and call.history[-1][1] == call.status:
        return
    call.history.append((world.now, str(call.status)))
    world.ledger.lives[call.sid].moves.append((world.clock.now(), str(call.status)))


def note_event(world: World, subject: str, event: str, call_sid: str = "") -> None:
    """Write an event of a conference into the ledger."""
    world.ledger.events.append(Event(world.clock.now(), subject, event, call_sid))


def move(world: World, call: Call, status: Status, *, tell: bool = True) -> None:
    """Bring a living call to its next status and tell whoever asked."""
    call.status = status
    note(world, call)
    if tell:
        publish(world, call)


def answer(world: World, call: Call) -> None:
    """Connect the two ends."""
    if call.live and not call.in_progress:
        call.answered = world.now
        if call.ear.current is not None and call.ear.current.kind == "tone":
            call.ear.end(world.now)
        world.ledger.answered(call.sid, world.clock.now())
        move(world, call, Status.IN_PROGRESS)


def end(world: World, call: Call, status: Status, by: str) -> None:
    """End a call for good; `by` is person, network, rest or carrier. A second end changes nothing."""
    if not call.live:
        return
    never_left = call.status == Status.QUEUED and call.direction == "outbound-api"
    call.ended, call.ended_by = world.now, by
    call.sip_code = call.sip_code or SIP_CODES[status]
    call.ear.end(world.now)
    call.ear.note("event", f"ended: {status}", world.now)
    move(world, call, status, tell=not never_left)
    world.ledger.lives[call.sid].ended_by = by
    world.ledger.stopped(call.sid, world.clock.now(), _ring_result(call, status, by))
    call.over.fire()
    if call.process is not None:
        call.process.interrupt(Gone())


def _ring_result(call: Call, status: Status, by: str) -> str:
    return "declined" if by == "person" and call.direction != "inbound" else str(status)


def publish(world: World, call: Call) -> None:
    """Send the callback of the present status, if it was asked for; count the event in any case."""
    wanted = call.subscription
    if wanted is None:
        return
    event = EVENTS.get(call.status, "completed")
    sequence = call.sequence
    if wanted.events != {"completed"}:
        call.sequence += 1
    if event in wanted.events:
        pairs = params.of_call(world.settings.account_sid, call) + _about(world, call, sequence)
        parcel = Parcel("status", call.sid, wanted.callback.url, str(call.status))
        dispatch(world, wanted.callback, pairs, parcel)


def _about(world: World, call: Call, sequence: int) -> Pairs:
    pairs = {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
        "Timestamp": params.rfc2822(world.clock.now()),
    }
    if call.status in TERMINAL:
        minutes = -(-call.seconds // 60)
        pairs |= {
            "CallDuration": str(call.seconds),
            "Duration": str(minutes),
            "SipResponseCode": str(call.sip_code),
        }
        pairs |= _recorded(world, call)
    return tuple(pairs.items())


def _recorded(world: World, call: Call) -> dict[str, str]:
    made = [r for r in world.recordings.values() if r.call_sid == call.sid and r.ended is not None]
    if not made:
        return {}
    last = made[-1]
    url = recording_url(world, last.sid)
    return {"RecordingUrl": url, "RecordingSid": last.sid, "RecordingDuration": str(last.duration)}


def recording_url(world: World, sid: str) -> str:
    """Return a recording's address as webhooks give it."""
    base = world.settings.api_url.rstrip("/")
    return f"{base}/2010-04-01/Accounts/{world.settings.account_sid}/Recordings/{sid}"


def subscribed(callback: Callback | None, events: str) -> Subscription | None:
    """Read a statusCallback with its events (separated by blanks); none given means `completed`."""
    if callback is None:
        return None
    return Subscription(callback, frozenset(events.split()) or frozenset({"completed"}))

"""Voice webhooks: what the carrier posts becomes what was heard, what was thought becomes TwiML."""

import re
from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.dialing.rules import is_signed
from callcenter.jobs import Work
from callcenter.switchboard import inbound, placed
from callcenter.web.webhook import Refused, Webhook, recorded_seconds, turn_key
from ivr.hearing import Heard, Pressed, QueueLeft, Recorded, Silence, Spoke, TalkEnded

_DIGITS = re.compile(r"[0-9A-Da-d*#]+")
MOST_DIGITS, MOST_WORDS = 60, 100
"""So much of what was keyed or said is taken; a caller who leans on the keypad is no forger."""
_QUEUE_RESULTS = frozenset(
    {
        "bridged",
        "bridging-in-process",
        "error",
        "hangup",
        "leave",
        "redirected",
        "redirected-from-bridged",
        "queue-full",
        "system-error",
    }
)
_DIAL_STATUSES = frozenset({"completed", "answered", "busy", "no-answer", "failed", "canceled"})


def arrived(work: Work, session: Session, webhook: Webhook) -> str:
    """POST /twilio/voice: the first webhook of a call."""
    return inbound.arrive(
        work,
        session,
        sid=webhook.sid,
        from_raw=webhook.form.get("From", ""),
        to_raw=webhook.form.get("To", ""),
        at=webhook.received_at,
        attestation=webhook.form.get("StirVerstat", ""),
    )


def caller_goes_on(work: Work, session: Session, webhook: Webhook) -> str:
    """POST /twilio/voice/{kind}/{number}: what the caller did with document `number`."""
    kind, number = webhook.path["kind"], int(webhook.path["number"])
    at = webhook.received_at
    if kind == "summon":
        return inbound.summon(work, session, sid=webhook.sid, connection=number, at=at)
    if kind == "requeue":
        return inbound.requeue(work, session, sid=webhook.sid, connection=number, at=at)
    heard = _heard(kind, webhook)
    return inbound.go_on(
        work,
        session,
        sid=webhook.sid,
        key=turn_key(kind, number),
        heard=heard,
        at=at,
        to_raw=webhook.form.get("To", ""),
        inside_queue=kind in ("wait", "waitkeys"),
    )


def picked_up(work: Work, session: Session, webhook: Webhook) -> str:
    """POST /twilio/leg/{attempt}/{token}: a leg that we placed was answered."""
    attempt_id = proven_attempt(work, webhook)
    answered_by = webhook.form.get("AnsweredBy", "")
    return placed.pick_up(work, session, attempt_id, webhook.sid, webhook.received_at, answered_by)


def placed_goes_on(work: Work, session: Session, webhook: Webhook) -> str:
    """POST /twilio/leg/{attempt}/{token}/{kind}/{number}: what an agent or a called customer did."""
    kind, number = webhook.path["kind"], int(webhook.path["number"])
    attempt_id = proven_attempt(work, webhook)
    at = webhook.received_at
    if kind == "dismiss":
        return placed.dismiss(work, session, attempt_id, webhook.sid, at)
    if kind == "hold":
        return placed.hold(work, session, attempt_id, sid=webhook.sid, connection=number, at=at)
    if kind == "enter":
        return placed.enter(work, session, attempt_id, sid=webhook.sid, connection=number, at=at)
    return placed.go_on(
        work,
        session,
        attempt_id,
        sid=webhook.sid,
        key=turn_key(kind, number),
        heard=_heard(kind, webhook),
        at=at,
    )


def proven_attempt(work: Work, webhook: Webhook) -> UUID:
    """Return the attempt that the address names if we handed that address out; refuse it otherwise."""
    try:
        attempt_id = UUID(webhook.path["attempt"])
    except ValueError:
        raise Refused("the address names no attempt") from None
    token = webhook.path["token"]
    if not token.isascii() or not is_signed(work.secret_key, attempt_id, token):
        raise Refused("the address was not handed out by us")
    return attempt_id


def _heard(kind: str, webhook: Webhook) -> Heard:
    """Read what was heard; a required field that is missing or malformed is refused, never guessed."""
    if kind not in _READERS:
        raise Refused(f"there is no address {kind!r}")
    return _READERS[kind](webhook.form)


def _keys(form: dict[str, str]) -> Heard:
    if form.get("SpeechResult"):
        return Spoke(form["SpeechResult"][:MOST_WORDS], _confidence(form.get("Confidence")))
    digits = form.get("Digits", "")
    if not _DIGITS.fullmatch(digits):
        raise Refused("a Gather's action needs Digits or SpeechResult")
    return Pressed(digits[:MOST_DIGITS])


def _confidence(told: str | None) -> float | None:
    """Read a confidence from 0 to 1; it may be absent (telephony.md, Gather), and a broken one is as good."""
    try:
        return min(1.0, max(0.0, float(told))) if told else None
    except ValueError:
        return None


def _queue(form: dict[str, str]) -> Heard:
    result = form.get("QueueResult", "")
    if result not in _QUEUE_RESULTS:
        raise Refused("an Enqueue's action needs QueueResult")
    return QueueLeft(result)


def _talk(form: dict[str, str]) -> Heard:
    status = form.get("DialCallStatus", "")
    if status not in _DIAL_STATUSES:
        raise Refused("a Dial's action needs DialCallStatus")
    return TalkEnded(status)


def _recorded(form: dict[str, str]) -> Heard:
    return Recorded(recorded_seconds(form.get("RecordingDuration", "")))


def _next(_form: dict[str, str]) -> Heard:
    return Silence()


_READERS: dict[str, Callable[[dict[str, str]], Heard]] = {
    "next": _next,
    "wait": _next,
    "keys": _keys,
    "waitkeys": _keys,
    "queue": _queue,
    "talk": _talk,
    "recorded": _recorded,
}

"""Status callbacks: legs, conferences, recordings, and the carrier's fallback."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy.orm import Session

from callcenter.calls.rules import STATE_OF_STATUS
from callcenter.jobs import Work
from callcenter.switchboard import progress
from callcenter.web.kept import Kept, message_of, turn_that_failed
from callcenter.web.voice import proven_attempt
from callcenter.web.webhook import Refused, Webhook

# The carrier repeats a callback for minutes; a stamp that is a day off comes from a clock that is wrong.
_BELIEVED = timedelta(days=1)
_KEPT = ("SequenceNumber", "SipResponseCode", "CallDuration", "AnsweredBy")


def placed_leg(work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/progress/{attempt}/{token}: a leg that we placed has moved."""
    progress.placed_leg(session, proven_attempt(work, webhook), _report(webhook))


def inbound_call(_work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/status: a caller's leg has ended."""
    form = webhook.form
    progress.inbound_call(
        session,
        _report(webhook),
        from_raw=form.get("From", ""),
        to_raw=form.get("To", ""),
        attestation=form.get("StirVerstat", ""),
    )


def conference(_work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/conference: somebody entered or left a room, or it began or ended."""
    form = webhook.form
    progress.conference(
        session,
        event=form.get("StatusCallbackEvent", "")[:24],
        room=form.get("FriendlyName", ""),
        instance=form.get("ConferenceSid", ""),
        sid=webhook.sid,
        sequence=form.get("SequenceNumber", ""),
        at=_stamp(webhook),
        received_at=webhook.received_at,
    )


def recording(_work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/recording: a message's sound is there; who called whom stands in an apology's address."""
    kept = _told(webhook)
    if kept is not None:
        progress.recording(
            session,
            sid=kept.sid,
            call_sid=kept.call_sid,
            seconds=kept.seconds,
            from_raw=kept.from_raw,
            to_raw=kept.to_raw,
            at=kept.received_at,
            emergency=kept.emergency,
        )


def room_recording(_work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/recording/room/{room}: a talk was recorded."""
    kept = _told(webhook)
    if kept is not None:
        progress.room_recording(
            session, sid=kept.sid, room=kept.about, seconds=kept.seconds, at=kept.received_at
        )


def _told(webhook: Webhook) -> Kept | None:
    """Return the recording that is told of; None while it still runs, or when there is nothing on it."""
    if "RecordingSid" not in webhook.form:
        raise Refused("a recording's callback needs RecordingSid")
    return message_of(webhook)


def fallback(_work: Work, session: Session, webhook: Webhook) -> None:
    """POST /twilio/fallback: our answer was unusable or late; the caller has heard the apology already."""
    form = webhook.form
    progress.fault(
        session,
        sid=webhook.sid,
        from_raw=form.get("From", ""),
        to_raw=form.get("To", ""),
        what=f"fallback {form.get('ErrorCode', '')[:10]}",
        at=webhook.received_at,
        turn=turn_that_failed(form.get("ErrorUrl", "")),
        attestation=form.get("StirVerstat", ""),
    )


def _report(webhook: Webhook) -> progress.Report:
    status = webhook.form.get("CallStatus", "")
    if status not in STATE_OF_STATUS:
        raise Refused("a status callback needs a known CallStatus")
    detail = {name: webhook.form[name] for name in _KEPT if name in webhook.form}
    return progress.Report(webhook.sid, status, _stamp(webhook), webhook.received_at, detail)


def _stamp(webhook: Webhook) -> datetime:
    """Return the carrier's own time of the event (RFC 2822, whole seconds).

    Without one that can be believed, the time of arrival is all we know.
    """
    stamp = webhook.form.get("Timestamp")
    told = _instant(stamp) if stamp else None
    if told is None or abs(told - webhook.received_at) > _BELIEVED:
        return webhook.received_at
    return told


def _instant(stamp: str) -> datetime | None:
    """Read an RFC 2822 date; None for one outside of what a datetime holds."""
    try:
        parsed = parsedate_to_datetime(stamp)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        return None
    except ValueError:
        raise Refused("Timestamp is not an RFC 2822 date") from None

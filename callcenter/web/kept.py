"""What must not be lost of a webhook while the database is away: how it is written and brought home."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.switchboard import progress
from callcenter.switchboard.inbound import ARRIVED
from callcenter.switchboard.unheard import APOLOGY
from callcenter.web.webhook import Refused, Webhook, recorded_seconds, turn_key

_CONVERSATION = re.compile(
    r"https?://[^/?#]+/twilio/voice(?:/(?P<kind>[a-z]+)/(?P<number>[0-9]{1,6}))?(?:[?#].*)?"
)
_RECORDING = re.compile(r"RE[0-9a-f]{32}")
MOST_CHARACTERS = 120
# Apologies are worth less than messages: they leave the other half of the spool to them.
SHARES = {"message": 1.0, "talk": 1.0, "apology": 0.5}


@dataclass(frozen=True)
class Kept:
    """A voice message, a talk's recording, or an apology that was heard.

    `sid` names it (the recording's, or the call's whose caller heard the apology); `about` is a talk's room,
    or why there was an apology, and `turn` the key of the turn that was not answered. An `emergency` is a
    message that was left after an apology; `attestation` what the carrier said of the number.
    """

    kind: str
    sid: str
    call_sid: str
    received_at: datetime
    seconds: int = 0
    from_raw: str = ""
    to_raw: str = ""
    about: str = ""
    turn: str = ""
    emergency: bool = True
    attestation: str = ""

    @property
    def name(self) -> str:
        """Return the file's name: the same thing twice is one file."""
        return f"{self.kind}-{self.sid}{self.turn and '-'}{self.turn}.json"

    def to_json(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {**asdict(self), "received_at": self.received_at.isoformat()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Kept":
        """Read what was written; raise TypeError, KeyError or ValueError for anything else."""
        return cls(**{**content, "received_at": datetime.fromisoformat(content["received_at"])})


def message_of(webhook: Webhook, *, emergency: bool = False) -> Kept | None:
    """Return the recording that a webhook tells of, None when it tells of none; raise Refused.

    Who called whom stands in the address of an apology's recording, and in the form of a Record's action.
    That address tells an emergency from a message that the conversation has asked for, whatever is away when
    it is announced; where the address cannot, `emergency` does.
    """
    form, told = webhook.form, webhook.query
    sid = form.get("RecordingSid")
    if not sid or form.get("RecordingStatus", "completed") != "completed":
        return None
    if not _RECORDING.fullmatch(sid):
        raise Refused("a recording's callback needs RecordingSid")
    room = webhook.path.get("room")
    return Kept(
        kind="message" if room is None else "talk",
        sid=sid,
        call_sid=webhook.sid,
        received_at=webhook.received_at,
        seconds=recorded_seconds(form.get("RecordingDuration") or "0"),
        from_raw=_number(told.get("from") or form.get("From", "")),
        to_raw=_number(told.get("to") or form.get("To", "")),
        about=(room or "")[:MOST_CHARACTERS],
        emergency=emergency or "from" in told,
    )


def apology_of(webhook: Webhook, why: str) -> Kept:
    """Return that a caller was told of our fault instead of being answered."""
    form = webhook.form
    return Kept(
        kind="apology",
        sid=webhook.sid,
        call_sid=webhook.sid,
        received_at=webhook.received_at,
        from_raw=_number(form.get("From", "")),
        to_raw=_number(form.get("To", "")),
        about=why,
        attestation=form.get("StirVerstat", "")[:MOST_CHARACTERS],
        turn=_turn(webhook) if why.startswith(APOLOGY) else turn_that_failed(form.get("ErrorUrl", "")),
    )


def _turn(webhook: Webhook) -> str:
    """Return the key of the turn that a caller's webhook asked for; none where it asked for no turn."""
    if webhook.path.get("number") is None:
        return ARRIVED
    return turn_key(webhook.path["kind"], int(webhook.path["number"]))


def turn_that_failed(address: str) -> str:
    """Return the key of the turn whose address the carrier could not use (ErrorUrl); none for any other."""
    asked = _CONVERSATION.fullmatch(address)
    if asked is None:
        return ""
    return turn_key(asked["kind"], int(asked["number"])) if asked["kind"] else ARRIVED


def _number(told: str) -> str:
    """Bound a number; the plus of one that nobody encoded in an address arrives as a blank."""
    return re.sub(r"^ (?=[0-9])", "+", told)[:MOST_CHARACTERS]


def bring_home(session: Session, kept: Kept, at: datetime) -> None:
    """Write down what was kept, of its own time; what is taken back ends now (`at`); once."""
    if kept.kind == "talk":
        progress.room_recording(
            session, sid=kept.sid, room=kept.about, seconds=kept.seconds, at=kept.received_at
        )
    elif kept.kind == "message":
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
    else:
        progress.fault(
            session,
            sid=kept.call_sid,
            from_raw=kept.from_raw,
            to_raw=kept.to_raw,
            what=kept.about,
            at=kept.received_at,
            turn=kept.turn,
            now=at,
            attestation=kept.attestation,
        )

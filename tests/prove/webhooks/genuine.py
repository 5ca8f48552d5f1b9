"""One genuine request for every address that the carrier may post to, of calls that live."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tests.prove.webhooks.attempts import lay_out
from tests.prove.webhooks.forms import Pairs, form, sid, stamp
from tests.prove.webhooks.nothing_lost import AT_ONCE
from tests.prove.webhooks.stories import Caller
from tests.prove.webhooks.wires import Wire

PHONE = "+8613700000001"
PLACES = {"FromCity": "SHANGHAI", "FromCountry": "CN", "ToCity": "", "ToCountry": "CN"}
__all__ = ["AT_ONCE", "Genuine", "begin", "genuine"]


@dataclass(frozen=True)
class Genuine:
    """An address and the form that the carrier posts there."""

    target: str
    pairs: Pairs


async def begin(wire: Wire) -> None:
    """Let one caller be greeted, and another one wait in line, so that there is something to disturb."""
    now = datetime.now(UTC)
    greeted, waits = Caller(1, now), Caller(2, now)
    for post in (
        greeted.voice("/twilio/voice"),
        waits.voice("/twilio/voice"),
        waits.voice("/twilio/voice/keys/1", Digits="1"),
    ):
        await wire.send(post.request)


def genuine(url: str) -> list[Genuine]:
    """Return what the carrier may post next; nothing of it has been sent."""
    at, told = datetime.now(UTC), lay_out(url, [90_000_001])
    progress, _ = told[90_000_001]
    greeted, waits, strange, leg = (sid("CA", number) for number in (1, 2, 3, 4))
    recorded = {"RecordingSid": sid("RE", 1), "RecordingStatus": "completed", "RecordingDuration": "12"}
    room = {"ConferenceSid": sid("CF", 1), "FriendlyName": f"room-{UUID(int=1).hex}", "SequenceNumber": "1"}
    stamped = {"Timestamp": stamp(at), "SequenceNumber": "0", "SipResponseCode": "200"}
    asked = {
        "/twilio/voice": form(strange, PHONE, **PLACES),
        "/twilio/voice/keys/1": form(greeted, PHONE, Digits="1", **PLACES),
        "/twilio/voice/next/1": form(greeted, PHONE, **PLACES),
        "/twilio/voice/queue/2": form(waits, PHONE, QueueResult="leave", QueueTime="9"),
        "/twilio/voice/talk/1": form(greeted, PHONE, DialCallStatus="completed", DialCallDuration="9"),
        "/twilio/voice/recorded/1": form(greeted, PHONE, **recorded),
        "/twilio/status": form(greeted, PHONE, **{"CallStatus": "completed"} | stamped),
        "/twilio/fallback": form(strange, PHONE, ErrorCode="11200", ErrorUrl="https://a.example/"),
        "/twilio/recording?from=%2B8613700000001&to=%2B862155550100": form(strange, PHONE, **recorded),
        "/twilio/recording": form(greeted, PHONE, **recorded),
        "/twilio/conference": form(waits, PHONE, StatusCallbackEvent="participant-join", **room),
        f"/twilio/recording/room/room-{UUID(int=1).hex}": form(waits, PHONE, **room, **recorded),
        progress: form(leg, PHONE, **{"CallStatus": "no-answer"} | stamped),
        progress.replace("/progress/", "/leg/"): form(leg, PHONE, CallStatus="in-progress"),
    }  # fmt: skip
    return [Genuine(target, list(pairs.items())) for target, pairs in asked.items()]

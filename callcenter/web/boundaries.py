"""Twilio's signature has no separators: whoever holds a signed request can move a boundary inside it.

`Digits=1&Direction=inbound` and `Digits=1D&irection=inbound` are signed alike, and so are
`/twilio/voice/keys/12` and `/twilio/voice/keys/1` with a field named `2`. What is signed stays the same
text, so a name whose place was taken is still in it, though no longer as a name (reliability.md, A4).
"""

from collections.abc import Mapping

_PLACES = tuple(f"{side}{part}" for side in ("From", "To") for part in ("City", "State", "Zip", "Country"))
_TWINS = tuple(
    f"{side}{part}" for side in ("Caller", "Called") for part in ("City", "State", "Zip", "Country")
)
KNOWN = frozenset(
    {
        *_PLACES, *_TWINS, "From", "To", "ApiVersion", "Direction", "CallerName", "CallToken",
        "ForwardedFrom", "ParentCallSid", "StirVerstat", "StirPassportToken", "FinishedOnKey",
        "SpeechResult", "QueueResult", "QueueTime", "DialCallStatus", "DialCallSid", "DialBridged",
        "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration", "RecordingChannels",
        "RecordingSource", "RecordingStartTime", "RecordingTrack", "Timestamp", "SequenceNumber",
        "SipResponseCode", "CallbackSource", "AnsweredBy", "ErrorCode", "ErrorUrl", "ConferenceSid",
        "FriendlyName", "StatusCallbackEvent", "ReasonConferenceEnded",
    }
)  # fmt: skip
"""Names of Twilio's that are no part of another one's, and of no sentence that a person says."""
_STAMPS = frozenset({"Timestamp"})
"""A word, too, which somebody may say; what was said never comes with a stamp."""
_OF_A_CALL = frozenset({"From", "To"})
"""So short that a name which Twilio adds may hold them; they matter where a Direction comes with them."""


def are_kept(form: Mapping[str, str], said: str) -> bool:
    """Say whether every boundary is where the carrier put it; `said` is the form as it is signed.

    No name begins with a figure or a sign: that would be the end of an address. A known name that is not in
    the form is nowhere in what was signed either.
    """
    gone = KNOWN - form.keys()
    if "SpeechResult" in form:
        gone -= _STAMPS
    if "Direction" not in said:
        gone -= _OF_A_CALL
    return min(form, default="") >= "A" and not any(name in said for name in gone)

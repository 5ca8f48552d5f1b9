"""Which verbs, attributes, nestings and values Twilio knows; tables only.

Source: Twilio's pages of each verb, and the attribute lists of twilio-python's `VoiceResponse`.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CALLBACK = _words("statusCallback statusCallbackMethod statusCallbackEvent")
MACHINE = _words(
    "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold "
    "machineDetectionSpeechEndThreshold machineDetectionSilenceTimeout "
    "amdStatusCallback amdStatusCallbackMethod"
)
RECORDING = _words(
    "recordingStatusCallback recordingStatusCallbackMethod "
    "recordingStatusCallbackEvent recordingConfigurationId"
)

ATTRIBUTES: dict[str, frozenset[str]] = {
    "Say": _words("voice language loop"),
    "Play": _words("loop digits"),
    "Pause": _words("length"),
    "Hangup": frozenset(),
    "Leave": frozenset(),
    "Reject": _words("reason"),
    "Redirect": _words("method"),
    "Gather": _words(
        "input action method timeout speechTimeout maxSpeechTime profanityFilter finishOnKey numDigits "
        "partialResultCallback partialResultCallbackMethod language hints bargeIn debug actionOnEmptyResult "
        "speechModel enhanced"
    ),
    "Record": RECORDING
    | _words("action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback"),
    "Enqueue": _words("action maxQueueSize method waitUrl waitUrlMethod workflowSid"),
    "Dial": RECORDING
    | _words(
        "action method timeout hangupOnStar timeLimit callerId record trim answerOnBridge ringTone "
        "recordingTrack sequential referUrl referMethod events passports"
    ),
    "Number": CALLBACK | MACHINE | _words("sendDigits url method byoc"),
    "Client": CALLBACK | _words("url method"),
    "Sip": CALLBACK | MACHINE | _words("username password url method"),
    "Conference": CALLBACK
    | RECORDING
    | _words(
        "muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants record "
        "region coach trim eventCallbackUrl jitterBufferSize participantLabel"
    ),
    "Queue": _words("url method reservationSid postWorkActivitySid"),
    "Identity": frozenset(),
    "Parameter": _words("name value"),
}

VERBS = frozenset(
    {"Say", "Play", "Pause", "Gather", "Record", "Dial", "Enqueue", "Leave", "Redirect", "Reject", "Hangup"}
)
NOUNS = frozenset({"Number", "Client", "Sip", "Conference", "Queue"})
CHILDREN: dict[str, frozenset[str]] = {
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Dial": NOUNS,
    "Client": frozenset({"Identity", "Parameter"}),
}
# SSML inside Say is not judged.
FREE_CHILDREN = frozenset({"Say"})

# What a document may contain in the places where Twilio narrows it down.
ALLOWED: dict[str, frozenset[str]] = {
    "call": VERBS - {"Leave"},
    "queue": frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"}),
    "conference": frozenset({"Play", "Say", "Pause", "Redirect"}),
    "screen": VERBS - {"Dial", "Enqueue", "Leave"},
    "dequeued": frozenset({"Play", "Say", "Pause", "Redirect"}),
}

METHODS = frozenset({"GET", "POST"})
BOOLEANS = frozenset({"true", "false"})
METHOD_ATTRIBUTES = _words(
    "method waitMethod waitUrlMethod statusCallbackMethod recordingStatusCallbackMethod referMethod "
    "partialResultCallbackMethod amdStatusCallbackMethod"
)
BOOLEAN_ATTRIBUTES = _words(
    "hangupOnStar answerOnBridge sequential startConferenceOnEnter "
    "endConferenceOnExit muted playBeep transcribe "
    "actionOnEmptyResult bargeIn debug profanityFilter enhanced"
)
URL_ATTRIBUTES = _words(
    "action url waitUrl statusCallback recordingStatusCallback "
    "transcribeCallback partialResultCallback referUrl "
    "amdStatusCallback"
)
RANGES: dict[tuple[str, str], tuple[int, int]] = {
    ("Say", "loop"): (0, 1000),
    ("Play", "loop"): (0, 1000),
    ("Pause", "length"): (0, 600),
    ("Gather", "numDigits"): (1, 1000),
    ("Gather", "timeout"): (0, 600),
    ("Record", "timeout"): (1, 600),
    ("Record", "maxLength"): (1, 14400),
    ("Dial", "timeout"): (5, 600),
    ("Dial", "timeLimit"): (1, 14400),
    ("Enqueue", "maxQueueSize"): (1, 5000),
    ("Conference", "maxParticipants"): (2, 250),
}
CHOICES: dict[tuple[str, str], frozenset[str]] = {
    ("Gather", "input"): frozenset({"dtmf", "speech", "dtmf speech", "speech dtmf"}),
    ("Reject", "reason"): frozenset({"rejected", "busy"}),
    ("Record", "trim"): frozenset({"trim-silence", "do-not-trim"}),
    ("Conference", "trim"): frozenset({"trim-silence", "do-not-trim"}),
    ("Dial", "trim"): frozenset({"trim-silence", "do-not-trim"}),
    ("Conference", "record"): frozenset({"do-not-record", "record-from-start"}),
    ("Conference", "beep"): frozenset({"true", "false", "onEnter", "onExit"}),
    ("Dial", "record"): _words(
        "do-not-record record-from-answer record-from-ringing "
        "record-from-answer-dual record-from-ringing-dual "
        "true false"
    ),
}
LEG_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
EVENTS: dict[tuple[str, str], frozenset[str]] = {
    ("Number", "statusCallbackEvent"): LEG_EVENTS,
    ("Client", "statusCallbackEvent"): LEG_EVENTS,
    ("Sip", "statusCallbackEvent"): LEG_EVENTS,
    ("Conference", "statusCallbackEvent"): frozenset(
        ["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"]
    ),
}
for _verb in ("Record", "Dial", "Conference"):
    EVENTS[_verb, "recordingStatusCallbackEvent"] = frozenset({"in-progress", "completed", "absent"})

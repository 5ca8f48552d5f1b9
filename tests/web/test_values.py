"""Values that are signed and yet cannot be true: refused or bounded at the door, never a 500."""

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from callcenter.calls.models import Call, CallEvent, Recording
from callcenter.jobs import Work
from tests.web.test_webhooks import GREETING, count
from tests.web.twilio import SID, Poster, arrival

APOLOGY = "是我们的问题"
RE = "RE" + "7" * 32
CF = "CF" + "3" * 32
ROOM = "/twilio/recording/room/room-" + "1" * 32
LONG = "9" * 5000


# reliability.md A4: "schema fuzz over every webhook field": 0 unhandled 5xx.
@pytest.mark.parametrize(
    ("path", "form"),
    [
        (
            "/twilio/conference",
            {"ConferenceSid": CF, "StatusCallbackEvent": "y" * 300, "SequenceNumber": LONG},
        ),
        ("/twilio/conference", {"ConferenceSid": CF, "FriendlyName": "x" * 300}),
        ("/twilio/recording", {"RecordingSid": RE, "RecordingDuration": "99999999999"}),
        ("/twilio/recording", {"RecordingSid": RE, "RecordingDuration": LONG}),
        (ROOM, {"RecordingSid": RE, "ConferenceSid": CF, "RecordingDuration": "99999999999"}),
        ("/twilio/status", {"CallStatus": "completed", "Timestamp": "Fri, 31 Dec 9999 23:59:59 -1400"}),
        ("/twilio/status", {"CallStatus": "completed", "From": "+" + "1" * 300, "To": "x" * 300}),
        ("/twilio/status", {"CallStatus": "completed", "SequenceNumber": LONG, "CallDuration": "z" * 300}),
    ],
)
def test_a_value_that_is_too_large_is_no_fault_of_ours(
    carrier: Poster, path: str, form: dict[str, str]
) -> None:
    if "recording" not in path:
        carrier.post("/twilio/voice")
    assert carrier.post(path, **form).status_code == 204


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/twilio/conference", {"ConferenceSid": CF, "CallSid": "CA" + "1" * 300}),
        ("/twilio/conference", {"ConferenceSid": CF, "CallSid": SID + "\n"}),
        ("/twilio/conference", {"ConferenceSid": CF + "\n"}),
        ("/twilio/voice", {"CallSid": SID + "\n"}),
        ("/twilio/recording", {"RecordingSid": RE + "\n"}),
        ("/twilio/voice/keys/1", {"Digits": "1\n"}),
        ("/twilio/recording?from=%00&to=x", {"RecordingSid": RE, "RecordingDuration": "1"}),
        ("/twilio/recording/room/%00", {"RecordingSid": RE, "ConferenceSid": CF, "RecordingDuration": "1"}),
        ("/twilio/leg/01930000-0000-7000-8000-000000000000/%C3%A9", {}),
        ("/twilio/status", {"CallStatus": "completed", "Timestamp": LONG}),
    ],
)
def test_a_value_that_is_none_of_twilios_is_refused(
    carrier: Poster, work: Work, path: str, form: dict[str, str]
) -> None:
    assert carrier.post(path, **form).status_code == 400
    assert count(work, Call) == count(work, CallEvent) == count(work, Recording) == 0


# Twilio, Conference: the room's own events name no participant, hence no CallSid.
def test_a_conference_may_speak_of_no_call(carrier: Poster, work: Work) -> None:
    form = arrival(ConferenceSid=CF, FriendlyName="room-1", StatusCallbackEvent="conference-end")
    without = [pair for pair in form.items() if pair[0] != "CallSid"]
    assert carrier.post("/twilio/conference", without).status_code == 204
    assert carrier.post("/twilio/conference", [*without, ("CallSid", "")]).status_code == 204
    assert count(work, CallEvent) == 1, "the second says the same"


# Whoever asks without a signature costs nothing: neither a number of 5,000 digits nor a trace in the log.
@pytest.mark.parametrize("number", [LONG, "1234567", "-1", "1.5", "\u0663", "x"])
@pytest.mark.parametrize("before", ["/twilio/voice/wait/", "/twilio/leg/a/b/keys/"])
def test_an_address_whose_number_is_none_does_not_exist(carrier: Poster, before: str, number: str) -> None:
    assert carrier.web.post(before + number, content=b"x").status_code == 404


def test_an_address_with_a_number_exists(carrier: Poster) -> None:
    carrier.post("/twilio/voice")
    assert carrier.post("/twilio/voice/next/000001").status_code == 200
    assert carrier.web.post("/twilio/voice/wait/999999", content=b"x").status_code == 400, "no form"


@pytest.mark.parametrize(
    "form",
    [
        {"From": "+" + "1" * 300},
        {"From": "anonymous"},
        {"From": ""},
        {"From": "sip:" + "a" * 400 + "@x"},
        {"From": "client:张三"},
        {"CallerName": "x" * 900},
        {"To": "+86" + "1" * 500},
    ],
)
def test_whoever_calls_is_greeted(carrier: Poster, form: dict[str, str]) -> None:
    answer = carrier.post("/twilio/voice", **form)
    assert answer.status_code == 200 and APOLOGY not in answer.text
    assert (GREETING in answer.text) is ("To" not in form), "a number of nobody's takes a message"


# Twilio, <Dial>: timeLimit is at most 24 hours; so nothing that was recorded lasts longer.
def test_a_recording_lasts_a_day_at_most(carrier: Poster, work: Work) -> None:
    carrier.post("/twilio/voice", To="+8613900000000")
    assert APOLOGY not in carrier.post("/twilio/voice/recorded/1", RecordingDuration=LONG).text
    assert carrier.post("/twilio/recording", RecordingSid=RE, RecordingDuration=LONG).status_code == 204
    with work.db.reading() as session:
        assert session.scalars(sa.select(Recording.seconds)).one() == 24 * 3600


def ended_at(work: Work) -> datetime:
    """When the only call's last status happened."""
    with work.db.reading() as session:
        return session.scalars(sa.select(CallEvent.at).where(CallEvent.kind == "status")).one()


# telephony.md 3: the order of arrival means nothing: a stamp is believed though it is hours old. Of one
# that is days off nothing is known but that it is wrong.
@pytest.mark.parametrize(
    ("days", "believed"), [(-0.99, True), (-1.01, False), (0.99, True), (1.01, False), (-20_000, False)]
)
def test_a_stamp_far_from_now_is_none(carrier: Poster, work: Work, days: float, believed: bool) -> None:
    carrier.post("/twilio/voice")
    told = (work.at() + timedelta(days=days)).replace(microsecond=0)
    carrier.post("/twilio/status", CallStatus="completed", Timestamp=format_datetime(told))
    assert ended_at(work) == (told if believed else work.at())


@pytest.mark.parametrize(
    "stamp",
    [
        "Fri, 31 Dec 9999 23:00:00 -1400",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "1 Jan 2026 10:00:00 +" + "9" * 400,
    ],
)
def test_a_stamp_outside_all_time_is_none(carrier: Poster, work: Work, stamp: str) -> None:
    carrier.post("/twilio/voice")
    assert carrier.post("/twilio/status", CallStatus="completed", Timestamp=stamp).status_code == 204
    assert ended_at(work) == work.at()

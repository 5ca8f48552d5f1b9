"""Signed, and yet not what the carrier said: boundaries moved inside the signed text."""

from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from callcenter.calls.models import Call, CallEvent, Leg, Recording
from callcenter.jobs import Work
from tests.web.test_webhooks import count
from tests.web.twilio import ACCOUNT, SID, Poster, arrival

RE = "RE" + "7" * 32


def moved(carrier: Poster, path: str, form: dict[str, str], to: str, sent: dict[str, str]) -> int:
    """Sign one request and send another that is signed alike; return the status."""
    signature = carrier.sign(path, list(form.items()))
    assert carrier.sign(to, list(sent.items())) == signature, "the very same text is signed"
    return int(carrier.raw(to, urlencode(sent).encode(), {"X-Twilio-Signature": signature}).status_code)


def without(form: dict[str, str], *names: str, **other: str) -> dict[str, str]:
    """Return a form without some names, with others."""
    return {name: value for name, value in form.items() if name not in names} | other


def letter_moved(form: dict[str, str], name: str) -> dict[str, str]:
    """Return a form where a value has the first letter of the next name, and that name all that follows."""
    pairs = sorted(form.items())
    here = [known for known, _ in pairs].index(name)
    (_, value), (following, told) = pairs[here], pairs[here + 1]
    rest = told + "".join(known + said for known, said in pairs[here + 2 :])
    return dict(pairs[:here]) | {name: value + following[0], following[1:]: rest}


# reliability.md A4: "parameters merged, a character moved from value to name".
def test_a_key_gets_no_letter_of_the_next_name(carrier: Poster, work: Work) -> None:
    carrier.post("/twilio/voice")
    form = arrival(Digits="1")
    sent = letter_moved(form, "Digits")
    assert sent["Digits"] == "1D", "which a telephone has too"
    assert moved(carrier, "/twilio/voice/keys/1", form, "/twilio/voice/keys/1", sent) == 400
    assert count(work, CallEvent) == 2


def test_a_number_gets_no_letter_of_the_next_name(carrier: Poster, work: Work) -> None:
    form = arrival(FromCity="SHANGHAI")
    sent = letter_moved(form, "From")
    assert sent["From"] == "+8613800138000F"
    assert moved(carrier, "/twilio/voice", form, "/twilio/voice", sent) == 400
    assert count(work, Call) == 0


# "A lost optional value changes no state."
def test_the_carriers_stamp_cannot_be_hidden(carrier: Poster, work: Work) -> None:
    carrier.post("/twilio/voice")
    form = arrival(CallStatus="completed", Timestamp="Sat, 21 Nov 2026 03:59:58 +0000", SequenceNumber="0")
    sent = without(form, "SequenceNumber", "StirVerstat", "Timestamp")
    sent["SequenceNumber"] = "0StirVerstat" + form["StirVerstat"] + "Timestamp" + form["Timestamp"]
    assert moved(carrier, "/twilio/status", form, "/twilio/status", sent) == 400
    with work.db.reading() as session:
        assert session.scalars(sa.select(Leg.state)).one() == "ringing"


def test_an_absent_recording_is_no_message(carrier: Poster, work: Work) -> None:
    form = arrival(RecordingSid=RE, RecordingStatus="absent", RecordingDuration="0")
    sent = without(form, "RecordingStatus", RecordingSid=RE + "RecordingStatusabsent")
    assert moved(carrier, "/twilio/recording", form, "/twilio/recording", sent) == 400
    assert count(work, Recording) == 0


# "… body glued to the URL": a part of the address becomes a field, and another address is meant.
@pytest.mark.parametrize(
    ("path", "to", "field"),
    [
        ("/twilio/voice/next/12", "/twilio/voice/next/1", "2"),
        ("/twilio/voice/keys/1", "/twilio/voice", "/keys/1"),
        ("/twilio/fallback/thanks", "/twilio/fallback", "/thanks"),
        ("/twilio/recording?from=x&to=y", "/twilio/recording", "?from=x&to=y"),
        ("/twilio/recording?from=x&to=y", "/twilio/recording?from=x", "&to=y"),
    ],
)
def test_a_part_of_an_address_is_no_field(
    carrier: Poster, work: Work, path: str, to: str, field: str
) -> None:
    form = arrival(Digits="1", RecordingSid=RE, RecordingDuration="3")
    assert moved(carrier, path, form, to, form | {field: ""}) == 400
    assert count(work, Call) == 0


# Twilio, Webhooks: "parameters are added without notice"; and some of today's contain others.
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/twilio/voice", {"NewParameter": "ToFrom", "SipHeader_X-A": "1", "own": "Timestam"}),
        ("/twilio/conference", {"ConferenceSid": "CF" + "3" * 32, "CallSidEndingConference": SID}),
        ("/twilio/status", {"CallStatus": "completed", "DialCallDuration": "3"}),
    ],
)
def test_unknown_names_are_ignored(carrier: Poster, path: str, form: dict[str, str]) -> None:
    assert carrier.post(path, **form).status_code in (200, 204)


# telephony.md: a conference's notice has neither From nor To; nor may a new name that holds one be refused.
def test_a_new_name_with_a_short_one_in_it_is_no_moved_boundary(carrier: Poster) -> None:
    about = {"ConferenceSid": "CF" + "3" * 32, "AccountSid": ACCOUNT, "FriendlyName": "room-1"}
    notice = about | {"StatusCallbackEvent": "participant-join", "CallSidToCoach": SID, "FromNow": "1"}
    assert carrier.post("/twilio/conference", list(notice.items())).status_code == 204


@pytest.mark.parametrize("said", ["Timestamp is wrong in my report.", "Timestamp"])
def test_a_name_that_is_a_word_may_be_said(carrier: Poster, said: str) -> None:
    carrier.post("/twilio/voice")
    assert carrier.post("/twilio/voice/keys/1", SpeechResult=said).status_code == 200


def test_people_may_say_anything(carrier: Poster) -> None:
    carrier.post("/twilio/voice")
    said = "From Shanghai To Beijing Digits Direction 1"
    assert carrier.post("/twilio/voice/keys/1", SpeechResult=said, CallerName="To Wong").status_code == 200


# Twilio follows redirects, and signs the address that it follows: only the fixed addresses are any.
@pytest.mark.parametrize(
    "path", ["/twilio/voice/", "/twilio/voice/keys/1/", "/twilio/status/", "/twilio/VOICE"]
)
def test_an_address_with_more_at_its_end_is_none(carrier: Poster, path: str) -> None:
    assert carrier.post(path, Digits="1").status_code == 404

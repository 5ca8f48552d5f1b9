"""What an operator pastes at the carrier, and what `doctor` says of a number that has nothing of the kind."""

from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from callcenter.cli import make_app
from callcenter.cli.doctor import _announced

BASE = "https://hotline.example.com"
WHOLE = {
    "voice_url": f"{BASE}/twilio/voice",
    "voice_fallback_url": f"{BASE}/twilio/fallback",
    "status_callback": f"{BASE}/twilio/status",
}


# telephony.md, <Record>: without an `action` the carrier asks for the same text again, for ever.
def test_the_two_texts_take_a_message_and_say_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", BASE)
    told = CliRunner().invoke(make_app(), ["fallback", "--thanks", "https://static.example.net/thanks"])
    sorry, thanks = (
        ElementTree.fromstring(line.partition("?>")[2])
        for line in told.stdout.splitlines()
        if line.startswith("<?xml")
    )
    record = sorry.find("Record")
    assert record is not None
    assert record.attrib["action"] == "https://static.example.net/thanks"
    assert record.attrib["recordingStatusCallback"] == f"{BASE}/twilio/recording?from="
    assert {said.attrib["language"] for said in sorry.iter("Say")} == {"cmn-CN", "en-US"}
    assert [verb.tag for verb in thanks] == ["Say"] * 4 + ["Hangup"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("voice_fallback_url", "nobody speaks when we fail"),
        ("status_callback", "set its status callback"),
        ("voice_url", "set its voice URL"),
    ],
)
def test_doctor_names_what_a_number_lacks(missing: str, words: str) -> None:
    assert _announced("+8621", WHOLE, BASE).well
    lacks = _announced("+8621", WHOLE | {missing: ""}, BASE)
    assert not lacks.well
    assert words in lacks.said


def test_a_fallback_may_lie_elsewhere() -> None:
    assert _announced("+8621", WHOLE | {"voice_fallback_url": "https://static.example.net/sorry"}, BASE).well

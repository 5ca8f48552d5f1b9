"""Taking a message, as Twilio documents Record."""

import io
import wave

import pytest

from callcenter.simulator import Handset, Network
from tests.simulator.app import App
from tests.simulator.asking import redirect, rest
from tests.simulator.conftest import CALLER, HOTLINE

TAPE = '<Record action="/kept" recordingStatusCallback="/recording" {}/><Say>Nothing was said.</Say>'


def at_the_beep(net: Network, app: App, attributes: str = "") -> Handset:
    """Return a caller who may speak."""
    app.pages |= {"/voice": TAPE.format(attributes), "/kept": "<Say>Thank you.</Say>"}
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("beep")
    caller.waits(1)
    return caller


# Twilio, "<Record>": RecordingUrl, RecordingDuration, Digits = the key; the callback follows, then the file.
def test_a_message_ends_with_a_key(net: Network, app: App) -> None:
    caller = at_the_beep(net, app)
    caller.speaks("我的打印机不工作了，请给我回电话，谢谢。")
    caller.waits(6)
    caller.press("#")
    caller.hears("Thank you.")
    [kept] = app.told("/kept")
    assert (kept["Digits"], kept["RecordingDuration"]) == ("#", "6")
    path = f"/2010-04-01/Accounts/{net.world.settings.account_sid}/Recordings/{kept['RecordingSid']}.wav"
    auth = (net.world.settings.account_sid, net.world.settings.auth_token)
    assert net.rest.media(path, auth) is None
    assert app.told("/recording") == []
    net.run_for(5)
    [told] = app.told("/recording")
    assert (told["RecordingStatus"], told["RecordingSource"]) == ("completed", "RecordVerb")
    assert told["RecordingSid"] == kept["RecordingSid"]
    sound = net.rest.media(path, auth)
    assert sound is not None
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getnframes() / file.getframerate() == 6
    assert net.rest.media(path, None) is None
    assert caller.silences() == []


# Twilio, "<Record>": `timeout` 5 s of silence end it; what follows the last word is trimmed.
def test_a_message_ends_in_silence(net: Network, app: App) -> None:
    caller = at_the_beep(net, app)
    caller.speaks("请回电。")
    caller.speaks("谢谢。")
    caller.hears("Thank you.", within=10)
    assert app.told("/kept")[0]["Digits"] == ""
    assert app.told("/kept")[0]["RecordingDuration"] in ("2", "3")


# Twilio, "<Record>": an empty recording has no action; the document goes on; the recording is `absent`.
def test_an_empty_message_goes_on_behind_the_verb(net: Network, app: App) -> None:
    caller = at_the_beep(net, app)
    caller.hears("Nothing was said.", within=6)
    net.run_for(10)
    assert app.told("/kept") == []
    assert app.told("/recording") == []


# Twilio, "<Record>": Digits is `hangup` when the caller has gone.
def test_a_caller_who_hangs_up_leaves_his_message(net: Network, app: App) -> None:
    caller = at_the_beep(net, app)
    caller.speaks("请回电。")
    caller.waits(2)
    caller.hangs_up()
    [kept] = app.told("/kept")
    assert (kept["Digits"], kept["CallStatus"]) == ("hangup", "completed")
    net.run_for(5)
    assert len(app.told("/recording")) == 1


# Twilio, "<Record>": maxLength; finishOnKey limits the keys that end it.
@pytest.mark.parametrize("attributes", ['maxLength="4"', 'finishOnKey="#" maxLength="4"'])
def test_a_message_has_a_longest_length(net: Network, app: App, attributes: str) -> None:
    caller = at_the_beep(net, app, attributes)
    caller.speaks("一" * 100)
    if "finishOnKey" in attributes:
        caller.press("1")
    caller.hears("Thank you.", within=4)
    assert app.told("/kept")[0]["RecordingDuration"] == "4"


def test_a_redirected_caller_keeps_his_message(net: Network, app: App) -> None:
    app.pages["/elsewhere"] = "<Say>Somewhere else.</Say>"
    caller = at_the_beep(net, app)
    caller.speaks("请回电。")
    caller.waits(1)
    redirect(net, caller.sid, "/elsewhere")
    caller.hears("Somewhere else.")
    net.run_for(5)
    assert len(app.told("/recording")) == 1
    assert app.told("/kept") == []


# Twilio, "Recording resource": list, fetch, start on a live call, stop by Twilio.CURRENT, delete.
def test_recordings_by_rest(net: Network, app: App) -> None:
    app.pages["/voice"] = "<Say>Hello</Say><Pause length='60'/>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Hello")
    path = f"Calls/{caller.sid}/Recordings"
    assert rest(net, "POST", f"{path}/Twilio.CURRENT.json", ("Status", "stopped"))[0] == 404
    status, recording = rest(net, "POST", f"{path}.json")
    assert (status, recording["status"], recording["channels"]) == (201, "in-progress", 2)
    caller.waits(10)
    rest(net, "POST", f"{path}/Twilio.CURRENT.json", ("Status", "stopped"))
    net.run_for(5)
    [listed] = rest(net, "GET", f"{path}.json")[1]["recordings"]
    assert (listed["status"], listed["duration"], listed["source"]) == (
        "completed",
        "10",
        "StartCallRecordingAPI",
    )
    assert rest(net, "DELETE", f"Recordings/{listed['sid']}.json") == (204, None)
    assert rest(net, "GET", f"Recordings/{listed['sid']}.json")[0] == 404
    assert rest(net, "GET", "Recordings.json")[1]["recordings"] == []

"""Input that cannot be true, while people call: refused in clear words, and no caller notices."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import typer
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from typer.testing import CliRunner

from callcenter.calls.models import Call
from callcenter.cli.centre import register
from callcenter.tickets.models import Ticket
from tests.center import FULL, changed
from tests.journeys.conftest import ACCOUNT, PUBLIC_URL, TOKEN, Hotline
from tests.xinghe import HOTLINE

WORN = "9" * 200
MISTAKES = (
    ('name = "张伟"', 'name = "张\\u0007伟"', "control characters are not allowed"),
    ('number = "021-5555 0100"', 'number = "021-5555 0100 12345"', "lines[0].number: "),
    ("[policies]\n", "[policies]\nwrapup = 1\n", "policies.wrapup: unknown key"),
)


def posted(hotline: Hotline, path: str, **form: str) -> int:
    """Post a webhook as the carrier signs it; return the status."""
    told = {"AccountSid": ACCOUNT, "From": "+8613800138000", "To": HOTLINE, **form}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, told)  # type: ignore[no-untyped-call]
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return int(hotline.web.post(path, content=urlencode(told), headers=headers).status_code)


# Issue 3: "a centre file with mistakes while calls run: a clear error in log or API, nothing lost."
def test_a_file_with_mistakes_is_refused_and_the_calls_go_on(
    hotline: Hotline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.talks_with(wei, within=60)
    text = FULL
    for before, after, _ in MISTAKES:
        text = changed(text, before, after)
    said = applied(hotline, text, tmp_path, monkeypatch)
    for _, after, complaint in MISTAKES:
        line = text[: text.index(after.strip().splitlines()[-1])].count("\n") + 1
        (told,) = [each for each in said if each.startswith(f"{tmp_path / 'centre.toml'}:{line}: ")]
        assert complaint in told
    assert len(said) == len(MISTAKES), "each mistake once, and nothing else"
    caller.waits(20)
    caller.hangs_up()
    other = hotline.phone("+8613800138001").dials(HOTLINE)
    other.hears("您好，星河软件客服部。")
    other.hangs_up()
    hotline.settle()
    assert hotline.rows(Call)[0].outcome == "answered"
    hotline.assert_clean()


def applied(hotline: Hotline, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Apply a file as an operator does, which must be refused; return what he is told, a line each."""
    (folder / "centre.toml").write_text(text, "utf-8")
    url = hotline.work.db.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)
    result = CliRunner().invoke(app, ["apply", str(folder / "centre.toml")])
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr.splitlines()


STRANGERS: dict[str, dict[str, str]] = {
    "+8613800138000": {"CallerName": "\x07\x1b[2J" + "王" * 5000},
    "+": {},
    "+86" + "1" * 300: {},
    "<Hangup/>\n": {"CallerName": "</Say><Hangup/>"},
    "+0000": {"ForwardedFrom": "\x0b" * 500},
}


# telephony.md 11: the From of a call is whatever the networks made of it.
def test_whoever_calls_is_served(hotline: Hotline) -> None:
    hotline.agent("zhang-wei").rings_out()
    callers = [hotline.phone(who).dials(HOTLINE, **extras) for who, extras in STRANGERS.items()]
    for caller in callers:
        caller.hears("技术问题请按 1")
    for caller in callers:
        caller.press("1")
        caller.hears("服务单号")
    for caller in callers:
        caller.hangs_up()
    hotline.settle()
    assert len(hotline.rows(Ticket)) == len(callers)
    for call in hotline.rows(Call):
        assert hotline.call(call.sid)["outcome"].startswith("abandoned")
    hotline.assert_clean()


# "Digits from nowhere, wrong SIDs": signed, as the carrier signs everything, and about nothing that is.
def test_webhooks_about_nothing_change_nothing_for_who_waits(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.rings_out()
    caller = hotline.phone().dials(HOTLINE, presses=("1",))
    caller.waits(15)
    (call,) = hotline.rows(Call)
    before = hotline.call(call.sid)
    with capture_logs() as logs:
        answered = [posted(hotline, path, **form) for path, form in strange(call.sid)]
    assert answered == [status for status, _, _ in STRANGE]
    refused = [each["reason"] for each in logs if each["event"] == "webhook.refused"]
    assert len(refused) == answered.count(400), "whoever looks for the mistake finds each in the log"
    assert all(refused)
    assert hotline.call(call.sid) == before
    assert len(hotline.rows(Call)) == 1
    wei.answers(rings=1, presses="1")
    caller.talks_with(wei, within=120)
    caller.hangs_up()
    hotline.settle()
    hotline.assert_clean()


STRANGE = (
    (200, "/twilio/voice/keys/77", {"Digits": "1"}),
    (200, "/twilio/voice/keys/1", {"Digits": "1", "CallSid": "CA" + "e" * 32}),
    (400, "/twilio/voice/keys/1", {"Digits": "1", "CallSid": "CA123"}),
    (400, "/twilio/voice/keys/1", {"Digits": "1", "CallSid": "<Hangup/>"}),
    (400, "/twilio/voice/keys/1", {"Digits": "1\x07"}),
    (400, "/twilio/voice/keys/1", {"Digits": "一"}),
    (400, "/twilio/voice/nonsense/1", {"Digits": "1"}),
    (400, "/twilio/voice/keys/1", {"Digits": "1", "AccountSid": "AC" + "0" * 32}),
    (400, "/twilio/conference", {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}),
    (400, "/twilio/recording", {"RecordingSid": "RE1", "RecordingDuration": "1"}),
    (400, "/twilio/leg/nobody/proof", {}),
)


def strange(sid: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield requests about this call, or another that never was."""
    for _, path, form in STRANGE:
        yield path, {"CallSid": sid, **form}


# words.md: three failures at most; a caller who leans on the keypad ends with a person all the same.
def test_who_leans_on_the_keypad_is_led_to_a_person(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone().dials(HOTLINE, presses=(WORN, "ABCD", "##"))
    caller.talks_with(wei, within=120)
    caller.hangs_up()
    hotline.settle()
    hotline.assert_clean()


# RFC 9457: a problem says what was wrong, and where.
def test_what_the_api_refuses_is_told_by_its_place(hotline: Hotline) -> None:
    headers = {"Authorization": f"Bearer {hotline.supervisor}"}
    for number, line in (
        ("+" + "1" * 300, "hotline"), ("not a number", "hotline"), ("\x00", "hotline"), ("1\x07", "hotline"),
        ("+8613800138000", "x" * 5000), ("+8613800138000", "\x07"),
    ):  # fmt: skip
        asked = {"number": number, "line": line, "skill": "general"}
        answer = hotline.web.post("/api/v1/callbacks", json=asked, headers=headers)
        assert answer.status_code == 422, answer.text
        assert ("number" if line == "hotline" else "line") in answer.text
    assert hotline.get("/callbacks")["items"] == []


# HL-8: "The callback is promised for a definite time": nobody promises one at which nobody is there.
@pytest.mark.parametrize(
    ("due_at", "said"),
    [
        ("2026-11-23T09:00:00+08:00", "已经过去"),
        ("2026-11-24T03:00:00+08:00", "下次开放时间为 2026-11-24 09:00"),
        ("2026-11-24T12:30:00+08:00", "下次开放时间为 2026-11-24 13:30"),
        ("2027-01-01T10:00:00+08:00", "下次开放时间为 2027-01-04 09:00"),
        ("2026-11-24T10:00:00", "时区"),
    ],
    ids=["passed", "at night", "at lunch", "on a holiday", "without a zone"],
)
def test_a_time_that_nobody_can_keep_is_refused_with_the_next_one(
    hotline: Hotline, due_at: str, said: str
) -> None:
    headers = {"Authorization": f"Bearer {hotline.supervisor}", "Accept-Language": "zh-CN"}
    asked = {"number": "+8613800138000", "line": "guangzhou", "skill": "technical"}
    answer = hotline.web.post("/api/v1/callbacks", json=asked | {"due_at": due_at}, headers=headers)
    assert answer.status_code == 422
    assert said in answer.text
    assert hotline.get("/callbacks")["items"] == []
    open_then = asked | {"due_at": "2026-11-24T10:00:00+08:00"}
    made = hotline.web.post("/api/v1/callbacks", json=open_then, headers=headers)
    assert made.status_code == 201
    moved = hotline.web.post(
        f"/api/v1/callbacks/{made.json()['id']}/reschedule", json={"due_at": due_at}, headers=headers
    )
    assert moved.status_code == 422
    assert hotline.get(f"/callbacks/{made.json()['id']}")["due_at"] == made.json()["due_at"]

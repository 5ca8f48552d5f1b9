"""Webhooks at the door: signature first, then a schema; duplicates; what callers hear when we fail."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from starlette.responses import Response

from callcenter.calls.models import Call, CallEvent, Recording
from callcenter.jobs import Work
from callcenter.leases import Lease
from callcenter.switchboard.driver import HANG_UP
from callcenter.tickets.models import Ticket
from callcenter.web import twilio as bridge
from tests.web.twilio import ACCOUNT, SID, TOKEN, Poster, arrival

GREETING = "您好，星河软件客服部。"


def count(work: Work, table: type) -> int:
    """Count the rows of a table."""
    with work.db.reading() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_signed_call_is_greeted(carrier: Poster) -> None:
    answer = carrier.post("/twilio/voice")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert GREETING in answer.text


# A3: forgeries refused, "0 accepted, 0 5xx"; telephony.md 2: a missing header raises in the SDK.
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "nonsense"},
        {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"X-Twilio-Signature": "\u00e9".encode("latin-1").decode("latin-1")},
    ],
)
def test_an_unsigned_call_is_refused(carrier: Poster, work: Work, headers: dict[str, str]) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = carrier.raw("/twilio/voice", urlencode(arrival()).encode(), raw)  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert count(work, Call) == 0


def test_a_signature_with_another_token_is_refused(carrier: Poster) -> None:
    pairs = list(arrival().items())
    forged = carrier.sign("/twilio/voice", pairs, token=TOKEN + "x")
    answer = carrier.raw("/twilio/voice", urlencode(pairs).encode(), {"X-Twilio-Signature": forged})
    assert answer.status_code == 403


def test_forwarded_headers_of_strangers_change_nothing(carrier: Poster) -> None:
    carrier.headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Host": "evil.example",
    }
    assert carrier.post("/twilio/voice").status_code == 200, (
        "the public address is configured, never believed"
    )


@limits(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(carrier: Poster, position: int, bit: int) -> None:
    pairs = list(arrival().items())
    body = bytearray(urlencode(pairs).encode())
    body[position % len(body)] ^= 1 << bit
    answer = carrier.raw(
        "/twilio/voice", bytes(body), {"X-Twilio-Signature": carrier.sign("/twilio/voice", pairs)}
    )
    same = parse_qsl(bytes(body).decode("latin-1"), keep_blank_values=True) == pairs
    assert answer.status_code in ((200,) if same else (400, 403))


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"CallSid": "CA123"}, "no SID"),
        ({"CallSid": "CA" + "A" * 32}, "not as Twilio writes it"),
        ({"AccountSid": "AC" + "6" * 32}, "a foreign account"),
        ({"CallSid": SID + "0"}, "too long"),
    ],
)
def test_signed_but_not_for_us(carrier: Poster, work: Work, form: dict[str, str], why: str) -> None:
    assert carrier.post("/twilio/voice", **form).status_code == 400, why
    assert count(work, Call) == 0


# A4: "a Gather action without Digits or SpeechResult is 400".
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/twilio/voice/keys/1", {}),
        ("/twilio/voice/keys/1", {"Digits": "1;drop"}),
        ("/twilio/voice/queue/1", {"QueueResult": "whatever"}),
        ("/twilio/voice/talk/1", {}),
        ("/twilio/voice/recorded/1", {"RecordingDuration": "long"}),
        ("/twilio/voice/elsewhere/1", {}),
        ("/twilio/recording", {"RecordingSid": "REx"}),
        ("/twilio/recording", {"RecordingSid": "RE" + "7" * 32, "RecordingDuration": "\u00b2"}),
        ("/twilio/conference", {"ConferenceSid": "CF1"}),
        ("/twilio/recording/room/room-1", {"ConferenceSid": "CF" + "3" * 32}),
        ("/twilio/status", {"CallStatus": "vanished"}),
        ("/twilio/status", {"CallStatus": "completed", "Timestamp": "yesterday"}),
    ],
)
def test_a_field_that_is_needed_is_missing(carrier: Poster, path: str, form: dict[str, str]) -> None:
    carrier.post("/twilio/voice")
    before = carrier.post("/twilio/voice").text
    assert carrier.post(path, **form).status_code == 400
    assert carrier.post("/twilio/voice").text == before


# A6: "> 64 KB, chunked, 100,000 fields, bad UTF-8, NUL: 413/400".
@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % n for n in range(5_000)), "application/x-www-form-urlencoded", 400),
        (b"CallSid=%FF%FE", "application/x-www-form-urlencoded", 400),
        (b"CallSid=%00", "application/x-www-form-urlencoded", 400),
        (b'{"CallSid": "x"}', "application/json", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"", "application/x-www-form-urlencoded", 403),
        ("CallSid=\u4e2d".encode(), "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_small_form_is_refused(carrier: Poster, body: bytes, media: str, status: int) -> None:
    answer = carrier.raw("/twilio/voice", body, {"Content-Type": media, "X-Twilio-Signature": "x"})
    assert answer.status_code == status


def test_only_post(carrier: Poster) -> None:
    assert carrier.web.get("/twilio/voice").status_code == 405


# Architecture 2: "A key seen before gets the stored bytes again; concurrent duplicates wait on the row."
def test_concurrent_duplicates_make_one_call(carrier: Poster, work: Work) -> None:
    answers: list[str] = []
    start = threading.Barrier(6)

    def arrive() -> None:
        start.wait()
        answers.append(carrier.post("/twilio/voice").text)

    threads = [threading.Thread(target=arrive) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 6 and set(answers) == {answers[0]}
    assert GREETING in answers[0]
    assert count(work, Call) == 1


def test_a_gather_and_its_fall_through_share_a_turn(carrier: Poster, work: Work) -> None:
    carrier.post("/twilio/voice")
    pressed = carrier.post("/twilio/voice/keys/1", Digits="2").text
    assert carrier.post("/twilio/voice/next/1").text == pressed, "the first wins"
    assert count(work, Ticket) == 1


# A5: "replay is harmless"; a request of an earlier document gets the document in force.
def test_a_late_request_gets_the_document_in_force(carrier: Poster, work: Work) -> None:
    carrier.post("/twilio/voice")
    carrier.post("/twilio/voice/next/1")
    current = carrier.post("/twilio/voice/keys/2", Digits="9").text
    events = count(work, CallEvent)
    assert carrier.post("/twilio/voice/keys/7", Digits="1").text == current
    assert count(work, CallEvent) == events


# TwiML, Enqueue: a waitUrl takes Play, Say, Pause, Hangup, Redirect, Leave and Gather, nothing else.
def test_a_late_request_from_the_carriers_queue_gets_nothing_that_a_queue_refuses(carrier: Poster) -> None:
    carrier.post("/twilio/voice")
    assert "<Leave />" in carrier.post("/twilio/voice/wait/7").text
    assert "<Gather" in carrier.post("/twilio/voice/next/7").text


def test_an_address_of_a_leg_needs_its_token(carrier: Poster) -> None:
    path = "/twilio/leg/01930000-0000-7000-8000-000000000000/" + "0" * 32
    assert carrier.post(path).status_code == 400
    assert carrier.post("/twilio/progress/not-an-id/token", CallStatus="ringing").status_code == 400


def test_a_webhook_after_the_end_hears_only_the_hang_up(carrier: Poster, work: Work) -> None:
    assert "<Gather" in carrier.post("/twilio/voice").text
    assert carrier.post("/twilio/status", CallStatus="completed").status_code == 204
    with work.db.reading() as session:
        assert session.scalars(sa.select(Call.ended_at)).one() is not None
    events = count(work, CallEvent)
    assert "<Hangup" in carrier.post("/twilio/voice/keys/1", Digits="1").text
    assert count(work, Ticket) == 0
    assert count(work, CallEvent) == events


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, name: str, fault: object) -> Iterator[None]:
    """Let a part of the switchboard fail."""
    with monkeypatch.context() as patch:
        patch.setattr(name, fault)
        yield


# interface.md: "in voice an apology that still takes a message, never a bare 500".
def test_whatever_fails_the_caller_can_leave_a_message(
    carrier: Poster, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise RuntimeError("a bug")

    with broken(monkeypatch, "callcenter.web.voice.inbound.arrive", fails):
        answer = carrier.post("/twilio/voice")
    assert answer.status_code == 200
    assert "是我们的问题" in answer.text and "<Record" in answer.text and "Polly.Joanna" in answer.text
    assert count(work, Call) == 0


# Decision 6: "if the deadline won, it rolls back".
def test_the_deadline_apologises_and_keeps_nothing(
    carrier: Poster, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callcenter.switchboard import inbound

    real, release, done = inbound.arrive, threading.Event(), threading.Event()

    def slow(*given: object, **named: object) -> str:
        try:
            document = real(*given, **named)  # type: ignore[arg-type]
            assert release.wait(20)
            return document
        finally:
            done.set()

    monkeypatch.setattr(bridge, "DEADLINE_SECONDS", 0.3)
    with broken(monkeypatch, "callcenter.web.voice.inbound.arrive", slow):
        answer = carrier.post("/twilio/voice")
        assert "<Record" in answer.text
        release.set()
        assert done.wait(20)
    monkeypatch.setattr(bridge, "DEADLINE_SECONDS", 20.0)
    assert GREETING in carrier.post("/twilio/voice").text, "the writer's turn has come back"
    with work.db.reading() as session:
        assert session.scalars(sa.select(CallEvent.kind)).all().count("arrived") == 1


# Decision 72: whose COMMIT was refused is handled again, unless his caller was apologised to meanwhile.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("in_time", [True, False])
def test_who_was_refused_is_handled_again_while_his_caller_waits(
    carrier: Poster, work: Work, monkeypatch: pytest.MonkeyPatch, in_time: bool
) -> None:
    tries, done = [], threading.Event()

    def collides(_work: Work, session: Session, *_: object, **__: object) -> str:
        tries.append(len(tries))
        if len(tries) == 1:
            session.add_all(Lease(name="a", owner=owner, until=work.at()) for owner in ("one", "two"))
        elif not in_time:
            assert apologised.wait(20)
        session.add(Lease(name=f"of try {len(tries)}", owner="me", until=work.at()))
        return HANG_UP

    apologised, real = threading.Event(), bridge.Bridge._apologise

    async def apologises(*given: object) -> Response:
        answer = await real(*given)  # type: ignore[arg-type]
        apologised.set()
        return answer

    def transacts(*given: object) -> str | None:
        try:
            return transact(*given)  # type: ignore[arg-type]
        finally:
            if len(tries) == 2:
                done.set()

    transact = bridge.Bridge._transact
    monkeypatch.setattr(bridge.Bridge, "_transact", transacts)
    monkeypatch.setattr(bridge.Bridge, "_apologise", apologises)
    monkeypatch.setattr(bridge, "DEADLINE_SECONDS", 20.0 if in_time else 0.5)
    with broken(monkeypatch, "callcenter.web.voice.inbound.arrive", collides):
        answer = carrier.post("/twilio/voice").text
    assert done.wait(20)
    with work.db.reading() as session:
        kept = list(session.scalars(sa.select(Lease.name)))
    assert (answer == HANG_UP, kept) == ((True, ["of try 2"]) if in_time else (False, []))


def test_inside_the_carriers_queue_the_apology_is_music(
    carrier: Poster, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise RuntimeError("a bug")

    with broken(monkeypatch, "callcenter.web.voice.inbound.go_on", fails):
        answer = carrier.post("/twilio/voice/wait/3").text
    assert "<Play>" in answer and "/twilio/voice/wait/3" in answer
    assert "<Record" not in answer, "Twilio allows no Record in a waitUrl's document"


# reliability.md F: "every caller hears a sentence and can leave a message", and the message becomes a ticket.
def test_the_fallback_takes_a_message_and_finds_its_call(carrier: Poster, work: Work) -> None:
    answer = carrier.post(
        "/twilio/fallback", ErrorCode="11200", ErrorUrl="https://hotline.example.com/twilio/voice"
    )
    assert "<Record" in answer.text
    path = answer.text.partition('recordingStatusCallback="https://hotline.example.com')[2].partition('"')[0]
    path = path.replace("&amp;", "&")
    message = {"RecordingSid": "RE" + "7" * 32, "RecordingStatus": "completed", "RecordingDuration": "12"}
    form = {"CallSid": SID, "AccountSid": ACCOUNT} | message
    assert carrier.post(path, list(form.items())).status_code == 204
    with work.db.reading() as session:
        call = session.scalars(sa.select(Call)).one()
        ticket = session.scalars(sa.select(Ticket)).one()
        assert session.scalars(sa.select(Recording.call_id)).one() == call.id
    assert (call.from_number, call.fault, call.message_left) == ("+8613800138000", "fallback 11200", True)
    assert ticket.call_id == call.id
    carrier.post("/twilio/status", CallStatus="completed")
    with work.db.reading() as session:
        assert session.scalars(sa.select(Call.outcome)).one() == "voicemail"


def test_a_message_finds_its_call_even_without_any_row(carrier: Poster, work: Work) -> None:
    path = "/twilio/recording?" + urlencode({"from": "+8613800138000", "to": "+862155550100"})
    form = {"CallSid": SID, "AccountSid": ACCOUNT, "RecordingSid": "RE" + "8" * 32, "RecordingDuration": "9"}
    assert carrier.post(path, list(form.items())).status_code == 204
    with work.db.reading() as session:
        call = session.scalars(sa.select(Call)).one()
    assert (call.from_number, call.to_number) == ("+8613800138000", "+862155550100")
    assert count(work, Ticket) == 1


def test_the_hold_music_is_music(carrier: Poster) -> None:
    sound = carrier.web.get("/audio/hold.wav")
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.content[:4] == b"RIFF" and sound.content[20:24] == b"\x07\x00\x01\x00", "mu-law, one channel"
    assert 20 < (len(sound.content) - 58) / 8000 < 30, "about 25 s of mu-law at 8 kHz"
    assert 'loop="' in carrier.web.get("/audio/hold.xml").text

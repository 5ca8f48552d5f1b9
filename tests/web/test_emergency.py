"""The database is away: every caller hears a sentence, and what he says is a ticket when it is back."""

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from callcenter.calls.models import Call, CallEvent, Recording
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.settings import Settings
from callcenter.spool import DRAFT_SECONDS, UNUSABLE, Spool, unusable
from callcenter.tickets.models import Ticket, TicketEvent
from callcenter.web import twilio as bridge
from callcenter.web.apology import Tongues
from callcenter.web.app import create_app
from callcenter.web.recovery import MOST_TRIES, Recovery
from tests import xinghe
from tests.web.twilio import ACCOUNT, PUBLIC_URL, SID, Poster

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
TAPE = "RE" + "7" * 32
LEFT = {"RecordingSid": TAPE, "RecordingDuration": "12"}
SENTENCE = {"zh-CN": "系统出了故障，是我们的问题。", "en-US": "Our system has failed. The fault is ours."}


@pytest.fixture
def down(work: Work, settings: Settings) -> Iterator[Poster]:
    """The carrier's side of a process whose database is down; `work`'s is the one that comes back."""
    xinghe.open_centre(work)
    with TestClient(create_app(replace(work, db=Database(NOWHERE)), settings), base_url=PUBLIC_URL) as web:
        yield Poster(web)


def recover(work: Work, settings: Settings) -> None:
    """Let a process that has the database look into the spool once."""
    assert Recovery(work, Spool(settings.spool_dir), Tongues()).look()


def spooled(settings: Settings) -> list[str]:
    """Return the names of what is in the spool, without what they are about."""
    return sorted(path.name.partition("-")[0] for path in Spool(settings.spool_dir).files())


def rows(work: Work, table: type) -> list:  # type: ignore[type-arg]
    """Look straight into a table."""
    with work.db.reading() as session:
        return list(session.scalars(sa.select(table)))


def callback_of(document: str) -> str:
    """Return where an apology's recording is announced, as the carrier asks for it."""
    record = ElementTree.fromstring(document).find("Record")
    assert record is not None, document
    return record.attrib["recordingStatusCallback"].removeprefix(PUBLIC_URL)


def leaves_message(carrier: Poster, document: str, **form: str) -> int:
    """Announce the message that was left after this apology."""
    told = {"CallSid": SID, "AccountSid": ACCOUNT, "RecordingStatus": "completed"} | LEFT | form
    return int(carrier.post(callback_of(document), list(told.items())).status_code)


# reliability.md F: "every caller hears a sentence and can leave a message [...] emergency recordings are
# spooled", and the ticket exists after the recovery.
def test_a_message_left_while_the_database_is_down_becomes_a_ticket(
    down: Poster, work: Work, settings: Settings
) -> None:
    answer = down.post("/twilio/voice")
    assert all(sentence in answer.text for sentence in SENTENCE.values())
    assert leaves_message(down, answer.text) == 204
    assert spooled(settings) == ["apology", "message"]
    recover(work, settings)
    assert spooled(settings) == []
    (call,), (ticket,) = rows(work, Call), rows(work, Ticket)
    assert (call.sid, call.from_number, call.message_left) == (SID, "+8613800138000", True)
    assert call.fault == "apology error"
    assert (ticket.channel, ticket.kind, ticket.emergency, ticket.call_id) == (
        "phone",
        "general",
        True,
        call.id,
    )
    assert [tape.sid for tape in rows(work, Recording)] == [TAPE]
    assert [promise.rule for promise in rows(work, Promise)] == ["TK-3"]


# Record's action and the recording's callback both tell of it, in any order, before and after the recovery.
def test_a_message_told_of_again_and_again_is_one_ticket(
    down: Poster, work: Work, settings: Settings
) -> None:
    answer = down.post("/twilio/voice").text
    thanks = down.post("/twilio/fallback/thanks", **LEFT)
    assert "您的留言已经录好" in thanks.text and "has been recorded" in thanks.text
    leaves_message(down, answer)
    recover(work, settings)
    leaves_message(down, answer)
    down.post("/twilio/fallback/thanks", **LEFT)
    recover(work, settings)
    assert len(rows(work, Ticket)) == len(rows(work, Call)) == len(rows(work, Recording)) == 1
    assert len(rows(work, CallEvent)) == 2, "that it came, and the apology"


# What no database takes, however well it is, must not keep the messages behind it from coming home.
def test_a_file_that_cannot_be_used_stops_no_other(down: Poster, work: Work, settings: Settings) -> None:
    leaves_message(down, down.post("/twilio/voice").text)
    (older,) = (path for path in Spool(settings.spool_dir).files() if path.name.startswith("message"))
    content = json.loads(older.read_bytes())
    bad = content | {"sid": "RE" + "0" * 32, "call_sid": "CA" + "0" * 32, "seconds": 2**70}
    older.with_name("message-0.json").write_text(json.dumps(bad))
    os.utime(older.with_name("message-0.json"), (0, 0))
    recover(work, settings)
    assert len(rows(work, Ticket)) == 1
    assert spooled(settings) == ["message"], "it is tried again"


# It is tried five times, told in the log when it fails first and when it is given up, and then lies aside.
def test_a_file_that_cannot_be_used_is_put_aside(down: Poster, work: Work, settings: Settings) -> None:
    leaves_message(down, down.post("/twilio/voice").text)
    recovery, spool = Recovery(work, Spool(settings.spool_dir), Tongues()), Spool(settings.spool_dir)
    (path,) = (path for path in spool.files() if path.name.startswith("message"))
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"seconds": 2**70}))
    with capture_logs() as told:
        for _ in range(MOST_TRIES + 2):
            assert recovery.look()
    said = [line["event"] for line in told if line["log_level"] == "error"]
    assert said == ["recovery.file_failed", "spool.unusable"]
    assert spool.files() == []
    assert [path.name for path in (settings.spool_dir / UNUSABLE).iterdir()] == [path.name]
    path.write_text("[]")
    for _ in range(MOST_TRIES):
        recovery.look()
    assert unusable(settings.spool_dir) == 1, "the same once more"


def test_what_killed_processes_left_half_written_is_removed(work: Work, settings: Settings) -> None:
    folder = settings.spool_dir
    folder.mkdir()
    for name, age in (("old", DRAFT_SECONDS + 60), ("new", 0)):
        draft = folder / f".message-{name}.json.17-4711"
        draft.write_text('{"kind": "mess')
        os.utime(draft, (time.time() - age,) * 2)
    recover(work, settings)
    assert [path.name for path in folder.iterdir()] == [".message-new.json.17-4711"]


# A file goes only after its commit: a process that is killed in between has it brought home again.
def test_a_process_that_is_killed_while_it_brings_home_changes_nothing(
    down: Poster, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves_message(down, down.post("/twilio/voice").text)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "forget", lambda *_: None)
        recover(work, settings)
    assert spooled(settings) == ["apology", "message"]
    recover(work, settings)
    assert spooled(settings) == []
    assert len(rows(work, Ticket)) == 1


def test_a_database_that_is_still_away_loses_nothing(down: Poster, work: Work, settings: Settings) -> None:
    leaves_message(down, down.post("/twilio/voice").text)
    away = replace(work, db=Database(NOWHERE))
    assert not Recovery(away, Spool(settings.spool_dir), Tongues()).look()
    assert spooled(settings) == ["apology", "message"]


# A caller who chose from the menu has a ticket already: it is this one that is urgent now.
def test_a_message_on_a_call_that_has_a_ticket_marks_that_one(
    carrier: Poster, work: Work, settings: Settings
) -> None:
    carrier.post("/twilio/voice")
    carrier.post("/twilio/voice/keys/1", Digits="1")
    (before,) = rows(work, Ticket)
    with TestClient(create_app(replace(work, db=Database(NOWHERE)), settings), base_url=PUBLIC_URL) as web:
        away = Poster(web)
        answer = away.post("/twilio/voice/queue/2", QueueResult="leave")
        assert leaves_message(away, answer.text) == 204
    recover(work, settings)
    recover(work, settings)
    (ticket,) = rows(work, Ticket)
    assert (ticket.number, ticket.kind, before.emergency, ticket.emergency) == (
        before.number,
        "technical",
        False,
        True,
    )
    assert [event.kind for event in rows(work, TicketEvent)].count("message") == 1


# The caller has spoken already: he is not asked to speak again because the database went in between.
def test_who_has_just_left_a_message_is_not_asked_for_another(
    down: Poster, work: Work, settings: Settings
) -> None:
    answer = down.post("/twilio/voice/recorded/3", **LEFT)
    assert "<Record" not in answer.text and "您的留言已经录好" in answer.text
    assert spooled(settings) == ["message"]
    recover(work, settings)
    assert [ticket.emergency for ticket in rows(work, Ticket)] == [False], "he was asked for it as usual"


# What the conversation itself has asked for is no emergency, whatever is away when the carrier tells of it.
def test_an_ordinary_message_that_is_spooled_stays_an_ordinary_one(
    down: Poster, work: Work, settings: Settings
) -> None:
    form = {"CallSid": SID, "AccountSid": ACCOUNT} | LEFT
    assert down.post("/twilio/recording", list(form.items())).status_code == 204
    assert spooled(settings) == ["message"]
    recover(work, settings)
    (ticket,) = rows(work, Ticket)
    assert (ticket.kind, ticket.emergency) == ("general", False)


# A talk's recording is not lost either.
def test_a_talks_recording_is_spooled_too(down: Poster, settings: Settings) -> None:
    form = {"ConferenceSid": "CF" + "3" * 32, "AccountSid": ACCOUNT} | LEFT
    assert down.post(f"/twilio/recording/room/room-{UUID(int=7).hex}", list(form.items())).status_code == 204
    assert spooled(settings) == ["talk"]


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every sync fail as on a full disk."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        yield


# With the disk full as well, the carrier is told the truth; the caller hears his sentence all the same.
def test_with_a_full_disk_the_caller_is_heard_and_the_carrier_told(
    down: Poster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_disk(monkeypatch):
        answer = down.post("/twilio/voice")
        assert answer.status_code == 200
        assert leaves_message(down, answer.text) == 500
        assert "您的留言已经录好" in down.post("/twilio/fallback/thanks", **LEFT).text
    assert spooled(settings) == []


# Twilio, <Record>: `RecordingStatus` may be `absent`: nothing was said.
def test_an_empty_recording_is_no_message(down: Poster, work: Work, settings: Settings) -> None:
    answer = down.post("/twilio/voice")
    leaves_message(down, answer.text, RecordingStatus="absent", RecordingDuration="0")
    recover(work, settings)
    assert rows(work, Ticket) == []


# The deadline (decision 6) holds for what the caller waits for, and for a recording that can be spooled.
def test_a_hung_database_delays_no_recording(
    carrier: Poster, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "DEADLINE_SECONDS", 0.2)
    path = "/twilio/recording?from=%2B8613800138000&to=%2B862155550100"
    form = {"CallSid": SID, "AccountSid": ACCOUNT} | LEFT
    with hung(work):
        assert carrier.post(path, list(form.items())).status_code == 204
        assert spooled(settings) == ["message"]
    recover(work, settings)
    assert len(rows(work, Ticket)) == 1


@contextmanager
def hung(work: Work) -> Iterator[None]:
    """Let nothing be written: somebody holds the tables, on SQLite the writers' turn."""
    with work.db.transaction() as session:
        if work.db.url.startswith("postgresql"):
            session.execute(sa.text("LOCK TABLE legs, calls IN ACCESS EXCLUSIVE MODE"))
        yield


# Inside the carrier's queue nothing can be recorded: the sentence is said there, and the way leads out.
def test_in_the_queue_the_caller_hears_the_sentence_and_is_led_out(down: Poster) -> None:
    path, heard = "/twilio/voice/wait/3", []
    for _ in range(3):
        verbs = list(ElementTree.fromstring(down.post(path).text))
        heard.append([verb.tag for verb in verbs])
        path = (verbs[-1].text or "").removeprefix(PUBLIC_URL)
    assert heard[0] == ["Play", "Redirect"]
    assert heard[1] == ["Say"] * 4 + ["Play", "Redirect"]
    assert heard[2] == ["Say"] * 4 + ["Leave"]
    assert "<Record" in down.post("/twilio/voice/queue/3", QueueResult="leave").text


# "In the line's language(s) where known": as this process last read them.
def test_the_apology_speaks_the_lines_languages(work: Work, carrier: Poster, settings: Settings) -> None:
    with work.transaction() as session:
        session.execute(sa.update(Line).where(Line.number == xinghe.HOTLINE).values(languages=["en-US"]))
    tongues = Tongues()
    Recovery(work, Spool(settings.spool_dir), tongues).look()
    assert tongues.of(xinghe.HOTLINE) == ("en-US",)
    assert tongues.of("+861000000000") == ("zh-CN", "en-US"), "of a line that nobody knows: all"


def test_a_line_in_one_language_is_apologised_to_in_that(
    work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    xinghe.open_centre(work)
    monkeypatch.setattr(Tongues, "of", lambda *_: ("en-US",))
    with TestClient(create_app(replace(work, db=Database(NOWHERE)), settings), base_url=PUBLIC_URL) as web:
        answer = Poster(web).post("/twilio/voice").text
        assert SENTENCE["en-US"] in answer and "。" not in answer


# A number in an address that nobody encoded has lost its plus (a form reads it as a blank).
def test_a_number_that_lost_its_plus_on_the_way_is_read(
    carrier: Poster, work: Work, settings: Settings
) -> None:
    form = {"CallSid": SID, "AccountSid": ACCOUNT} | LEFT
    carrier.post("/twilio/recording?from=+8613800138000&to=+862155550100", list(form.items()))
    (call,) = rows(work, Call)
    assert (call.from_number, call.to_number) == ("+8613800138000", xinghe.HOTLINE)


def test_the_address_of_a_recording_carries_no_more_than_the_two_numbers(down: Poster) -> None:
    path = urlsplit(callback_of(down.post("/twilio/voice").text))
    assert path.path == "/twilio/recording"
    assert dict(parse_qsl(path.query)) == {"from": "+8613800138000", "to": xinghe.HOTLINE}

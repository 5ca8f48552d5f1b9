"""A web process that is killed: what it told the carrier is on the disk, and comes home with the next.

One that is asked to end (SIGTERM) answers first what it has begun.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
import sqlalchemy as sa
from twilio.request_validator import RequestValidator

from callcenter.calls.models import Call
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.db import Database
from callcenter.tickets.models import Ticket
from tests import xinghe
from tests.cli.test_processes import SECRET, environment, free_ports
from tests.waiting import until

ACCOUNT, TOKEN = "AC" + "0123456789abcdef" * 2, "token"
CALL = {"CallSid": "CA" + "1" * 32, "AccountSid": ACCOUNT, "From": "+8613800138000", "To": xinghe.HOTLINE}
LEFT = {"RecordingSid": "RE" + "7" * 32, "RecordingDuration": "12", "RecordingStatus": "completed"}


@contextmanager
def web(folder: Path, port: int, database_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `callcenter web` in a folder until it is killed."""
    environ = environment(
        PORT=str(port), SECRET_KEY=SECRET, TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN,
        TWILIO_API_URL="http://127.0.0.1:9", DATABASE_URL=database_url, REDIS_URL="unix:///nowhere.sock",
    )  # fmt: skip
    command = [sys.executable, "-m", "callcenter.cli", "web"]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
        try:
            until(lambda: _lives(process, port), 60)
            yield process
        finally:
            process.kill()
            process.wait()


def _lives(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5).ok
    except requests.ConnectionError:
        return False


def post(port: int, path: str, form: dict[str, str]) -> requests.Response:
    """Post as the carrier does."""
    url = f"http://127.0.0.1:{port}{path}"
    signed = RequestValidator(TOKEN).compute_signature(url, form)
    return requests.post(url, data=form, headers={"X-Twilio-Signature": signed}, timeout=30)


@pytest.fixture
def database(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """The database that comes back, with the example centre in it."""
    path = tmp_path / "callcenter.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    made = Database(f"sqlite:///{path}")
    with made.transaction() as session:
        apply_centre(session, parse(xinghe.FILE.read_text(), xinghe.FILE.name), _now())
    yield made
    made.dispose()


def _now():  # type: ignore[no-untyped-def]
    from callcenter import clock

    return clock.system()


# reliability.md F: "app killed: every caller hears a sentence and can leave a message", and the message is
# kept from the very moment at which the carrier is told so.
def test_a_message_outlives_the_process_that_took_it(tmp_path: Path, database: Database) -> None:
    port = free_ports()
    with web(tmp_path, port, "postgresql+psycopg://nobody@127.0.0.1:9/nothing") as process:
        assert "<Record" in post(port, "/twilio/voice", CALL | {"CallStatus": "ringing"}).text
        told = post(port, "/twilio/recording?from=%2B8613800138000&to=%2B862155550100", CALL | LEFT)
        os.kill(process.pid, signal.SIGKILL)
    assert told.status_code == 204
    log = (tmp_path / "log").read_text()
    assert "13800138000" not in log, "a number has its last four digits in a log"
    with web(tmp_path, port, database.url):
        until(lambda: len(tickets(database)) == 1, 30)
    assert tickets(database)[0].emergency


def tickets(database: Database) -> list[Ticket]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Ticket)))


def promise(port: int, path: str, form: dict[str, str]) -> socket.socket:
    """Post the head of a webhook, and return when the application waits for its body.

    RFC 9110, 10.1.1: a server sends 100 (Continue) when it is about to read the content.
    """
    url = f"http://127.0.0.1:{port}{path}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nExpect: 100-continue\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(urlencode(form))}\r\n"
        f"X-Twilio-Signature: {RequestValidator(TOKEN).compute_signature(url, form)}\r\n\r\n"
    )
    begun = socket.create_connection(("127.0.0.1", port), timeout=60)
    begun.sendall(head.encode())
    told = b""
    while not told.endswith(b"\r\n\r\n"):
        told += begun.recv(1)
    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    return begun


def refuses(port: int) -> bool:
    """Whether nobody listens any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return True
    return False


# docs/operate.md: "SIGTERM drains: a web process answers what it has begun". A balancer that finds nobody
# listening goes elsewhere; the caller whose webhook was under way hears what he would have heard.
def test_a_process_that_is_asked_to_end_answers_first_what_it_has_begun(
    tmp_path: Path, database: Database
) -> None:
    port, form = free_ports(), CALL | {"CallStatus": "ringing"}
    with web(tmp_path, port, database.url) as process:
        with promise(port, "/twilio/voice", form) as begun:
            process.send_signal(signal.SIGTERM)
            until(lambda: refuses(port), 60)
            begun.sendall(urlencode(form).encode())
            answer = begun.makefile("rb").read().decode()
        status = process.wait(60)
    assert answer.startswith("HTTP/1.1 200 OK")
    assert "<Response>" in answer
    assert status == 0, "who asked it to end would call that a crash"
    with database.reading() as session:
        assert session.scalars(sa.select(Call.sid)).all() == [CALL["CallSid"]]

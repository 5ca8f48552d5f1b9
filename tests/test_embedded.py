"""The embedded Valkey: real, supervised, durable, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.bell import connect
from callcenter.embedded import LONGEST_SOCKET_PATH, EmbeddedValkey
from callcenter.errors import Unavailable
from tests.servers import ROOT, alive
from tests.waiting import until

SUPERVISOR = """
import sys
from pathlib import Path
from callcenter.embedded import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def _kill(server: EmbeddedValkey) -> None:
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.answers())


def test_it_is_a_real_server_at_its_address(valkey: EmbeddedValkey) -> None:
    valkey.start()
    assert connect(valkey.url).info("server")["tcp_port"] == 0
    assert connect(valkey.url).config_get("appendonly") == {"appendonly": "yes"}


def test_it_is_started_again_when_it_dies_and_has_forgotten_nothing(valkey: EmbeddedValkey) -> None:
    valkey.start()
    connect(valkey.url).set("kept", "1")
    first = valkey.pid
    until(lambda: connect(valkey.url).info("persistence")["aof_pending_bio_fsync"] == 0)
    _kill(valkey)
    until(lambda: valkey.pid != first or bool(valkey.tend()))
    assert valkey.pid != first
    assert connect(valkey.url).get("kept") == b"1"


def test_one_that_does_not_start_again_is_tried_until_it_does(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey.start()
    with monkeypatch.context() as broken:
        broken.setattr(valkey, "_command", lambda: ["/bin/false"])
        _kill(valkey)
        until(lambda: bool(valkey.tend()) or (valkey._server is not None and valkey._server.poll() == 1))
        assert not valkey.answers()
    until(lambda: bool(valkey.tend()) or valkey.answers())


def test_tending_a_living_server_changes_nothing(valkey: EmbeddedValkey) -> None:
    valkey.start()
    first = valkey.pid
    valkey.tend()
    assert valkey.pid == first


def test_two_of_them_never_share_a_folder(valkey: EmbeddedValkey) -> None:
    valkey.start()
    with pytest.raises(Unavailable, match="already runs"):
        EmbeddedValkey(valkey._folder).start()
    assert valkey.answers()


def test_it_dies_with_a_supervisor_that_was_killed(directory: Path, tmp_path: Path) -> None:
    folder = directory / tmp_path.name
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout
        server = int(supervisor.stdout.readline())
        supervisor.kill()
        until(lambda: not alive(server))


# Where the kernel has no parent-death signal a server can be left behind; the next start ends it.
def test_a_server_that_was_left_behind_is_ended_first(valkey: EmbeddedValkey) -> None:
    valkey.start()
    left, valkey._server = valkey._server, None
    assert left
    assert valkey._lock
    valkey._lock.close()
    valkey.start()
    assert left.wait(10) == 0
    assert valkey.answers()


def test_a_long_folder_still_gets_a_socket(directory: Path) -> None:
    server = EmbeddedValkey(directory / ("long" * 30))
    assert len(server.url.removeprefix("unix://")) <= LONGEST_SOCKET_PATH
    server.start()
    try:
        assert connect(server.url).ping()
    finally:
        server.stop()


def test_one_that_cannot_start_says_where_to_look(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "_command", lambda: ["/bin/false"])
    with pytest.raises(Unavailable, match=r"valkey\.log"):
        valkey.start()

"""The supervisor: what dies is started again, what is told to end ends, nothing is left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter import supervisor
from callcenter.supervisor import Part, Supervisor
from tests.servers import ROOT, alive
from tests.waiting import until

STAYS = "import os, pathlib, signal; pathlib.Path('{}').write_text(str(os.getpid())); signal.pause()"
DIES = "open('{}', 'a').write('x')"
STUBBORN = (
    "import os, pathlib, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " pathlib.Path('{}').write_text(str(os.getpid())); [signal.pause() for _ in iter(int, 1)]"
)
SUPERVISED = """
import sys, threading
from callcenter.supervisor import Part, Supervisor
Supervisor([Part("a", [sys.executable, "-c", sys.argv[1]], {})]).run(threading.Event())
"""


class Running:
    """A supervisor in the test's own process. Its children watch the thread that started them."""

    def __init__(self, *parts: Part) -> None:
        self.stop = threading.Event()
        self.status: int | None = None
        self._thread = threading.Thread(target=self._run, args=(Supervisor(parts),))
        self._thread.start()

    def _run(self, it: Supervisor) -> None:
        self.status = it.run(self.stop)

    def ends(self) -> int | None:
        self._thread.join(30)
        return self.status


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "note"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same rules in less time."""
    for name in ("LOOK_SECONDS", "AGAIN_SECONDS"):
        monkeypatch.setattr(supervisor, name, 0.02)
    monkeypatch.setattr(supervisor, "DRAIN_SECONDS", 1.0)
    yield


def part(code: str, note: Path) -> Part:
    return Part("part", [sys.executable, "-c", code.format(note)], dict(os.environ))


def pid(note: Path) -> int:
    until(lambda: note.exists() and note.read_text().isdigit())
    return int(note.read_text())


def test_a_part_that_dies_is_started_again(note: Path) -> None:
    running = Running(part(STAYS, note))
    first = pid(note)
    os.kill(first, signal.SIGKILL)
    until(lambda: pid(note) != first)
    second = pid(note)
    running.stop.set()
    assert running.ends() == 0
    assert not alive(second)


def test_a_part_that_dies_again_and_again_ends_everything(note: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    running = Running(part(STAYS, other), part(DIES, note))
    assert running.ends() == 1
    assert note.read_text() == "x" * supervisor.HOPELESS_DEATHS
    assert not alive(pid(other))


def test_a_part_that_will_not_end_is_killed(note: Path) -> None:
    running = Running(part(STUBBORN, note))
    stubborn = pid(note)
    running.stop.set()
    assert running.ends() == 0
    assert not alive(stubborn)


def test_the_parts_die_with_a_supervisor_that_was_killed(note: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SUPERVISED, STAYS.format(note)], cwd=ROOT) as process:
        child = pid(note)
        process.kill()
        until(lambda: not alive(child))


def test_what_else_needs_care_is_tended(note: Path) -> None:
    tended = threading.Event()
    stop = threading.Event()
    thread = threading.Thread(target=Supervisor([], tend=tended.set).run, args=(stop,))
    thread.start()
    assert tended.wait(10)
    stop.set()
    thread.join(10)

"""`callcenter up` as a real installation: everything answers, survives, and ends together."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.cli.processes import take_to_head
from callcenter.cli.wire import ask
from callcenter.settings import load_settings
from tests.servers import ROOT, alive
from tests.waiting import until

SECRET = "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh"


def free_ports() -> int:
    """Return the first of two neighbouring ports that nobody uses just now."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def environment(**more: str) -> dict[str, str]:
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return plain | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | more


def children(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if listed.exists():
        return [int(child) for child in listed.read_text().split()]
    asked = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in asked.stdout.split()]


class Installation:
    """A `callcenter up` on a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()
        environ = environment(
            PORT=str(self.port),
            SECRET_KEY=SECRET,
            TWILIO_ACCOUNT_SID="AC" + "0123456789abcdef" * 2,
            TWILIO_AUTH_TOKEN="token",
            TWILIO_API_URL="http://127.0.0.1:9",
        )
        command = [sys.executable, "-m", "callcenter.cli", "up", "--workers", "1"]
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=self.log, stderr=self.log)

    def health(self) -> Any:
        return ask(f"http://127.0.0.1:{self.port}/health/ready").body

    def is_whole(self) -> bool:
        assert self.process.poll() is None, Path(self.log.name).read_text()
        return self.health() == {"status": "ready", "degraded": []}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.process.kill()
    installation.process.wait()
    installation.log.close()


def test_everything_comes_up_by_itself_and_ends_together(up: Installation) -> None:
    until(up.is_whole, 60)
    parts = children(up.process.pid)
    assert len(parts) == 4  # Web, clock, one worker, Valkey.
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(60) == 0
    assert not any(alive(part) for part in parts)


def test_it_outlives_the_death_of_each_of_its_parts(up: Installation) -> None:
    until(up.is_whole, 60)
    before = children(up.process.pid)
    for part in before:
        os.kill(part, signal.SIGKILL)
    until(lambda: len(set(children(up.process.pid)) - set(before)) == len(before), 60)
    until(up.is_whole, 60)


def test_its_parts_die_with_it(up: Installation) -> None:
    until(up.is_whole, 60)
    parts = children(up.process.pid)
    up.process.kill()
    until(lambda: not any(alive(part) for part in parts))


@pytest.mark.parametrize("name", ["web", "worker", "clock"])
def test_a_process_alone_without_redis_says_what_it_lacks(tmp_path: Path, name: str) -> None:
    account = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "token"}
    environ = environment(SECRET_KEY=SECRET, **account)
    ran = subprocess.run(
        [sys.executable, "-m", "callcenter.cli", name],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "REDIS_URL is not set" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_migrate_says_where_the_schema_is(tmp_path: Path) -> None:
    environ = environment()
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-m", "callcenter.cli", "migrate"],
            cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert ran.stdout.startswith("The schema is at 0")
    assert (tmp_path / "var" / "callcenter.sqlite").exists()


# MIGRATE_DATABASE_URL is the schema's owner, where the application's role may not change tables.
def test_the_schemas_owner_migrates(tmp_path: Path) -> None:
    ours, owners = (f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("ours", "owners"))
    take_to_head(load_settings({"DATABASE_URL": ours, "MIGRATE_DATABASE_URL": owners}))
    assert (tmp_path / "owners.sqlite").exists()
    assert not (tmp_path / "ours.sqlite").exists()

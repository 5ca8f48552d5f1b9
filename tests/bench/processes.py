"""The servers under measurement: real processes, and what they cost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil

from callcenter.children import spawn
from tests.bench.ground import SECRET, Ground, cpu_seconds
from tests.servers import ROOT
from tests.waiting import until
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN

PATIENCE_SECONDS = 30.0
_NUMBERS = count(1)
_LIVE = b"GET /health/live HTTP/1.1\r\nHost: hotline.example.com\r\nConnection: close\r\n\r\n"


@dataclass
class Server:
    """A server that answers."""

    port: int
    process: psutil.Process
    ready_seconds: float
    log: Path

    def complaints(self) -> list[str]:
        """Return what the server has logged so far, a line each."""
        return self.log.read_text(errors="replace").splitlines()

    @property
    def cpu_seconds(self) -> float:
        """CPU used so far, all threads."""
        return cpu_seconds(self.process)

    @property
    def resident_mb(self) -> float:
        """Resident memory now, in MB (10^6 bytes)."""
        return float(self.process.memory_info().rss) / 1e6


def environment(ground: Ground, database_url: str) -> dict[str, str]:
    """Return what a web process needs to know."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": ground.redis_url,
        "PUBLIC_URL": PUBLIC_URL,
        "SECRET_KEY": SECRET,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "SPOOL_DIR": str(ground.folder / "spool"),
    }


@contextmanager
def product(ground: Ground, database_url: str, *, port: int | None = None, **other: str) -> Iterator[Server]:
    """Yield the product's own web process, `callcenter web`, as operators start it; `other` are settings."""
    port = port or free_port()
    command = [sys.executable, "-m", "callcenter.cli", "web"]
    given = environment(ground, database_url) | {"PORT": str(port)} | other
    with _serving(command, port, given, ground.folder / f"web-{port}.log") as server:
        yield server


@contextmanager
def static(ground: Ground) -> Iterator[Server]:
    """Yield the floor."""
    with _other(ground, "static", {}) as server:
        yield server


@contextmanager
def naive(ground: Ground, database_url: str) -> Iterator[Server]:
    """Yield the straightforward version."""
    with _other(ground, "naive", environment(ground, database_url)) as server:
        yield server


@contextmanager
def _other(ground: Ground, kind: str, given: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.serve", kind, str(port)]
    with _serving(command, port, given, ground.folder / f"{kind}-{port}.log") as server:
        yield server


@contextmanager
def background(
    ground: Ground, name: str, command: Sequence[str], given: Mapping[str, str] | None = None
) -> Iterator[psutil.Process]:
    """Run a process that is asked nothing here; what it says goes into a file of this name."""
    with (ground.folder / f"{name}.log").open("wb") as said:
        process = spawn(command, cwd=ROOT, env=clean_environ(given or {}), stdout=said, stderr=said)
    try:
        yield psutil.Process(process.pid)
    finally:
        _stop(process)


@contextmanager
def running(
    ground: Ground, database_url: str, api_url: str, name: str, **other: str
) -> Iterator[psutil.Process]:
    """Run one of the product's processes that nobody posts to, `worker` or `clock`."""
    given = environment(ground, database_url) | {"TWILIO_API_URL": api_url} | other
    said_in = f"{name}-{next(_NUMBERS)}"
    with background(ground, said_in, [sys.executable, "-m", "callcenter.cli", name], given) as process:
        yield process


@contextmanager
def _serving(command: Sequence[str], port: int, given: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Start a process and yield it when it answers; what it said is told when it does not."""
    begun = time.perf_counter()
    with log.open("wb") as said:
        process = spawn(command, cwd=ROOT, env=clean_environ(given), stdout=said, stderr=said)
    try:
        try:
            until(lambda: process.poll() is not None or listens(port), PATIENCE_SECONDS, every=0.005)
        except TimeoutError:
            process.kill()
        ready_seconds = time.perf_counter() - begun
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(command)} does not answer:\n{log.read_text()}")
        yield Server(port, psutil.Process(process.pid), ready_seconds, log)
    finally:
        _stop(process)


def clean_environ(given: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours but what the interpreter needs: the caller's settings must not leak into a figure."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | dict(given)


def listens(port: int) -> bool:
    """Say whether a web process answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as wire:
            wire.sendall(_LIVE)
            return wire.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        return int(wire.getsockname()[1])

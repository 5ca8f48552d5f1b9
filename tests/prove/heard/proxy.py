"""A wire to PostgreSQL that can be cut, or hold everything back while it stays connected."""

import contextlib
import socket
import threading

import sqlalchemy as sa


class Wire:
    """Listens on this machine and carries every byte to a PostgreSQL server, until it is told otherwise."""

    def __init__(self, url: str) -> None:
        self._behind = sa.make_url(url)
        self._flows = threading.Event()
        self._flows.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """The server's address by this wire."""
        there = self._behind.set(host="127.0.0.1", port=self._port, query={"sslmode": "disable"})
        return there.render_as_string(hide_password=False)

    def hang(self) -> None:
        """Hold everything back; connections are made and nothing ever comes."""
        self._flows.clear()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        # Closing alone leaves the port open until the thread that accepts comes back from the kernel.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._flows.set()
        for pair in self._pairs:
            _close(*pair)
        self._pairs.clear()

    def mend(self) -> None:
        """Let everything through, what was held back first."""
        self._flows.set()
        if self._listener.fileno() < 0:
            self._listener = self._listen(self._port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = self._connect()
                self._pairs.append((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _connect(self) -> socket.socket:
        folder = self._behind.query.get("host")
        if folder is None:
            return socket.create_connection((self._behind.host or "127.0.0.1", self._behind.port or 5432))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{folder}/.s.PGSQL.{self._behind.port or 5432}")
        return far

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := one.recv(65536):
                self._flows.wait()
                other.sendall(chunk)
        _close(one, other)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

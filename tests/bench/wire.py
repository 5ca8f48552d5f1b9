"""Round trips to PostgreSQL, counted where nothing can hide: on the wire.

The server ends every answer, to a query, a BEGIN, a COMMIT, a ping of the pool or a whole pipeline, with one
ReadyForQuery message (PostgreSQL, "Frontend/Backend Protocol", 55.7): each is one time that somebody waited.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

READY_FOR_QUERY = ord("Z")


class Counter:
    """Reads a server's stream in pieces and counts its ReadyForQuery messages.

    Every message is one byte of type and four of length, which count themselves.
    """

    def __init__(self) -> None:
        self.seen = 0
        self._rest = b""

    def read(self, data: bytes) -> None:
        """Take the next piece, wherever it was cut."""
        self._rest += data
        at = 0
        while len(self._rest) - at >= 5:
            whole = 1 + int.from_bytes(self._rest[at + 1 : at + 5])
            if len(self._rest) - at < whole:
                break
            self.seen += self._rest[at] == READY_FOR_QUERY
            at += whole
        self._rest = self._rest[at:]


class Tap:
    """A place between a client and PostgreSQL that forwards everything and counts the server's answers."""

    def __init__(self, server_url: str) -> None:
        self._target = _address(server_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._counters: list[Counter] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def trips(self) -> int:
        """Round trips so far, over all connections."""
        return sum(counter.seen for counter in self._counters)

    @property
    def connections(self) -> int:
        """Connections so far: whoever opens one waits for more than his own statements."""
        return len(self._counters)

    def url(self, database_url: str) -> str:
        """Return the address of a database by way of this tap; nothing may be encrypted on it."""
        host, port = self._listener.getsockname()
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        url = sa.make_url(database_url).set(host=host, port=port, query=plain)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._forward(client)

    def _forward(self, client: socket.socket) -> None:
        server = self._connect()
        counter = Counter()
        self._counters.append(counter)
        threading.Thread(target=_pump, args=(client, server, None), daemon=True).start()
        threading.Thread(target=_pump, args=(server, client, counter), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = self._target
        if host.startswith("/"):
            wire = socket.socket(socket.AF_UNIX)
            wire.connect(f"{host}/.s.PGSQL.{port}")
            return wire
        return socket.create_connection((host, port))


def _pump(source: socket.socket, sink: socket.socket, counter: Counter | None) -> None:
    """Forward until one side closes; count before forwarding, so that nobody sees an answer uncounted."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if counter is not None:
                counter.read(data)
            sink.sendall(data)
    for side in (source, sink):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()


def _address(server_url: str) -> tuple[str, int]:
    plain = sa.make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        return connection.info.host, connection.info.port


@contextmanager
def tap(server_url: str) -> Iterator[Tap]:
    """Yield a tap."""
    made = Tap(server_url)
    try:
        yield made
    finally:
        made.close()

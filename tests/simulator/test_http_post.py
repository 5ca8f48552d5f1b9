"""Webhooks over real sockets: what becomes of a request on a connection that had been kept."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest

from callcenter.simulator.http_post import HttpPost
from callcenter.simulator.webhooks import WebhookRequest

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<Response/>"
Deed = Callable[[socket.socket], bytes]
"""What a server does with a connection next; returns what it has read."""


def answers(wire: socket.socket) -> bytes:
    request = _read(wire)
    wire.sendall(ANSWER)
    return request


def closes_without_reading(wire: socket.socket) -> bytes:
    select.select([wire], [], [])
    wire.close()
    return b""


def dies_over_it(wire: socket.socket) -> bytes:
    request = _read(wire)
    wire.close()
    return request


def begins_to_answer(wire: socket.socket) -> bytes:
    request = _read(wire)
    wire.sendall(ANSWER[:5])
    wire.close()
    return request


def _read(wire: socket.socket) -> bytes:
    """Return the body of one whole request."""
    read = b""
    while not read.endswith(b"=end"):
        chunk = wire.recv(4096)
        if not chunk:
            raise ConnectionError
        read += chunk
    return read.partition(b"\r\n\r\n")[2]


@pytest.fixture
def too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client look whether a connection still stands just before it no longer does."""
    monkeypatch.setattr("urllib3.connectionpool.is_connection_dropped", lambda _: False)


class Server:
    """Does one deed after the other with each connection, then hangs up; remembers what it has read."""

    def __init__(self, *connections: list[Deed]) -> None:
        self.read: list[bytes] = []
        self.has_hung_up = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/status"
        self.thread = Thread(target=self._serve, args=(connections,), daemon=True)

    def _serve(self, connections: tuple[list[Deed], ...]) -> None:
        for deeds in connections:
            with suppress(OSError), self._listener.accept()[0] as wire:
                for deed in deeds:
                    self.read.append(deed(wire))
            self.has_hung_up.set()

    @contextmanager
    def running(self) -> Iterator["Server"]:
        self.thread.start()
        try:
            yield self
            self.thread.join(20)
            assert not self.thread.is_alive(), "the client has made fewer connections"
        finally:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()


def post(to: Server, body: str) -> WebhookRequest:
    return WebhookRequest("POST", to.url, (("number", body), ("", "end")), {})


def test_a_connection_is_kept_for_the_next_request() -> None:
    with Server([answers, answers]).running() as server:
        send = HttpPost()
        assert [send(post(server, body)).status for body in ("1", "2")] == [200, 200]


# RFC 9112, 9.3.1: a client repeats a request only where it can tell that the first was never taken up.
def test_what_was_sent_on_a_closed_connection_is_sent_again_on_a_fresh_one(too_early: None) -> None:
    with Server([answers], [answers]).running() as server:
        send = HttpPost()
        send(post(server, "1"))
        server.has_hung_up.wait(20)
        assert send(post(server, "2")).body == b"<Response/>"
    assert server.read == [b"number=1&=end", b"number=2&=end"]


def test_what_the_server_has_not_read_is_sent_again() -> None:
    with Server([answers, closes_without_reading], [answers]).running() as server:
        send = HttpPost()
        send(post(server, "1"))
        assert send(post(server, "2")).body == b"<Response/>"
    assert server.read == [b"number=1&=end", b"", b"number=2&=end"]


def test_it_is_sent_again_once() -> None:
    server = Server([answers, closes_without_reading], [closes_without_reading])
    with server.running():
        send = HttpPost()
        send(post(server, "1"))
        with pytest.raises(OSError, match=r"."):
            send(post(server, "2"))


@pytest.mark.parametrize("fails", [dies_over_it, begins_to_answer])
def test_what_a_server_has_taken_up_is_never_sent_again(fails: Deed) -> None:
    server = Server([answers, fails])
    with server.running():
        send = HttpPost()
        send(post(server, "1"))
        with pytest.raises(OSError, match=r"."):
            send(post(server, "2"))
    assert server.read == [b"number=1&=end", b"number=2&=end"]


@pytest.mark.parametrize("fails", [closes_without_reading, dies_over_it, begins_to_answer])
def test_on_a_fresh_connection_there_is_no_second_try(fails: Deed) -> None:
    with Server([fails]).running() as server, pytest.raises(OSError, match=r"."):
        HttpPost()(post(server, "1"))

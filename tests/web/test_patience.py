"""How long a connection is held for somebody who does not finish a request."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from callcenter.web import patience

WHOLE = b"GET / HTTP/1.1\r\nHost: hotline.example.com\r\n\r\n"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to a server that is hardly patient, on which one request has been answered."""
    monkeypatch.setattr(patience, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = {"http": patience.Patient, "timeout_keep_alive": patience.REST_SECONDS}
        config = uvicorn.Config(PlainTextResponse("here"), log_level="critical", lifespan="off", **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        with socket.create_connection(listener.getsockname(), timeout=20) as connected:
            connected.sendall(WHOLE)
            answer = b""
            while not answer.endswith(b"here"):
                answer += connected.recv(4096)
            yield connected
        server.should_exit = True
        thread.join()


# reliability.md, A7: slow clients. An empty line may precede a request (RFC 9112, 2.2), and begins none.
@pytest.mark.parametrize("sent", [b"\r\n", b"P", WHOLE[:-2]])
def test_who_has_begun_again_and_does_not_finish_is_let_go(wire: socket.socket, sent: bytes) -> None:
    wire.sendall(sent)
    assert wire.recv(4096) == b""

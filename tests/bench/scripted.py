"""An application that costs next to nothing, for seeing what the simulator alone can do.

`python -m tests.bench.scripted PORT CARRIER_PORT` answers webhooks with ready documents that make calls go as
the product's do: a menu, a queue with its documents, a room into which an agent is rung over the REST API,
with every status callback that the product asks for. It knows no state but the address that a webhook names.
"""

import asyncio
import sys
from base64 import b64encode
from urllib.parse import parse_qs, urlencode

from tests.web.twilio import ACCOUNT, TOKEN
from tests.xinghe import HOTLINE

MENU = (
    '<Gather numDigits="1" timeout="5" action="/twilio/voice/keys/1">'
    + '<Say language="en-US">For a technical question press 1.</Say>' * 4
    + "</Gather><Redirect>/twilio/voice</Redirect>"
)
QUEUE = '<Enqueue waitUrl="/twilio/voice/wait/1" action="/twilio/voice/left/1">all</Enqueue>'
WAIT = (
    '<Gather numDigits="1" timeout="1" action="/twilio/voice/wait/keys"><Say language="en-US">You are the '
    "next one. We expect that you wait two minutes.</Say><Play>/twilio/music.wav</Play></Gather>"
    "<Redirect>/twilio/voice/wait/1</Redirect>"
)
ROOM = (
    '<Dial><Conference waitUrl="" beep="false" startConferenceOnEnter="true" endConferenceOnExit="true" '
    'statusCallback="/twilio/conference" statusCallbackEvent="start end join leave">{}</Conference></Dial>'
)
WHISPER = (
    '<Gather numDigits="1" timeout="5" action="/twilio/leg/{0}/keys"><Say language="en-US">A caller. Press 1.'
    "</Say></Gather><Hangup/>"
)


class Application(asyncio.Protocol):
    """One connection of the simulator."""

    def __init__(self, base: str, carrier: "Carrier") -> None:
        self._base = base
        self._carrier = carrier
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._said += data
        while True:
            head, end, rest = self._said.partition(b"\r\n\r\n")
            length = _length(head) if end else 0
            if not end or len(rest) < length:
                return
            self._said = rest[length:]
            document = self._answer(head.split(b" ", 2)[1].decode(), rest[:length].decode())
            self._transport.write(_response(document))  # type: ignore[attr-defined]

    def _answer(self, path: str, body: str) -> str | None:
        """Return the verbs that answer an address, None for news."""
        if path == "/twilio/voice":
            return MENU
        if path == "/twilio/voice/keys/1":
            return self._chosen(parse_qs(body))
        if path.startswith("/twilio/voice/wait"):
            return WAIT
        if path.startswith("/twilio/leg/"):
            room = path.split("/")[3]
            return ROOM.format(room) if path.endswith("/keys") else WHISPER.format(room)
        return None

    def _chosen(self, form: dict[str, list[str]]) -> str:
        """Let key 1 meet an agent, who is rung now; any other key waits."""
        if form["Digits"] != ["1"]:
            return QUEUE
        room = form["CallSid"][0]
        progress = [
            ("StatusCallbackEvent", each) for each in ("initiated", "ringing", "answered", "completed")
        ]
        order = [
            ("To", f"+86199{int(room[-8:], 16) % 10**8:08}"), ("From", HOTLINE),
            ("Url", f"{self._base}/twilio/leg/{room}"),
            ("StatusCallback", f"{self._base}/twilio/progress/{room}"), *progress,
        ]  # fmt: skip
        self._carrier.place(urlencode(order))
        return ROOM.format(room)


class Carrier(asyncio.Protocol):
    """A connection to the REST API, on which calls are placed; what it answers is not read."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._key = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what has waited."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.writelines(self._unsent)
        self._unsent.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Connect again when there is something to send."""
        self._transport = None

    def place(self, form: str) -> None:
        """Have an agent rung."""
        head = (
            f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Basic {self._key}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n"
        )
        if self._transport is not None:
            self._transport.write((head + form).encode())
            return
        self._unsent.append((head + form).encode())
        if len(self._unsent) == 1:
            loop = asyncio.get_running_loop()
            self._connecting = loop.create_task(loop.create_connection(lambda: self, "127.0.0.1", self._port))


def _length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


def _response(document: str | None) -> bytes:
    if document is None:
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{document}</Response>'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def main(port: int, carrier_port: int) -> None:
    """Serve until the process is ended."""
    carrier = Carrier(carrier_port)
    base = f"http://127.0.0.1:{port}"
    server = await asyncio.get_running_loop().create_server(
        lambda: Application(base, carrier), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))

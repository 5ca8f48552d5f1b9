"""A few of Twilio's REST resources over real HTTP, with the failures that a network has."""

import json
import socket
import struct
import threading
from collections import deque
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from callcenter.carrier.twin import new_sid

ACCOUNT = "AC" + "0" * 32
TERMINAL = {"completed", "busy", "no-answer", "failed", "canceled"}
PAGE = 2


class Rest:
    """The state behind the server: calls as Twilio shows them, requests as they came, failures to come."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.calls: dict[str, dict[str, Any]] = {}
        self.recordings: dict[str, bytes] = {}
        self.tapes: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.faults: deque[str | tuple[int, dict[str, Any] | str]] = deque()
        self.released = threading.Event()

    def add(self, direction: str, to: str, from_number: str, status: str) -> str:
        """Make a call appear; a queued one has no start time."""
        sid = new_sid("CA")
        started = None if status == "queued" else format_datetime(self.now)
        self.calls[sid] = {
            "sid": sid, "status": status, "direction": direction, "to": to, "from": from_number,
            "start_time": started, "end_time": None,
        }  # fmt: skip
        return sid

    def tape(self, call_sid: str, seconds: int) -> str:
        """Make a voice message of a call appear."""
        sid = new_sid("RE")
        self.tapes.append(
            {"sid": sid, "call_sid": call_sid, "status": "completed", "source": "RecordVerb",
             "duration": str(seconds), "date_created": format_datetime(self.now)}
        )  # fmt: skip
        return sid

    def becomes(self, sid: str, status: str) -> None:
        """Move a call."""
        self.calls[sid]["status"] = status
        if status in TERMINAL:
            self.calls[sid]["end_time"] = format_datetime(self.now)

    def create(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """POST /Calls.json."""
        if not set(form.get("SendDigits", "")) <= set("0123456789ABCD*#wW"):
            return problem(400, 21206)
        return 201, self.calls[self.add("outbound-api", form["To"], form["From"], "ringing")]

    def update(self, sid: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """POST /Calls/{sid}.json: 21220 when the call is over, or is redirected before it is in progress."""
        if sid not in self.calls:
            return problem(404, 20404)
        status = self.calls[sid]["status"]
        if status in TERMINAL or ("Url" in form and status != "in-progress"):
            return problem(400, 21220)
        ringing = status in {"queued", "ringing"}
        if form.get("Status") == "completed" or (form.get("Status") == "canceled" and ringing):
            self.becomes(sid, "canceled" if ringing else "completed")
        return 200, self.calls[sid]

    def list(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """GET /Calls.json, two calls a page, with the next page's host-relative address."""
        found = [call for call in reversed(self.calls.values()) if self._wanted(call, query)]
        return 200, _page("calls", "Calls", found, query)

    def list_tapes(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """GET /Recordings.json: a filter's time is rounded down to its day."""
        earliest = query.get("DateCreated>", "")[:10]
        found = [t for t in reversed(self.tapes) if _day(t["date_created"]) >= earliest]
        return 200, _page("recordings", "Recordings", found, query)

    def _wanted(self, call: dict[str, Any], query: dict[str, str]) -> bool:
        """A call without a start time is in no day (telephony: StartTime filters by day only)."""
        day = _day(call["start_time"]) if call["start_time"] else None
        return (
            query.get("To") in (None, call["to"])
            and query.get("Status") in (None, call["status"])
            and query.get("StartTime") in (None, day)
            and ("StartTime>" not in query or (day or "") >= query["StartTime>"][:10])
        )


def _page(name: str, resource: str, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    page = int(query.get("Page", 0))
    rest = "&".join(f"{quote(k)}={quote(v)}" for k, v in query.items() if k != "Page")
    path = f"/2010-04-01/Accounts/{ACCOUNT}/{resource}.json?Page={page + 1}&{rest}"
    more = len(found) > (page + 1) * PAGE
    return {name: found[page * PAGE : (page + 1) * PAGE], "next_page_uri": path if more else None}


def _day(stamp: str) -> str:
    """The UTC day of an RFC 2822 date."""
    return parsedate_to_datetime(stamp).date().isoformat()


def problem(status: int, code: int) -> tuple[int, dict[str, Any]]:
    """An error as Twilio writes it."""
    return status, {"code": code, "message": "no", "status": status, "more_info": "https://twilio.example"}


class Server(ThreadingHTTPServer):
    """Serves one Rest on a free port."""

    daemon_threads = True

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is what some cases are about."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request, plays the next fault, or answers from the state."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer a reading request."""
        self._answer()

    def do_POST(self) -> None:
        """Answer an order."""
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        rest = self.server.rest
        rest.requests.append((self.command, url.path, parse_qsl(body)))
        fault = rest.faults.popleft() if rest.faults else None
        if fault == "reset":
            return self._reset()
        if fault in ("accept and reset", "accept and stall"):
            self._resource(url.path, url.query, body)
            return self._reset() if fault == "accept and reset" else self._stall()
        if fault == "stall":
            return self._stall()
        self._send(*(fault if isinstance(fault, tuple) else self._resource(url.path, url.query, body)))
        return None

    def _resource(self, path: str, query: str, body: str) -> tuple[int, Any]:
        rest, form = self.server.rest, dict(parse_qsl(body))
        name = path.rsplit("/", 1)[1]
        if name.endswith(".wav"):
            audio = rest.recordings.get(name.removesuffix(".wav"))
            return (200, audio) if audio is not None else problem(404, 20404)
        flat = {key: values[0] for key, values in parse_qs(query).items()}
        if name == "Recordings.json":
            return rest.list_tapes(flat)
        if name == "Calls.json":
            return rest.create(form) if self.command == "POST" else rest.list(flat)
        sid = name.removesuffix(".json")
        if self.command == "POST":
            return rest.update(sid, form)
        return (200, rest.calls[sid]) if sid in rest.calls else problem(404, 20404)

    def _send(self, status: int, payload: Any) -> None:
        if isinstance(payload, str):
            payload = payload.encode()
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stall(self) -> None:
        """Say nothing until the test is over: the client's read timeout ends it."""
        self.server.rest.released.wait(30)
        self.close_connection = True

    def _reset(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def full_socket() -> tuple[str, list[socket.socket]]:
    """A listening port whose backlog is full: connecting to it neither succeeds nor is refused."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    sockets = [listener]
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        sockets.append(filler)
    return f"http://127.0.0.1:{listener.getsockname()[1]}", sockets

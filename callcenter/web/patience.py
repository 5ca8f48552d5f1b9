"""How long we wait for somebody to finish a request: a caller's webhook is here in milliseconds.

Who sends a byte a second, headers or body, would otherwise hold a connection for ever. Between two requests
the server itself waits, longer than whoever stands in front of it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS = 10.0
"""From the first byte of a request, or from the opening of a connection, to the request's last byte."""
REST_SECONDS = 130
"""How long a connection may rest between two requests.

The server must not be the first to close it: a request that is on its way in that moment is lost, and a
status callback is not sent again. Who stands in front closes after 60 s (nginx, AWS), 90 s (Traefik) or
120 s (Caddy).
"""


class Patient(HttpToolsProtocol):
    """Uvicorn's protocol, which hangs up on whoever does not finish a request in time."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait from the first byte after a rest on, though an empty line begins no message yet."""
        if self.timeout_keep_alive_task is not None:
            self._wait()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Wait for the end of the next request on the same connection."""
        super().on_message_begin()
        self._wait()

    def on_message_complete(self) -> None:
        """It is here."""
        self._be_content()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nobody to wait for."""
        self._be_content()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(SECONDS, self.transport.close)

    def _be_content(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

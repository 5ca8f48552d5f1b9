"""What the product is compared with, in processes of its own: `python -m tests.bench.serve KIND PORT`.

The kinds are `static` and `naive`. Both are served as `callcenter web` serves the product; a test holds these
settings to the ones it uses.
"""

import os
import sys
from typing import Any

import uvicorn

from callcenter.web.patience import REST_SECONDS, Patient

UVICORN: dict[str, Any] = {
    "http": Patient,
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "ws": "none",
    "timeout_keep_alive": REST_SECONDS,
    "timeout_graceful_shutdown": 20,
}
DOCUMENT = (
    b'<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="https://hotline.example.com'
    b'/twilio/voice/keys/1" method="POST" numDigits="1" timeout="5">'
    + b'<Say language="cmn-CN" voice="Polly.Zhiyu-Neural">For a technical question press 1.</Say>' * 10
    + b'</Gather><Redirect method="POST">https://hotline.example.com/twilio/voice/next/1</Redirect></Response>'
)
"""As long as a greeting with its menu."""
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/xml; charset=utf-8"),
        (b"content-length", str(len(DOCUMENT)).encode()),
    ],
}
_BODY = {"type": "http.response.body", "body": DOCUMENT}


async def static(scope: Any, receive: Any, send: Any) -> None:
    """The floor: read the request, send the same document."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_BODY)


def main() -> None:
    """Serve one of them until a signal."""
    kind, port = sys.argv[1:]
    app: Any = static
    if kind == "naive":
        from tests.bench.naive import make_app

        app = make_app(os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
    uvicorn.run(app, host="127.0.0.1", port=int(port), lifespan="off", **UVICORN)


if __name__ == "__main__":
    main()

"""Webhooks and sounds over real HTTP; redirects and misfortunes are the courier's business."""

import threading

from requests import Session

from callcenter.simulator.webhooks import CONNECT_AND_READ_LIMIT, WebhookRequest, WebhookResponse

CONNECT_LIMIT = 5.0


class HttpPost:
    """A `Post` over HTTP; safe for threads, each keeps its own connections."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __call__(self, request: WebhookRequest) -> WebhookResponse:
        """Send a webhook; raise OSError (requests' errors are) where there is no answer."""
        answer = self._session().request(
            request.method,
            request.url,
            data=request.body if request.method == "POST" else None,
            headers=dict(request.headers),
            timeout=(CONNECT_LIMIT, CONNECT_AND_READ_LIMIT),
            allow_redirects=False,
        )
        return WebhookResponse(
            answer.status_code,
            answer.headers.get("Content-Type"),
            answer.content,
            answer.headers.get("Location"),
        )

    def fetch(self, url: str) -> bytes:
        """Fetch a sound; raise OSError where there is none."""
        answer = self._session().get(url, timeout=(CONNECT_LIMIT, CONNECT_AND_READ_LIMIT))
        answer.raise_for_status()
        return answer.content

    def _session(self) -> Session:
        if not hasattr(self._local, "session"):
            session = Session()
            # The environment's proxies are not meant for an application on this machine.
            session.trust_env = False
            self._local.session = session
        found: Session = self._local.session
        return found

"""A tiny application for the network's own tests: TwiML by path, everything received written down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from callcenter.simulator.webhooks import WebhookRequest, WebhookResponse

HOST = "https://hotline.example.com"
Answer = str | WebhookResponse | Callable[[dict[str, str]], str | WebhookResponse]


def twiml(verbs: str) -> WebhookResponse:
    """Return verbs as a document."""
    return WebhookResponse(200, "text/xml; charset=utf-8", f"<Response>{verbs}</Response>".encode())


@dataclass
class App:
    """`pages` maps paths to verbs, to a whole response, or to a function of the parameters."""

    pages: dict[str, Answer] = field(default_factory=dict)
    received: list[WebhookRequest] = field(default_factory=list)

    def __call__(self, request: WebhookRequest) -> WebhookResponse:
        self.received.append(request)
        path = urlsplit(request.url).path
        if path not in self.pages:
            return WebhookResponse(404, "text/plain", b"not found")
        answer = self.pages[path]
        if callable(answer):
            answer = answer(request.params)
        return twiml(answer) if isinstance(answer, str) else answer

    def told(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of every request to a path."""
        return [r.params for r in self.received if urlsplit(r.url).path == path]

"""The web application: webhooks, API, pages, health, metrics."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from callcenter.calendars import official
from callcenter.health import readiness
from callcenter.jobs import Work
from callcenter.settings import Settings
from callcenter.spool import Spool
from callcenter.web import progress, voice
from callcenter.web.api import routes as api_routes
from callcenter.web.api.events import Tailer
from callcenter.web.api.problems import Problem, problem_response
from callcenter.web.apology import Tongues, spoken
from callcenter.web.audio import hold_music, over_and_over
from callcenter.web.emergency import Emergency
from callcenter.web.pages import nothing_here
from callcenter.web.pages import routes as page_routes
from callcenter.web.recovery import Recovery
from callcenter.web.signature import SignatureCheck
from callcenter.web.twilio import Bridge

API = "/api/v1"


class Ordinal(Convertor[str]):
    """The number of a document or an offer in an address: six digits at most, anything else is no address.

    Starlette's own `int` takes any length, and raises before anybody has checked a signature.
    """

    regex = "[0-9]{1,6}"

    def convert(self, value: str) -> str:
        """Return the digits."""
        return value

    def to_string(self, value: str) -> str:
        """Return the digits."""
        return value


register_url_convertor("ordinal", Ordinal())


def create_app(work: Work, settings: Settings) -> Starlette:
    """Build the application of one process; two webhooks of one call may reach two of them."""

    spool, tongues, tailer = Spool(settings.spool_dir), Tongues(), Tailer(work)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.draining = False
        threading.Thread(target=official.warm_up, daemon=True).start()
        recovery = Recovery(work, spool, tongues)
        recovery.start()
        yield
        app.state.draining = True
        recovery.stop()
        work.db.dispose()

    routes = [
        *_webhooks(work, settings, Emergency(work.public_url, spool, tongues)),
        *_audio(work),
        *_health(work, settings),
        Mount(API, routes=api_routes(work, tailer)),
        *page_routes(work, tailer),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _nothing_here(work)})
    # The carrier follows redirects: an address with something more at its end is no address of ours.
    app.router.redirect_slashes = False
    return app


def _nothing_here(work: Work) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what refuses an address that no route knows: to programs and people each in their form."""
    page = nothing_here(work)

    async def refuse(request: Request, _missing: Exception) -> Response:
        if request.url.path.startswith(f"{API}/"):
            return problem_response(Problem(404), request.headers.get("accept-language", ""))
        if "text/html" in request.headers.get("accept", ""):
            return await page(request)
        return Response(status_code=404)

    return refuse


def _webhooks(work: Work, settings: Settings, emergency: Emergency) -> list[BaseRoute]:
    """Every address that the carrier may post to; the first three are entered in its console."""
    check = SignatureCheck(
        settings.twilio_auth_token or "", settings.public_url, settings.twilio_auth_token_secondary or ""
    )
    bridge = Bridge(work, check, settings.twilio_account_sid or "", emergency)
    leg = "/twilio/leg/{attempt}/{token}"

    def post(path: str, endpoint: object) -> Route:
        return Route(path, endpoint, methods=["POST"])  # type: ignore[arg-type]

    return [
        post("/twilio/voice", bridge.voice(voice.arrived)),
        post("/twilio/fallback", bridge.fallback(progress.fallback)),
        post("/twilio/status", bridge.notice(progress.inbound_call)),
        post("/twilio/voice/{kind}/{number:ordinal}", bridge.voice(voice.caller_goes_on)),
        post(leg, bridge.voice(voice.picked_up)),
        post(leg + "/{kind}/{number:ordinal}", bridge.voice(voice.placed_goes_on)),
        post("/twilio/progress/{attempt}/{token}", bridge.notice(progress.placed_leg)),
        post("/twilio/conference", bridge.room_notice(progress.conference)),
        post("/twilio/recording", bridge.recording(progress.recording)),
        post("/twilio/recording/room/{room}", bridge.recording(progress.room_recording, "ConferenceSid")),
        post("/twilio/fallback/thanks", bridge.memory(emergency.thanks)),
        post("/twilio/fallback/leg", bridge.memory(lambda _: spoken("failure.ours"))),
    ]


def _health(work: Work, settings: Settings) -> list[BaseRoute]:
    """Liveness knows no dependency; readiness says what is degraded while webhooks can be answered."""

    def ready(request: Request) -> JSONResponse:
        if getattr(request.app.state, "draining", False):
            return JSONResponse({"status": "draining"}, status_code=503)
        status, degraded = readiness(work, settings)
        return JSONResponse({"status": "ready", "degraded": degraded}, status_code=status)

    return [
        Route("/health/live", lambda _: JSONResponse({"status": "live"})),
        Route("/health/ready", ready),
        Route("/metrics", lambda _: Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)),
    ]


def _audio(work: Work) -> list[BaseRoute]:
    """The hold music, and the document that plays it in a conference while somebody is called."""
    a_day = {"Cache-Control": "max-age=86400"}

    def sound(_request: Request) -> Response:
        return Response(hold_music(), media_type="audio/wav", headers=a_day)

    def document(_request: Request) -> Response:
        return Response(
            over_and_over(f"{work.public_url}/audio/hold.wav"), media_type="text/xml", headers=a_day
        )

    return [Route("/audio/hold.wav", sound), Route("/audio/hold.xml", document)]

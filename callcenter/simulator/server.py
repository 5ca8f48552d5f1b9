"""The simulator as a process: Twilio's REST API under /2010-04-01, its own under /simulator, in real time.

It listens on 127.0.0.1 only: whoever reaches it can ring every telephone of its world.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qsl

import uvicorn
from anyio import move_on_after, sleep
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from callcenter.simulator import control
from callcenter.simulator.clock import WallClock
from callcenter.simulator.config import BadInput, CallOrder, Deed, PhoneConfig, ServerConfig, read
from callcenter.simulator.driver import RealTime
from callcenter.simulator.http_post import HttpPost
from callcenter.simulator.in_process import basic_auth
from callcenter.simulator.network import Network
from callcenter.simulator.rest.api import RestFault

LOOPBACK = "127.0.0.1"
HANG_SECONDS = 30.0
Endpoint = Callable[[Request], Awaitable[Response]]


class Reset(Response):
    """An answer that breaks off: the client sees its connection closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise a body and never send it."""
        headers = [(b"content-length", b"64"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def create_app(net: Network) -> Starlette:
    """Return the application over a network; whoever drives the network's time is not its business."""
    routes = [
        Route("/2010-04-01/{path:path}", _rest(net), methods=["GET", "POST", "DELETE"]),
        Route("/simulator/calls", _start_call(net), methods=["POST"]),
        Route("/simulator/calls/{sid}", _call(net), methods=["GET", "POST"]),
        Route("/simulator/phones", _phones(net), methods=["POST"]),
        Route("/simulator/ledger", _ledger(net)),
        Route("/simulator/load", _load(net), methods=["GET", "DELETE"]),
        Route("/simulator/health", _health(net)),
    ]
    return Starlette(routes=routes, exception_handlers={BadInput: _bad_input})


async def _bad_input(request: Request, fault: Exception) -> Response:
    return JSONResponse({"detail": str(fault)}, 422)


def _rest(net: Network) -> Endpoint:
    async def answer(request: Request) -> Response:
        body = (await request.body()).decode()
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        form = tuple(parse_qsl(body, keep_blank_values=True))
        auth = basic_auth(request.headers.get("authorization"))
        if request.url.path.endswith(".wav"):
            sound = await run_sync(net.rest.media, request.url.path, auth)
            return Response(sound, media_type="audio/x-wav") if sound else Response(status_code=404)
        try:
            status, answer = await run_sync(net.rest.handle, request.method, path, form, auth)
        except RestFault as fault:
            return await _lost(request, fault)
        return Response(status_code=status) if answer is None else JSONResponse(answer, status)

    return answer


async def _lost(request: Request, fault: RestFault) -> Response:
    """Let the client wait in vain until it gives up, or break off at once."""
    patience = 0.0 if fault.effect == "reset" else HANG_SECONDS
    with move_on_after(patience):
        while not await request.is_disconnected():
            await sleep(0.05)
    return Reset()


def _start_call(net: Network) -> Endpoint:
    async def start(request: Request) -> Response:
        call = control.start_call(net, read(CallOrder, await request.body()))
        return JSONResponse(control.call_json(net, call), 201)

    return start


def _call(net: Network) -> Endpoint:
    async def show(request: Request) -> Response:
        call = control.find_call(net, request.path_params["sid"])
        if call is None:
            return JSONResponse({"detail": "There is no such call."}, 404)
        if request.method == "POST":
            control.act(net, call, read(Deed, await request.body()))
        since = request.query_params.get("since", "0")
        return JSONResponse(control.call_json(net, call, int(since) if since.isdigit() else 0))

    return show


def _phones(net: Network) -> Endpoint:
    async def set_phones(request: Request) -> Response:
        phone = read(PhoneConfig, await request.body())
        return JSONResponse(control.set_phone(net, phone))

    return set_phones


def _ledger(net: Network) -> Endpoint:
    async def show(request: Request) -> Response:
        return JSONResponse(control.ledger_json(net))

    return show


def _load(net: Network) -> Endpoint:
    async def show(request: Request) -> Response:
        if request.method == "DELETE":
            net.world.load.clear()
        return JSONResponse(net.world.load.to_json() | {"live_calls": len(net.live_calls())})

    return show


def _health(net: Network) -> Endpoint:
    async def show(request: Request) -> Response:
        return JSONResponse(
            {"status": "ok", "now": net.now().isoformat(), "live_calls": len(net.live_calls())}
        )

    return show


def build(config: ServerConfig) -> Network:
    """Return a network on the wall clock as the configuration says, not yet driven."""
    settings = replace(config.settings, api_url=f"http://{LOOPBACK}:{config.port}")
    post = HttpPost()
    net = Network(post, clock=WallClock(config.rate), settings=settings, fetch=post.fetch)
    net.world.strangers = config.strangers
    for fault in config.faults:
        net.faults.add(fault)
    base = config.public_url.rstrip("/")
    for number in config.numbers:
        net.number(
            number,
            base + config.voice_path,
            fallback_url=base + config.fallback_path,
            status_callback=base + config.status_path,
        )
    for phone in config.phones:
        control.set_phone(net, phone)
    return net


def serve(config: ServerConfig) -> None:
    """Run a simulator until the process is told to stop."""
    net = build(config)
    driver = RealTime(net.world.kernel, net.world.load, rate=config.rate)
    driver.start()
    try:
        uvicorn.run(create_app(net), host=LOOPBACK, port=config.port, log_level="warning", access_log=False)
    finally:
        driver.stop()

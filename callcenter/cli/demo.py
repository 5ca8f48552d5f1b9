"""`callcenter demo`, which is `make run`: a whole centre, its own telephone network, a first call told.

Nothing of the environment that could reach a carrier is used; everything lives in `var/demo` and is made
anew at each start.
"""

import os
import random
import secrets
import shutil
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from callcenter.cli.demo_centre import Tokens, furnish
from callcenter.cli.demo_story import Teller, make_traffic
from callcenter.cli.processes import parts, until_signal
from callcenter.embedded import EmbeddedValkey
from callcenter.errors import Unavailable
from callcenter.settings import VARIABLES
from callcenter.supervisor import Part, Supervisor

FOLDER = Path("var/demo")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "xinghe.toml"


def register(app: typer.Typer) -> None:
    """Add `demo` to the command line."""
    app.command()(demo)


def demo(
    centre: Annotated[Path, typer.Option(help="The centre to show.")] = EXAMPLE,
    seed: Annotated[int, typer.Option(help="Of the traffic after the first call.")] = 1,
) -> None:
    """Run a centre with simulated telephones: nobody is dialled, no account is needed. Ctrl-C ends it."""
    port = int(os.environ.get("PORT") or 8000)
    for taken in (port, port + 1):
        _refuse_taken(taken)
    stop = until_signal()
    valkey = _fresh_folder()
    try:
        environ = demo_environment(port, valkey.url)
        tokens, number = furnish(centre, environ, FOLDER)
        dice = random.Random(seed)  # noqa: S311  Whom the demo lets call is no secret.
        told = threading.Thread(target=_tell, args=(environ, tokens, number, dice, stop), daemon=True)
        told.start()
        status = _supervise(environ, valkey, stop)
    finally:
        valkey.stop()
    if status:
        typer.echo(f"A process could not be kept running: see {FOLDER / 'processes.log'}", err=True)
    typer.echo("The demo has ended. 演示已结束。")
    raise typer.Exit(status)


def demo_environment(port: int, redis_url: str) -> dict[str, str]:
    """Return the processes' environment: ours without any setting of the product, and the demo's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in VARIABLES and not name.startswith("TWILIO_")
    }
    return kept | {
        "CALLCENTER_MODE": "demo",
        "DATABASE_URL": f"sqlite:///{FOLDER / 'callcenter.sqlite'}",
        "REDIS_URL": redis_url,
        "SPOOL_DIR": str(FOLDER / "spool"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_API_URL": f"http://127.0.0.1:{port + 1}",
    }


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Unavailable(
                f"Port {port} is taken; the demo needs two in a row: choose others with PORT=8100 make run."
            ) from None


def _fresh_folder() -> EmbeddedValkey:
    """Empty the demo's folder, but never under a demo that runs: it holds the Valkey's lock."""
    valkey = EmbeddedValkey(FOLDER / "valkey")
    valkey.start()
    for left in FOLDER.iterdir():
        if left.name != "valkey":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return valkey


def _supervise(environ: Mapping[str, str], valkey: EmbeddedValkey, stop: threading.Event) -> int:
    simulator = [sys.executable, "-m", "callcenter.cli", "simulate", "serve", str(FOLDER / "simulator.json")]
    everything = [Part("simulator", simulator, environ), *parts(environ, workers=1)]
    with (FOLDER / "processes.log").open("w") as output:
        return Supervisor(everything, tend=valkey.tend, output=output).run(stop)


def _tell(
    environ: Mapping[str, str], tokens: Tokens, number: str, dice: random.Random, stop: threading.Event
) -> None:
    teller = Teller(environ["PUBLIC_URL"], environ["TWILIO_API_URL"], tokens, stop)
    if teller.tell(number):
        make_traffic(environ["TWILIO_API_URL"], number, dice, stop)

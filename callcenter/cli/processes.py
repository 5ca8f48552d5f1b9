"""The processes: `web`, `worker`, `clock`, `migrate`, and `up`, which is all of them."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter import metrics
from callcenter.cli.guards import refuse_foreign_simulator
from callcenter.logs import configure_logs
from callcenter.settings import Door, Settings, load_settings
from callcenter.wiring import secrets_of

if TYPE_CHECKING:
    from callcenter.supervisor import Part

DRAIN_SECONDS = 20
COLLECTED_AFTER = (20_000, 20, 20)
"""Objects until they are looked through: a webhook makes a thousand, which go by themselves after it."""
Workers = Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")]


def register(app: typer.Typer) -> None:
    """Add the processes to the command line."""
    for command in (up, web, worker, clock, migrate):
        app.command()(command)


def web() -> None:
    """Serve webhooks and the API at PORT; any number of these may run."""
    import uvicorn

    from callcenter.web.app import create_app
    from callcenter.web.patience import REST_SECONDS, Patient
    from callcenter.web.twilio import LOCK_WAIT_SECONDS
    from callcenter.wiring import make_work, ringing_aside

    settings = enter(Door.SERVE, "web")
    # When it has drained, uvicorn raises the signal again: to end as asked is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ringing_aside(make_work(settings, lock_wait_seconds=LOCK_WAIT_SECONDS)) as work:
        threading.Thread(target=work.db.open_ahead, daemon=True).start()
        app = create_app(work, settings)
        keep_for_good()
        uvicorn.run(
            app,
            host="127.0.0.1" if settings.mode == "demo" else "0.0.0.0",  # noqa: S104  A hotline is public.
            port=settings.port,
            http=Patient,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=REST_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )


def worker() -> None:
    """Perform jobs; any number of these may run."""
    from callcenter.jobs import PATIENT_SECONDS
    from callcenter.wiring import make_work
    from callcenter.worker import run_worker

    settings = enter(Door.SERVE, "worker")
    metrics.serve(settings.metrics_port)
    work = make_work(settings, turn_wait_seconds=PATIENT_SECONDS)
    keep_for_good()
    run_worker(work, settings.redis_url or "", threading.Event())


def clock() -> None:
    """Find what is due; several of these may run, one acts."""
    from callcenter.clock_process import run_clock
    from callcenter.jobs import PATIENT_SECONDS
    from callcenter.wiring import make_work

    settings = enter(Door.SERVE, "clock")
    metrics.serve(settings.metrics_port)
    work = make_work(settings, turn_wait_seconds=PATIENT_SECONDS)
    keep_for_good()
    run_clock(work, until_signal())


def keep_for_good() -> None:
    """Let the garbage collector pass over what is there by now: modules and mappings live with the process.

    Looking through them again and again took half of the time of counting an open week.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def migrate() -> None:
    """Take the database to the schema that this version needs."""
    settings = load_settings(os.environ)
    typer.echo(f"The schema is at {take_to_head(settings)}.")


def up(workers: Workers = 2) -> None:
    """Migrate, then run everything on this machine; brings its own Valkey unless REDIS_URL is set."""
    from callcenter.embedded import EmbeddedValkey
    from callcenter.supervisor import Supervisor

    settings = enter(Door.UP, "up")
    stop = until_signal()
    take_to_head(settings)
    valkey = None if settings.redis_url else EmbeddedValkey(Path("var/valkey"))
    if valkey:
        valkey.start()
    environ = {**os.environ, "REDIS_URL": settings.redis_url or (valkey.url if valkey else "")}
    try:
        status = Supervisor(parts(environ, workers), tend=valkey.tend if valkey else lambda: None).run(stop)
    finally:
        if valkey:
            valkey.stop()
    raise typer.Exit(status)


def parts(environ: Mapping[str, str], workers: int) -> "list[Part]":
    """Return the processes of one installation on one machine."""
    from callcenter.supervisor import Part

    names = ["web", "clock", *["worker"] * workers]
    return [Part(name, [sys.executable, "-m", "callcenter.cli", name], environ) for name in names]


def enter(door: Door, process: str) -> Settings:
    """Read the settings, refuse what cannot be, send the logs down their road."""
    settings = load_settings(os.environ, door)
    configure_logs(process, secrets=secrets_of(settings))
    refuse_foreign_simulator(settings)
    return settings


def take_to_head(settings: Settings) -> str:
    """Migrate with the schema owner's address where there is one; return the revision reached."""
    from callcenter import migrate as steps
    from callcenter import schema

    steps.upgrade(settings.migrate_database_url or settings.database_url)
    return schema.head()


def until_signal() -> threading.Event:
    """Return an event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    return stop

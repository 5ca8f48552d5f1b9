"""`callcenter simulate`: phone calls on this machine, told as they happen."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from callcenter.cli.wire import NOBODY, ask
from callcenter.db import Database
from callcenter.errors import CallCenterError, Invalid, Unavailable
from callcenter.lines.queries import line_by_key
from callcenter.organisation.queries import find_centre
from callcenter.phone_numbers import canonical
from callcenter.settings import is_loopback, load_settings

DEMO_DATABASE = Path("var/demo/callcenter.sqlite")
DEMO_SIMULATOR = Path("var/demo/simulator.json")
HOME = "CN"
simulate = typer.Typer(help="Phone calls on this machine, without a carrier.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `simulate call` and `simulate serve` to the command line."""
    app.add_typer(simulate, name="simulate")


@simulate.command()
def call(
    to: Annotated[str, typer.Option(help="The line: its number, as people write it, or its key.")],
    from_: Annotated[str, typer.Option("--from", help="The caller's number, or anonymous.")],
    press: Annotated[
        list[str] | None, typer.Option(help="Keys for one prompt; ~20 waits 20 s instead.")
    ] = None,
    hold: Annotated[float, typer.Option(help="Seconds of talk before the caller hangs up.")] = 10.0,
    hangup_after: Annotated[float, typer.Option(help="Seconds that the caller stays at most.")] = 180.0,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object, at the end.")] = False,
) -> None:
    """Call a line of a running simulator (make run) and print what is heard, pressed and rung."""
    home = _Home()
    order = {
        "to": home.line(to),
        "from": from_ if from_ == "anonymous" else home.number(from_, "from"),
        "press": press or [],
        "hold_seconds": hold,
        "hangup_after": hangup_after,
    }
    story = Story(simulator_url(), order)
    for line in story.lines():
        if not as_json:
            typer.echo(f"{line['at']}  {line['text']}")
    if as_json:
        typer.echo(json.dumps(story.whole(), ensure_ascii=False))


@simulate.command(hidden=True)
def serve(config: Path) -> None:
    """Run a simulator as a JSON file configures it."""
    from callcenter.simulator.config import ServerConfig, read
    from callcenter.simulator.server import serve as run

    run(read(ServerConfig, config.read_bytes()))


def simulator_url() -> str:
    """Return where the simulator is: at TWILIO_API_URL, or where the demo of this folder has it."""
    named = os.environ.get("TWILIO_API_URL", "")
    if is_loopback(named):
        return named.rstrip("/")
    if DEMO_SIMULATOR.exists():
        return f"http://127.0.0.1:{json.loads(DEMO_SIMULATOR.read_text())['port']}"
    raise Unavailable("There is no simulator here: start one with make run.")


class Story:
    """A call that somebody makes in the simulator, from dialling to the end."""

    def __init__(self, url: str, order: dict[str, Any]) -> None:
        started = ask(f"{url}/simulator/calls", body=order)
        if started.status == NOBODY:
            raise Unavailable(f"No simulator answers at {url}: start one with make run.")
        if not started.ok:
            raise Invalid("call", str((started.body or {}).get("detail", started.status)))
        self.sid: str = started.body["id"]
        self._url = f"{url}/simulator/calls/{self.sid}"

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield each line of the story as it happens, until the call has ended; Ctrl-C hangs up."""
        import time

        since, ended = 0, False
        try:
            while not ended:
                told = self._ask(f"?since={since}")
                yield from told["lines"]
                since, ended = told["next"], told["ended"]
                time.sleep(0 if ended else 0.25)
        except KeyboardInterrupt:
            ask(self._url, body={"hangup": True})
            raise

    def whole(self) -> dict[str, Any]:
        """Return everything about the call and all lines."""
        return self._ask("")

    def _ask(self, query: str) -> dict[str, Any]:
        told = ask(self._url + query)
        if not told.ok:
            raise Unavailable("The simulator has gone.")
        body: dict[str, Any] = told.body
        return body


class _Home:
    """The centre whose line is called, where its database is at hand: it knows keys and the country."""

    def __init__(self) -> None:
        environ = dict(os.environ)
        if DEMO_DATABASE.exists():
            environ.setdefault("DATABASE_URL", f"sqlite:///{DEMO_DATABASE}")
        self._database = Database(load_settings(environ).database_url)

    def number(self, text: str, option: str) -> str:
        """Return a number in its canonical form."""
        found = canonical(text, self._country())
        if found is None:
            raise Invalid(f"--{option}", f"{text!r} is no telephone number")
        return found

    def line(self, text: str) -> str:
        """Return a line's number by its number or key."""
        try:
            with self._database.reading() as session:
                line = line_by_key(session, text)
        except sa.exc.SQLAlchemyError:
            line = None
        return line.number if line else self.number(text, "to")

    def _country(self) -> str:
        try:
            with self._database.reading() as session:
                centre = find_centre(session)
        except (sa.exc.SQLAlchemyError, CallCenterError):
            return HOME
        return centre.country if centre else HOME

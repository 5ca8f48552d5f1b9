"""`callcenter doctor`: is this installation fit to take calls, and if not, what to do about it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
import typer
from sqlalchemy.orm import Session

from callcenter import bell, clock, schema
from callcenter.calendars.queries import hours_of, unconfirmed
from callcenter.calendars.rules import next_opening
from callcenter.calendars.words import unconfirmed_words
from callcenter.cli.console import console_language
from callcenter.cli.guards import carrier_login
from callcenter.cli.wire import ask
from callcenter.db import Database
from callcenter.errors import CallCenterError
from callcenter.lines.models import Line
from callcenter.lines.queries import lines
from callcenter.organisation.queries import find_centre, skill_by_key
from callcenter.settings import Door, Settings, SettingsError, is_loopback, load_settings
from callcenter.spool import UNUSABLE, unusable
from callcenter.staff.queries import agents, agents_with_skill

TWILIO = "https://api.twilio.com"


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what to do where it is not.

    A warning is well today and will not stay so.
    """

    part: str
    well: bool
    said: str
    warning: bool = False

    @property
    def mark(self) -> str:
        """How the finding begins."""
        if self.warning:
            return "WARNING"
        return "ok     " if self.well else "PROBLEM"


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command line."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Look at settings, database, schema, Redis, centre, agents, carrier; exit 1 with what to do."""
    findings = examine()
    if as_json:
        typer.echo(json.dumps([finding.__dict__ for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{finding.mark}  {finding.part}: {finding.said}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Return all findings; later ones are left out where they would only repeat an earlier one."""
    try:
        settings = load_settings(os.environ, Door.UP)
    except SettingsError as wrong:
        return [Finding("settings", False, problem) for problem in wrong.problems]
    found = [Finding("settings", True, "complete"), _public_url(settings), _redis(settings), _spool(settings)]
    database = Database(settings.database_url)
    try:
        found += _database(database, settings)
    finally:
        database.dispose()
    return found + _carrier(settings, _numbers(settings))


def _public_url(settings: Settings) -> Finding:
    if is_loopback(settings.public_url) and not settings.twilio_api_url:
        return Finding("public URL", False, "Twilio cannot reach this machine by it: set PUBLIC_URL")
    return Finding("public URL", True, settings.public_url)


def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding("redis", True, "callcenter up brings its own")
    if bell.answers(settings.redis_url):
        return Finding("redis", True, "answers")
    return Finding("redis", False, "does not answer: start it, or correct REDIS_URL")


def _spool(settings: Settings) -> Finding:
    """What a web process of this machine could not use lies aside, for a person."""
    aside = settings.spool_dir / UNUSABLE
    count = unusable(settings.spool_dir)
    if count:
        return Finding(
            "spool", False, f"{count} files could not be used: look at them in {aside}, remove them"
        )
    return Finding("spool", True, str(settings.spool_dir))


def _database(database: Database, settings: Settings) -> list[Finding]:
    try:
        reached = schema.current(database.engine)
    except sa.exc.SQLAlchemyError as wrong:
        return [
            Finding("database", False, f"does not answer ({wrong.__class__.__name__}): check DATABASE_URL")
        ]
    found = [Finding("database", True, database.engine.dialect.name)]
    if reached != schema.head():
        return [
            *found,
            Finding("schema", False, f"is at {reached}, {schema.head()} is needed: callcenter migrate"),
        ]
    return [*found, Finding("schema", True, str(reached)), *_centre(database, settings)]


def _centre(database: Database, settings: Settings) -> list[Finding]:
    with database.reading() as session:
        centre = find_centre(session)
        if centre is None:
            return [Finding("centre", False, "there is none yet: callcenter apply FILE")]
        known = lines(session)
        found = [Finding("centre", bool(known), f"{centre.name}, {len(known)} lines")]
        found += [finding for line in known for finding in _line(session, line)]
        return [*found, *_calendars(session), *_agents(session, settings)]


def _line(session: Session, line: Line) -> Iterator[Finding]:
    """A line opens at some time, and every choice of its menu leads to somebody."""
    if next_opening(hours_of(session, line.calendar_id), clock.system()) is None:
        yield Finding(f"line {line.key}", False, "never opens: give its calendar hours")
    for key in sorted({item["skill"] for item in line.menu if item.get("skill")}):
        skill = skill_by_key(session, key)
        if skill is None or not agents_with_skill(session, skill.id):
            yield Finding(f"line {line.key}", False, f'nobody has the skill "{key}" of its menu')


def _calendars(session: Session) -> Iterator[Finding]:
    """Promises may soon reach into a year whose days off are not announced: no fault, but somebody's task."""
    for key, year in unconfirmed(session, clock.system()):
        said = unconfirmed_words(key, year)[console_language(os.environ)]
        yield Finding("calendar", True, said, warning=True)


def _agents(session: Session, settings: Settings) -> list[Finding]:
    """A browser is a telephone only where the account knows the application behind it."""
    browsers = [agent.key for agent in agents(session) if agent.address.startswith("client:")]
    if browsers and not settings.twilio_twiml_app_sid:
        said = f"{', '.join(browsers)} ring in a browser: set TWILIO_TWIML_APP_SID, or give them a phone"
        return [Finding("agents", False, said)]
    return []


def _numbers(settings: Settings) -> list[str]:
    """Return the lines' numbers, none where the database cannot say."""
    database = Database(settings.database_url)
    try:
        with database.reading() as session:
            return [line.number for line in lines(session)]
    except (sa.exc.SQLAlchemyError, CallCenterError):
        return []
    finally:
        database.dispose()


def _carrier(settings: Settings, numbers: list[str]) -> list[Finding]:
    """The carrier knows us, and announces the calls of our lines where we listen."""
    base = settings.twilio_api_url or TWILIO
    listing = (
        f"{base}/2010-04-01/Accounts/{settings.twilio_account_sid}/IncomingPhoneNumbers.json?PageSize=1000"
    )
    answer = ask(listing, authorization=carrier_login(settings))
    if not answer.ok:
        return [Finding("carrier", False, _carrier_fault(answer.status))]
    announced = {item["phone_number"]: item for item in answer.body["incoming_phone_numbers"]}
    return [
        Finding("carrier", True, base),
        *(_announced(number, announced.get(number), settings.public_url) for number in numbers),
    ]


def _carrier_fault(status: int) -> str:
    if status == 0:
        return "does not answer: check the network and TWILIO_API_URL"
    return f"refuses us ({status}): check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"


def _announced(number: str, told: dict[str, str] | None, base: str) -> Finding:
    """A number leads here, its end is told to us, and somebody speaks when we do not answer."""
    part = f"number {number}"
    if told is None:
        return Finding(part, False, "does not belong to this account")
    voice, fallback, status = (
        told.get(name) or "" for name in ("voice_url", "voice_fallback_url", "status_callback")
    )
    if voice != f"{base}/twilio/voice":
        said = f"set its voice URL to {base}/twilio/voice (POST), it is {voice or 'empty'}"
    elif not fallback:
        said = f"nobody speaks when we fail: set its fallback URL to {base}/twilio/fallback (POST)"
    elif status != f"{base}/twilio/status":
        said = f"set its status callback to {base}/twilio/status (POST), it is {status or 'empty'}"
    else:
        return Finding(part, True, "leads here")
    return Finding(part, False, said)

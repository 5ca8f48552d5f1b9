"""The command line against a running simulator: simulate call, doctor, and the guard of real credentials."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter import clock
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.cli import make_app
from callcenter.cli.guards import refuse_foreign_simulator
from callcenter.db import Database
from callcenter.errors import Invalid, Unavailable
from callcenter.settings import Door, Settings, SettingsError, load_settings
from callcenter.simulator.config import ServerConfig
from callcenter.simulator.driver import RealTime
from callcenter.simulator.server import build, create_app
from callcenter.simulator.settings import Settings as Account
from tests.servers import ROOT
from tests.simulator.serving import serving

ACCOUNT = "AC" + "0123456789abcdef" * 2
HOTLINE = "+862155550100"
PUBLIC = "https://hotline.example.com"
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # The simulator has none.
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    """The address of a simulator in real time; its application does not answer, so calls end at once."""
    account = Account(account_sid=ACCOUNT, auth_token="token", calls_per_second=10.0)
    net = build(ServerConfig(public_url=PUBLIC, numbers=(HOTLINE,), settings=account))
    net.post = lambda request: (_ for _ in ()).throw(ConnectionError("nobody there"))
    driver = RealTime(net.world.kernel)
    driver.start()
    with serving(create_app(net)) as url:
        yield url
    driver.stop()


@pytest.fixture
def environ(
    simulator: str, database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """A complete environment, also set for commands that are run in this process."""
    given = {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh",
        "PUBLIC_URL": PUBLIC,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_API_URL": simulator,
        "TWILIO_TWIML_APP_SID": "AP" + "0" * 32,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return given


@pytest.fixture
def centre(database: Database) -> None:
    """The smallest example, with a number that the simulator has too."""
    text = (ROOT / "examples" / "xinghe.toml").read_text("utf-8")
    with database.transaction() as session:
        apply_centre(session, parse(text), NOW)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(make_app(), arguments)


def settings(environ: dict[str, str], **changed: str) -> Settings:
    return load_settings(environ | changed, Door.SERVE)


def test_our_own_credentials_and_the_simulator_belong_together(environ: dict[str, str]) -> None:
    refuse_foreign_simulator(settings(environ))


@pytest.mark.parametrize(
    "real",
    [{"TWILIO_AUTH_TOKEN": "another"}, {"TWILIO_ACCOUNT_SID": "AC" + "f" * 32, "TWILIO_AUTH_TOKEN": "real"}],
)
def test_real_credentials_and_the_simulator_refuse_to_start(
    environ: dict[str, str], real: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="leads to the phone simulator"):
        refuse_foreign_simulator(settings(environ, **real))


def test_a_carrier_of_ones_own_on_this_machine_is_no_simulator(environ: dict[str, str]) -> None:
    async def carrier(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    with serving(carrier) as url:  # type: ignore[arg-type]
        refuse_foreign_simulator(settings(environ, TWILIO_API_URL=url))


@ON_SQLITE
def test_a_call_is_told_as_it_happens(environ: dict[str, str], centre: None) -> None:
    told = run("simulate", "call", "--to", "hotline", "--from", "138 0013 8000", "--press", "1")
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].startswith("00:00")
    assert "ended" in lines[-1]


@ON_SQLITE
def test_a_script_reads_json(environ: dict[str, str], centre: None) -> None:
    told = run("simulate", "call", "--to", "021-5555 0100", "--from", "13800138000", "--json")
    story = json.loads(told.stdout)
    assert (story["to"], story["from"], story["ended"]) == (HOTLINE, "+8613800138000", True)
    assert story["lines"]


def test_a_number_that_is_none_is_told(environ: dict[str, str], centre: None) -> None:
    for arguments in (("--to", "nowhere", "--from", "13800138000"), ("--to", HOTLINE, "--from", "12")):
        told = run("simulate", "call", *arguments)
        assert isinstance(told.exception, Invalid)


def test_without_a_simulator_the_way_to_one_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("", "http://127.0.0.1:9"):
        monkeypatch.setenv("TWILIO_API_URL", url)
        told = run("simulate", "call", "--to", HOTLINE, "--from", "13800138000")
        assert isinstance(told.exception, Unavailable)
        assert "make run" in str(told.exception)


def examined() -> dict[str, tuple[bool, str]]:
    told = run("doctor", "--json")
    findings = {finding["part"]: (finding["well"], finding["said"]) for finding in json.loads(told.stdout)}
    assert told.exit_code == (0 if all(well for well, _ in findings.values()) else 1)
    return findings


def test_doctor_finds_what_is_missing_and_says_what_to_do(environ: dict[str, str]) -> None:
    assert examined()["centre"] == (False, "there is none yet: callcenter apply FILE")


def test_doctor_knows_which_numbers_lead_here(environ: dict[str, str], centre: None) -> None:
    findings = examined()
    assert findings["carrier"][0]
    assert findings[f"number {HOTLINE}"] == (True, "leads here")
    assert findings["number +862055550200"] == (False, "does not belong to this account")


def test_doctor_tells_a_number_that_leads_elsewhere(
    environ: dict[str, str], centre: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://moved.example.com")
    well, said = examined()[f"number {HOTLINE}"]
    assert not well
    assert "https://moved.example.com/twilio/voice" in said


@pytest.mark.parametrize(
    ("variable", "value", "part", "words"),
    [
        ("REDIS_URL", "unix:///nowhere.sock", "redis", "does not answer"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.sqlite", "database", "does not answer"),
        ("TWILIO_AUTH_TOKEN", "wrong", "carrier", "refuses us (401)"),
        ("TWILIO_API_URL", "http://127.0.0.1:9", "carrier", "does not answer"),
        ("TWILIO_TWIML_APP_SID", "", "agents", "emily-chen ring in a browser"),
        ("SECRET_KEY", "", "settings", "SECRET_KEY is not set"),
    ],
)
def test_doctor_names_each_part_that_is_ill(
    environ: dict[str, str], centre: None, monkeypatch: pytest.MonkeyPatch,
    variable: str, value: str, part: str, words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv(variable, value)
    well, said = examined()[part]
    assert not well
    assert words in said


# 2027 is not confirmed in the autumn of 2026: somebody's task, and no reason to refuse calls.
def test_doctor_warns_of_a_year_that_is_not_confirmed(
    environ: dict[str, str], centre: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "system", lambda: NOW)
    assert examined()["calendar"][0]
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    told = run("doctor").stdout
    assert "WARNING  calendar: 营业时间 office：2027 年的官方放假安排尚未确认" in told


def test_doctor_tells_a_person_too(environ: dict[str, str]) -> None:
    told = run("doctor")
    assert "PROBLEM  centre: there is none yet: callcenter apply FILE" in told.stdout
    assert "ok       redis: answers" in told.stdout

"""From settings to a Work."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcenter import clock
from callcenter.bell import RqDoorbell
from callcenter.jobs import NoDoorbell
from callcenter.settings import load_settings
from callcenter.wiring import make_work, secrets_of

SECRET = "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh"


def test_a_work_has_what_its_settings_say(tmp_path: Path, redis_url: str) -> None:
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite",
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": "https://hotline.example.com/",
        "TWILIO_AUTH_TOKEN": "a token",
        "TWILIO_AUTH_TOKEN_SECONDARY": "the next token",
    }
    settings = load_settings(given)
    work = make_work(settings)
    assert (work.public_url, work.secret_key) == ("https://hotline.example.com", SECRET)
    assert work.now is clock.system
    assert isinstance(work.bell, RqDoorbell)
    assert {SECRET, "a token", "the next token"} <= set(secrets_of(settings))


def test_without_a_redis_nobody_is_woken(tmp_path: Path) -> None:
    work = make_work(load_settings({"DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite"}))
    assert isinstance(work.bell, NoDoorbell)


def test_a_test_moves_the_time_of_a_whole_process(tmp_path: Path) -> None:
    told = tmp_path / "clock.json"
    since = datetime.now(UTC) - timedelta(hours=1)
    environ = {"CALLCENTER_MODE": "test", "CALLCENTER_TEST_CLOCK": str(told)}
    work = make_work(load_settings(environ))

    def is_told(rate: float, offset: float) -> timedelta:
        told.write_text(json.dumps({"since": since.isoformat(), "offset_seconds": offset, "rate": rate}))
        before, shown, after = clock.system(), work.at(), clock.system()
        moved = timedelta(seconds=offset)
        assert since + (before - since) * rate + moved <= shown <= since + (after - since) * rate + moved
        return shown - before

    assert is_told(rate=1, offset=0) < timedelta(minutes=1)
    assert is_told(rate=1, offset=86_400) > timedelta(hours=23)
    assert is_told(rate=24, offset=0) > timedelta(hours=22)

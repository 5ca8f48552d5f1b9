"""The environment: what is accepted, what is refused, and whether the refusal helps."""

import pytest

from callcenter.settings import Door, Settings, SettingsError, is_loopback, load_settings

SECRET = "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh"
COMPLETE = {
    "SECRET_KEY": SECRET,
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "an auth token",
    "REDIS_URL": "redis://localhost:6379/0",
    "PUBLIC_URL": "https://hotline.example.com",
}


def refused(door: Door = Door.TOOL, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, door)
    return str(caught.value)


def test_an_empty_environment_serves_the_tools() -> None:
    settings = load_settings({})
    assert settings.database_url == "sqlite:///var/callcenter.sqlite"
    assert (settings.port, settings.public_url) == (8000, "http://127.0.0.1:8000")


def test_a_complete_environment_serves_every_door() -> None:
    for door in Door:
        assert load_settings(COMPLETE, door).public_url == "https://hotline.example.com"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"PORT": "", "REDIS_URL": ""}).port == 8000


def test_every_problem_is_told_at_once_by_its_variable() -> None:
    told = refused(PORT="99999", PUBLIC_URL="hotline", DATABASE_URL="mysql://host/name")
    assert [line.split()[0] for line in told.splitlines()[1:]] == ["DATABASE_URL", "PORT", "PUBLIC_URL"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("hotline.example.com", "not absolute"),
        ("http://hotline.example.com", "not encrypted"),
        ("https://hot_line.example.com", "underscore"),
        ("https://hotline.example.com/?a=1", "query"),
        ("https://user:word@hotline.example.com", "user name"),
        ("https://hotline.example.com:many", "is no address"),
    ],
)
def test_a_public_url_that_twilio_cannot_use_is_refused(url: str, why: str) -> None:
    assert why in refused(PUBLIC_URL=url)


@pytest.mark.parametrize(
    "url", ["http://localhost:9000", "http://127.0.0.1:8000/", "https://a.example/base/"]
)
def test_a_public_url_loses_only_its_last_slash(url: str) -> None:
    assert load_settings({"PUBLIC_URL": url}).public_url == url.rstrip("/")


@pytest.mark.parametrize("key", ["", "short", "a" * 40, "change-me-before-you-go-live-0123456789", "ab" * 20])
def test_a_weak_secret_never_starts(key: str) -> None:
    told = refused(Door.SERVE, **COMPLETE | {"SECRET_KEY": key})
    assert "SECRET_KEY" in told
    assert "token_urlsafe" in told
    assert len(key) < 6 or key not in told


def test_a_secret_that_is_given_is_checked_even_where_none_is_needed() -> None:
    assert "SECRET_KEY is too weak" in refused(Door.TOOL, SECRET_KEY="secret")


@pytest.mark.parametrize("name", ["SECRET_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "REDIS_URL"])
def test_a_process_alone_names_what_it_lacks(name: str) -> None:
    assert f"{name} is not set" in refused(Door.SERVE, **COMPLETE | {name: ""})


def test_up_brings_its_own_redis() -> None:
    assert load_settings(COMPLETE | {"REDIS_URL": ""}, Door.UP).redis_url is None


def test_the_platforms_short_postgres_address_means_our_driver() -> None:
    given = {"DATABASE_URL": "postgres://user:word@host/name"}
    assert load_settings(given).database_url == "postgresql+psycopg://user:word@host/name"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///", "mysql://host/name"])
def test_a_database_that_processes_cannot_share_is_refused(url: str) -> None:
    assert "DATABASE_URL must name a SQLite file or PostgreSQL" in refused(DATABASE_URL=url)


def test_half_an_api_key_is_refused() -> None:
    assert "belong together" in refused(TWILIO_API_KEY="SK1")


def test_the_clock_cannot_be_shifted_outside_tests() -> None:
    assert "CALLCENTER_TEST_CLOCK" in refused(CALLCENTER_TEST_CLOCK="/tmp/clock.json")
    assert load_settings({"CALLCENTER_TEST_CLOCK": "clock.json", "CALLCENTER_MODE": "test"}).test_clock


@pytest.mark.parametrize("api", ["", "https://api.example.com"])
def test_a_demo_reaches_nothing_but_the_simulator(api: str) -> None:
    assert "TWILIO_API_URL" in refused(CALLCENTER_MODE="demo", TWILIO_API_URL=api)
    assert (
        load_settings({"CALLCENTER_MODE": "demo", "TWILIO_API_URL": "http://127.0.0.1:8001"}).mode == "demo"
    )


def test_secrets_are_not_in_the_representation() -> None:
    settings = load_settings(COMPLETE | {"DATABASE_URL": "postgresql://user:word@host/name"})
    assert SECRET not in repr(settings)
    assert "an auth token" not in repr(settings)
    assert "word" not in repr(settings)


def test_every_variable_of_the_documentation_is_read() -> None:
    documented = {
        "DATABASE_URL", "REDIS_URL", "MIGRATE_DATABASE_URL", "PORT", "PUBLIC_URL", "SECRET_KEY",
        "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET",
        "TWILIO_TWIML_APP_SID", "TWILIO_API_URL", "CENTER_FILE", "TWILIO_AUTH_TOKEN_SECONDARY",
    }  # fmt: skip
    assert {name.lower() for name in documented} <= set(Settings.model_fields)


def test_loopback_is_this_machine_only() -> None:
    assert [is_loopback(f"http://{host}") for host in ("127.8.9.1", "[::1]", "a.localhost")] == [True] * 3
    assert [is_loopback(f"http://{host}") for host in ("10.0.0.1", "localhost.example.com", "x")] == [
        False
    ] * 3

"""Settings: the environment of a process, read once at its door and checked with words that help.

Nothing is read at import. The names are those of the operators' documentation; a variable that is set to
nothing counts as not set.
"""

import ipaddress
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from callcenter.errors import CallCenterError

DEFAULT_DATABASE = "sqlite:///var/callcenter.sqlite"
SECRET_LENGTH = 32
SECRET_DIFFERENT = 8
PLACEHOLDERS = ("changeme", "change-me", "change_me", "insecure", "default", "example", "secretkey")
HOW_TO_MAKE_ONE = 'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'


class Door(StrEnum):
    """What a process is going to do; it decides which variables it cannot do without."""

    TOOL = "tool"
    SERVE = "serve"
    UP = "up"


class SettingsError(CallCenterError):
    """The environment cannot be used. `problems` are sentences, each starting with its variable's name."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(["The settings cannot be used:", *(f"  {line}" for line in problems)]))


def is_loopback(url: str) -> bool:
    """Say whether an address leads to this machine only."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _absolute(url: str, example: str) -> SplitResult:
    """Take an http address apart or say what one looks like; plain http may only lead to this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as wrong:
        raise ValueError(f"is no address ({wrong}): give one like {example}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"is not absolute: give it with scheme and host, like {example}")
    if parts.query or parts.fragment or parts.username:
        raise ValueError(f"has a query, a fragment or a user name: give the bare base, like {example}")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError(f"is not encrypted: use https, like {example} (http is for this machine only)")
    return parts


def _public_url(url: str) -> str:
    parts = _absolute(url, "https://hotline.example.com")
    if "_" in (parts.hostname or ""):
        raise ValueError(
            "has an underscore in its host, and Twilio sends no callbacks to such hosts: use another name"
        )
    return url.rstrip("/")


def _api_url(url: str) -> str:
    _absolute(url, "https://api.carrier.example")
    return url.rstrip("/")


def _database_url(url: str) -> str:
    """Accept SQLite files and PostgreSQL; platforms that say `postgres://` mean the driver that we use."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return f"postgresql+psycopg://{url.removeprefix(scheme)}"
    if url.startswith("postgresql+psycopg://"):
        return url
    if url.startswith("sqlite:///") and url != "sqlite:///" and ":memory:" not in url:
        return url
    raise ValueError(
        "must name a SQLite file or PostgreSQL (several processes share it): give sqlite:///var/callcenter.sqlite"
        " or postgresql+psycopg://user:password@host/name"
    )


def _redis_url(url: str) -> str:
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must be redis://host:6379/0, rediss://… or unix:///path/to/socket")
    return url


def _account_sid(sid: str) -> str:
    if len(sid) != 34 or not sid.startswith("AC") or not sid.isalnum():
        raise ValueError("is no account SID: copy it from Twilio's console, AC and 32 letters and digits")
    return sid


def _secret_key(key: str) -> str:
    """Refuse what can be guessed. Shapes only: a long sentence of one's own is as good as random bytes."""
    if len(key) < SECRET_LENGTH or len(set(key)) < SECRET_DIFFERENT:
        raise ValueError(f"is too weak ({SECRET_LENGTH} characters at least): {HOW_TO_MAKE_ONE}")
    if any(word in key.lower() for word in PLACEHOLDERS):
        raise ValueError(f"looks like a placeholder that everybody knows: {HOW_TO_MAKE_ONE}")
    return key


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Secret = Annotated[str | None, Field(default=None, repr=False)]


class Settings(BaseModel):
    """The environment of a process. Secrets are left out of its representation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["serve", "demo", "test"] = "serve"
    database_url: DatabaseUrl = Field(default=DEFAULT_DATABASE, repr=False)
    migrate_database_url: DatabaseUrl | None = Field(default=None, repr=False)
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(default=None, repr=False)
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: Annotated[str, AfterValidator(_public_url)]
    secret_key: Annotated[str, AfterValidator(_secret_key)] | None = Field(default=None, repr=False)
    twilio_account_sid: Annotated[str, AfterValidator(_account_sid)] | None = None
    twilio_auth_token: Secret
    twilio_auth_token_secondary: Secret
    twilio_api_key: Secret
    twilio_api_secret: Secret
    twilio_twiml_app_sid: str | None = None
    twilio_api_url: Annotated[str, AfterValidator(_api_url)] | None = None
    center_file: Path | None = None
    spool_dir: Path = Path("var/spool")
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    test_clock: Path | None = None


# The variable of each field where it is not simply the field's name in capitals.
_NAMES = {"mode": "CALLCENTER_MODE", "test_clock": "CALLCENTER_TEST_CLOCK"}
VARIABLES = {_NAMES.get(field, field.upper()): field for field in Settings.model_fields}
_NEEDED = {
    "secret_key": HOW_TO_MAKE_ONE,
    "twilio_account_sid": "copy the account SID from Twilio's console, or try the product with: make run",
    "twilio_auth_token": "copy the auth token from Twilio's console; webhooks are checked with it",
}


def load_settings(environ: Mapping[str, str], door: Door = Door.TOOL) -> Settings:
    """Return the settings in an environment, complete for what the process is going to do.

    Raises SettingsError naming every variable that is wrong or missing, and what to do about each.
    """
    given = {field: environ[name] for name, field in VARIABLES.items() if environ.get(name)}
    given.setdefault("public_url", f"http://127.0.0.1:{given.get('port', '8000')}")
    try:
        settings = Settings.model_validate(given)
    except ValidationError as wrong:
        raise SettingsError([_sentence(error) for error in wrong.errors()]) from None
    problems = _contradictions(settings) + _missing(settings, door)
    if problems:
        raise SettingsError(problems)
    return settings


def _variable(field: str) -> str:
    return _NAMES.get(field, field.upper())


def _sentence(error: ErrorDetails) -> str:
    """Say which variable and what; the value is not repeated, for it may be a secret."""
    problem = error["msg"].removeprefix("Value error, ")
    return f"{_variable(str(error['loc'][0]))} {problem[0].lower()}{problem[1:]}"


def _contradictions(settings: Settings) -> list[str]:
    """Return what is wrong between variables that are each well formed."""
    problems = []
    if bool(settings.twilio_api_key) != bool(settings.twilio_api_secret):
        problems.append("TWILIO_API_KEY and TWILIO_API_SECRET belong together: set both or neither")
    if settings.test_clock and settings.mode == "serve":
        problems.append("CALLCENTER_TEST_CLOCK shifts the time and is for tests only: unset it")
    if settings.mode == "demo" and not is_loopback(settings.twilio_api_url or ""):
        problems.append(
            "TWILIO_API_URL must lead to the simulator in a demo: demo traffic never reaches a carrier;"
            " use callcenter up for real calls"
        )
    return problems


def _missing(settings: Settings, door: Door) -> list[str]:
    """Return what a process of this kind cannot do without."""
    if door is Door.TOOL:
        return []
    problems = [
        f"{_variable(field)} is not set: {what}"
        for field, what in _NEEDED.items()
        if not getattr(settings, field)
    ]
    if door is Door.SERVE and not settings.redis_url:
        problems.append(
            "REDIS_URL is not set: name the Redis or Valkey that all processes share, like"
            " redis://localhost:6379/0 (only make run and callcenter up bring their own)"
        )
    return problems

"""What a simulator process is started with: numbers, telephones, settings; also how they read as JSON."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from callcenter.simulator.behaviours import Behaviour, rings_out
from callcenter.simulator.faults import Fault
from callcenter.simulator.settings import Settings


@dataclass(frozen=True)
class PhoneConfig:
    """One telephone: how it takes its calls, one behaviour each, the last one kept up."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    address: str
    name: str = ""
    lines: int = 1
    behaviours: tuple[Behaviour, ...] = (rings_out(),)


@dataclass(frozen=True)
class ServerConfig:
    """A network in real time; `numbers` are announced at `public_url` + the product's webhook paths.

    `strangers` is how telephones that nobody has configured take their calls, `faults` is what goes wrong.
    It listens on this machine only. `rate` 2.0 lets time run twice as fast.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    public_url: str
    numbers: tuple[str, ...]
    phones: tuple[PhoneConfig, ...] = ()
    strangers: Behaviour = field(default_factory=rings_out)
    faults: tuple[Fault, ...] = ()
    settings: Settings = field(default_factory=lambda: Settings(calls_per_second=10.0))
    port: int = 8010
    rate: float = 1.0
    voice_path: str = "/twilio/voice"
    fallback_path: str = "/twilio/fallback"
    status_path: str = "/twilio/status"


@dataclass(frozen=True)
class CallOrder:
    """A call that a person makes: `press` holds one entry a prompt, `~20` waits 20 s instead.

    `hold_seconds` is how long he talks with somebody, `hangup_after` how long he stays in all.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    to: str
    from_: Annotated[str, Field(alias="from")]
    press: tuple[Annotated[str, Field(pattern=r"^([0-9*#]+|~\d+(\.\d+)?)$")], ...] = ()
    reaction: float = 1.5
    hold_seconds: float | None = None
    hangup_after: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Deed:
    """What a person does now on a living call: press keys, say words, or hang up."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    press: Annotated[str, Field(pattern=r"^[0-9*#]*$")] = ""
    say: str = ""
    hangup: bool = False


class BadInput(ValueError):
    """What came over the control API cannot be understood; the message says where and why."""


T = TypeVar("T")


def read(kind: type[T], body: bytes | str) -> T:
    """Read a PhoneConfig, CallOrder or Deed from JSON by its field names; raise BadInput."""
    try:
        return TypeAdapter(kind).validate_json(body)
    except ValidationError as fault:
        where = ((".".join(str(part) for part in e["loc"]) or "body", e["msg"]) for e in fault.errors())
        raise BadInput("; ".join(f"{place}: {why}" for place, why in where)) from fault

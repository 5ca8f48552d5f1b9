"""What one simulated account and network are like; everything has a harmless default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

DEMO_ACCOUNT = "AC" + "51" * 16
DEMO_TOKEN = "simulated-auth-token"  # noqa: S105  the simulator's own, no secret
API_VERSION = "2010-04-01"


@dataclass(frozen=True)
class Settings:
    """Times in seconds; `calls_per_second` is the account's pace of leaving its queue (Twilio: 1)."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    account_sid: str = DEMO_ACCOUNT
    auth_token: str = DEMO_TOKEN
    api_url: str = "https://api.twilio.com"
    api_keys: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    calls_per_second: float = 1.0
    latency: float = 0.05
    setup: float = 1.0
    extra_timeout: float = 5.0
    action_after_hangup: bool = True
    recording_delay: float = 3.0

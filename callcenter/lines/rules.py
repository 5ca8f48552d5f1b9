"""What a line may say and count: ring cadences by country, the choices of a menu, the usual numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter.errors import Invalid, Sentence

PROFILE_VERSION = 1
LANGUAGES = ("zh-CN", "en-US")

RINGS_TIMEOUT = 5
RINGS_TARGET = 3  # HL-1
SHORT_CALL_SECONDS = 5
CALLBACK_OFFER_AFTER_SECONDS = 60
SERVICE_LEVEL_SECONDS = 20
# numbers.md: the line's contract names the variant that is judged.
SERVICE_LEVEL_VARIANT = "negative"

AGENT_KEY = "0"
LANGUAGE_KEY = "8"
REPEAT_KEY = "*"
CHOICES = ("technical", "presales", "complaint", "ticket_state", "callback", "agent", "repeat")
CHOICES_WITH_SKILL = frozenset({"technical", "presales", "complaint", "callback", "agent"})


@dataclass(frozen=True)
class Cadence:
    """How a phone rings in a country: seconds on, off, on, off, …; one ring is one cycle."""

    country: str
    on_off: tuple[float, ...]
    cycle_seconds: float

    def limit_seconds(self, rings: int) -> float:
        """Return when the ring after so many rings starts: 3 rings are over at 3 cycles (HL-1)."""
        return rings * self.cycle_seconds


# Source: Asterisk's configs/samples/indications.conf.sample, which cites the ITU's E.180 list; HK and MO
# from secondary tables. A change here is a new PROFILE_VERSION: measures name the version they used.
_PROFILES: dict[tuple[float, ...], tuple[str, ...]] = {
    (1.0, 4.0): ("CN", "DE", "BR", "IT", "NL", "RU", "CH", "PL", "MO"),
    (1.5, 3.5): ("FR",),
    (2.0, 4.0): ("US", "CA"),
    (0.4, 0.2, 0.4, 2.0): ("GB", "AU", "IN", "NZ", "SG", "ZA"),
    (1.0, 2.0): ("JP",),
    (0.4, 0.2, 0.4, 3.0): ("HK",),
    (1.5, 3.0): ("ES",),
    (1.0, 5.0): ("SE", "PT"),
}
CADENCES: Mapping[str, Cadence] = {
    country: Cadence(country, on_off, round(sum(on_off), 3))
    for on_off, countries in _PROFILES.items()
    for country in countries
}


def cadence(country: str) -> Cadence:
    """Return the ring cadence of a country (ISO 3166-1, two letters); raise Invalid where none is known."""
    if country not in CADENCES:
        known = ", ".join(sorted(CADENCES))
        raise Invalid("country", Sentence("no ring cadence is known for {!r}; known: {}", country, known))
    return CADENCES[country]


def skill_of(menu: Sequence[Mapping[str, Any]], choice: str) -> str | None:
    """Return the key of the skill that a menu asks for under a choice, None where it has no such choice."""
    return next((item.get("skill") for item in menu if item["choice"] == choice), None)

"""Cadences by country and the choices of a menu."""

import pytest

from callcenter.errors import Invalid
from callcenter.lines.rules import CADENCES, cadence, skill_of

# numbers.md: "three cycles", the seconds after which the fourth ring starts.
THREE_CYCLES = {
    "CN": 15, "DE": 15, "BR": 15, "IT": 15, "NL": 15, "RU": 15, "CH": 15, "PL": 15, "MO": 15, "FR": 15,
    "US": 18, "CA": 18, "GB": 9, "AU": 9, "IN": 9, "NZ": 9, "SG": 9, "ZA": 9, "JP": 9, "HK": 12, "ES": 13.5,
    "SE": 18, "PT": 18,
}  # fmt: skip


def test_three_rings_last_as_long_as_in_the_table() -> None:
    assert {country: cadence(country).limit_seconds(3) for country in CADENCES} == THREE_CYCLES


@pytest.mark.parametrize("country", sorted(CADENCES))
def test_a_cycle_is_its_parts(country: str) -> None:
    profile = cadence(country)
    assert profile.country == country
    assert profile.cycle_seconds == pytest.approx(sum(profile.on_off))


@pytest.mark.parametrize("country", ["", "cn", "XX", "China"])
def test_an_unknown_country_has_no_cadence(country: str) -> None:
    with pytest.raises(Invalid, match="known: AU"):
        cadence(country)


def test_a_menu_names_the_skill_of_a_choice() -> None:
    menu = [{"key": "1", "choice": "technical", "skill": "engineer"}, {"key": "4", "choice": "ticket_state"}]
    assert skill_of(menu, "technical") == "engineer"
    assert skill_of(menu, "ticket_state") is None
    assert skill_of(menu, "agent") is None

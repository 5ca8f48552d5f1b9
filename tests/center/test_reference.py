"""The page about the centre file says what the code accepts; hints tell where a valid file may surprise."""

from datetime import UTC, datetime
from pathlib import Path

from callcenter.center.advice import advice
from callcenter.center.file import CentreFile
from callcenter.center.reading import parse
from callcenter.center.reference import reference
from tests.center import FULL, MINIMAL, changed

# In summer no promise reaches into the next year; by November its days off should be known.
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 21, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "centre-file.md"


def test_the_page_is_what_the_models_say() -> None:
    made = "python -m callcenter.center.reference > docs/centre-file.md"
    assert PAGE.read_text("utf-8") == reference(), f"make it again: {made}"


def test_every_section_of_the_file_has_its_table() -> None:
    page = reference()
    for section in CentreFile.model_fields:
        assert f"## `{section}`" in page


def test_the_full_example_shows_every_key_of_a_line() -> None:
    line = parse(FULL).lines[0]
    assert line.model_fields_set == set(type(line).model_fields)


def test_the_examples_need_no_advice() -> None:
    assert advice(parse(FULL), SUMMER) == []
    assert advice(parse(MINIMAL), AUTUMN) == []


def test_a_key_behind_which_nobody_answers_is_hinted_at() -> None:
    text = changed(FULL, "skills = { complaint = 1, general = 2 }", "skills = { general = 2 }")
    assert advice(parse(text), SUMMER) == [
        'line hotline: no agent has the skill "complaint" and speaks en-US'
    ]


def test_a_year_whose_days_off_are_not_announced_is_hinted_at() -> None:
    (hint,) = advice(parse(FULL), AUTUMN)
    assert hint.startswith("calendar office: 2027 not confirmed")
    settled = changed(FULL, 'holidays = "CN" ', 'holidays = "CN"\nconfirmed_years = [2027] ')
    assert advice(parse(settled), AUTUMN) == []


# numbers.md: "In China three rings are 15 s … warn where a country makes them differ".
def test_a_country_in_which_three_rings_are_not_fifteen_seconds_is_hinted_at() -> None:
    text = changed(FULL, 'cadence_country = "CN"', 'cadence_country = "US"')
    assert advice(parse(text), SUMMER) == ["line hotline: 3 rings are 18 s in US, GB/T 33358 counts 15 s"]

"""The page about the centre file says what the code accepts; hints tell where a valid file may surprise."""

from pathlib import Path

from callcenter.center.advice import advice
from callcenter.center.file import CentreFile
from callcenter.center.reading import parse
from callcenter.center.reference import reference
from tests.center import FULL, MINIMAL, changed

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
    assert advice(parse(FULL)) == []
    assert advice(parse(MINIMAL)) == []


def test_a_key_behind_which_nobody_answers_is_hinted_at() -> None:
    text = changed(FULL, "skills = { complaint = 1, general = 2 }", "skills = { general = 2 }")
    assert advice(parse(text)) == ['line hotline: no agent has the skill "complaint" and speaks en-US']


# numbers.md: "In China three rings are 15 s … warn where a country makes them differ".
def test_a_country_in_which_three_rings_are_not_fifteen_seconds_is_hinted_at() -> None:
    text = changed(FULL, 'cadence_country = "CN"', 'cadence_country = "US"')
    assert advice(parse(text)) == ["line hotline: 3 rings are 18 s in US, GB/T 33358 counts 15 s"]

"""The page of what is heard is what the flow says now."""

from tests.ivr.transcripts import PAGE, SCENES, page


def test_the_page_is_what_the_flow_says() -> None:
    """words.md: a spoken transcript of every journey; when this fails: `python -m tests.ivr.transcripts`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_party_is_heard() -> None:
    assert {scene.who[1] for scene in SCENES} == {"caller", "agent", "customer"}

"""The centre file: reading, applying, describing it."""

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
FULL = (EXAMPLES / "xinghe.toml").read_text("utf-8")
MINIMAL = (EXAMPLES / "minimal.toml").read_text("utf-8")


def changed(text: str, before: str, after: str) -> str:
    """Replace the first occurrence of something that is there."""
    assert before in text
    return text.replace(before, after, 1)

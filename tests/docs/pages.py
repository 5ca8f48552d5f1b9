"""The pages of the documentation, and what they name."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
PAGES = (*READMES, *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')


def named(page: Path) -> str:
    """Return a page's path from the root: how a failing case is called."""
    return str(page.relative_to(ROOT))


def text(page: Path) -> str:
    """Return a page."""
    return page.read_text(encoding="utf-8")


def fences(page: Path) -> list[str]:
    """Return the page's blocks of code, fences included."""
    return _FENCE.findall(text(page))


def codes(page: Path) -> list[str]:
    """Return what stands in backticks within sentences and tables."""
    return _INLINE.findall(_FENCE.sub("", text(page)))


def links(page: Path) -> list[str]:
    """Return where the page's links lead."""
    return _LINK.findall(_FENCE.sub("", text(page)))


def anchors(page: Path) -> set[str]:
    """Return what may stand after `#`: headings as a forge makes anchors of them, and those set by hand."""
    body = _FENCE.sub("", text(page))
    return {_slug(heading) for heading in _HEADING.findall(body)} | set(_ANCHOR.findall(body))


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\s-]", "", heading.strip().lower())
    return re.sub(r"\s", "-", kept)


def rows(page: Path, header: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the table whose first header cell is this."""
    lines = iter(text(page).splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return
                yield [cell.strip() for cell in row.strip("|").split("|")]

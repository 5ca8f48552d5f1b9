"""Every page in both themes, both widths and both languages: axe finds nothing, nothing sticks out."""

import pytest

from tests.browser.looking import DESK, PHONE, Looker, faults, overflow

PAGES = [
    "/",
    "/me",
    "/me/password",
    "/accounts",
    "/accounts/new",
    "/accounts/agent",
    "/accounts?q=none",
    "/wallboard",
    "/wallboard/links",
    "/desk",
    "/calls",
    "/calls?q=0000",
    "/tickets?whose=all",
    "/callbacks",
    "/promises",
    "/tasks",
    "/audit-log",
    "/none",
]
WAYS = [
    ("light", DESK, "en-US"),
    ("dark", DESK, "zh-CN"),
    ("light", PHONE, "zh-CN"),
    ("dark", PHONE, "en-US"),
]


@pytest.mark.parametrize(("theme", "width", "language"), WAYS)
def test_pages_are_for_everybody(looker: Looker, theme: str, width: int, language: str) -> None:
    page = looker.signed_in("admin", theme=theme, width=width, language=language)
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = faults(page) + (["too wide"] if overflow(page) > 0 else [])
    assert found == {path: [] for path in PAGES}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_is_for_everybody(looker: Looker, theme: str) -> None:
    page = looker.page(theme=theme, width=PHONE)
    page.goto("/sign-in")
    assert faults(page) == []
    page.locator("#name").fill("admin")
    page.locator("#password").fill("wrong")
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    assert faults(page) == []


def test_pages_are_light(looker: Looker) -> None:
    """Scripts stay under 60 kB and a first page under 90, as they are sent: nothing compresses them here."""
    page = looker.page()
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto("/sign-in", wait_until="networkidle")
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    assert scripts < 60_000
    assert sum(sizes.values()) < 90_000

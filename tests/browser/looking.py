"""Looking at pages as a person does: signed in, in a language, a theme and a width; and with axe's eyes."""

from functools import cache
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.factories.accounts import PASSWORD
from tests.servers import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = 1280, 390


class Looker:
    """Opens browser windows and collects what their consoles complain of."""

    def __init__(self, url: str, browser: Browser) -> None:
        self.url, self._browser = url, browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, *, language: str = "en-US", theme: Any = "light", width: int = DESK) -> Page:
        """Open a window that nobody is signed in to."""
        context = self._browser.new_context(
            locale=language,
            color_scheme=theme,
            viewport={"width": width, "height": 800},
            base_url=self.url,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))
        return page

    def _hear(self, kind: str, text: str) -> None:
        """An answer that refuses is no fault of the page; whatever else is red is."""
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def signed_in(self, name: str, to: str = "/", **how: Any) -> Page:
        """Open a window and sign in with the form."""
        page = self.page(**how)
        page.goto(f"/sign-in?next={to}")
        page.locator("#name").fill(name)
        page.locator("#password").fill(PASSWORD)
        page.locator("button.primary").click()
        page.wait_for_url(f"**{to}")
        return page

    def forgive(self, words: str) -> None:
        """Forget complaints of what the test has broken itself."""
        self.complaints = [said for said in self.complaints if words not in said]

    def close(self) -> None:
        """Close every window."""
        for context in self._contexts:
            context.close()


@cache
def _axe() -> str:
    return AXE.read_text()


def faults(page: Page) -> list[str]:
    """Return what axe finds, a line each: the rule, and where."""
    page.evaluate(_axe())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{each['id']}: {node['target']}" for each in found["violations"] for node in each["nodes"]]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

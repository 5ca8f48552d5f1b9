"""The home of each role: its first places, and what is on just now."""

from callcenter.access.rules import KIOSK
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.navigation import HOMES

pages = Pages()


@pages.get("/", role=KIOSK)
def home(asked: Asked) -> Answer:
    """Lead each role to where it works; a role without such a place sees the places that it has."""
    to = "/wallboard" if asked.who.role == KIOSK else HOMES[asked.who.role]
    return Page("home.html") if to == "/" else Go(to)

"""The places of the left rail: where they lead, their icon, their word, their key after `g`, and for whom.

Whoever adds a page that people go to every day adds its place here, in the order of the rail.
"""

from dataclasses import dataclass

from callcenter.access.rules import NOBODY, Visitor
from callcenter.web.pages.words import marked as _


@dataclass(frozen=True)
class Place:
    """A place of the rail; `role` is the least that sees it."""

    path: str
    icon: str
    word: str
    key: str
    role: str


PLACES = (
    Place("/", "home", _("Home"), "h", "agent"),
    Place("/desk", "headset", _("Desk"), "d", "agent"),
    Place("/wallboard", "gauge", _("Wallboard"), "w", "agent"),
    Place("/calls", "phone", _("Calls"), "c", "agent"),
    Place("/tickets", "ticket", _("Tickets"), "t", "agent"),
    Place("/callbacks", "callback", _("Callbacks"), "b", "agent"),
    Place("/promises", "promise", _("Promises"), "p", "agent"),
    Place("/tasks", "warn", _("Tasks"), "k", "supervisor"),
    Place("/audit-log", "eye", _("Audit log"), "l", "supervisor"),
    Place("/accounts", "people", _("Accounts"), "u", "admin"),
)
SEARCH: tuple[str, str] | None = ("/calls", "agent")
"""Where the search of the top bar leads, and the least role; without one it is not shown."""
HOMES = {"agent": "/desk", "supervisor": "/", "admin": "/"}
"""Where each role is led after signing in."""


def places_for(who: Visitor) -> tuple[Place, ...]:
    """Return the places of a visitor's rail; nobody and a kiosk have none."""
    return () if who.account_id is None else tuple(place for place in PLACES if who.may(place.role))


def searched_at(who: Visitor) -> str | None:
    """Return where a visitor's search leads, None where he has none."""
    return SEARCH[0] if SEARCH and who.role != NOBODY and who.account_id and who.may(SEARCH[1]) else None


def home_of(who: Visitor) -> str:
    """Return where a visitor is led after signing in."""
    return HOMES.get(who.role, "/wallboard")

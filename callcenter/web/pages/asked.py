"""What a page is asked and what it answers: a page is a function from the one to the other.

`@pages.get("/tickets", role="agent")` over `def tickets(asked: Asked, query: TicketQuery) -> Answer`. An
`Asked` is what the API's endpoints take, so that a page may call them and show what they answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from gettext import NullTranslations
from typing import Any, get_type_hints
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response

from callcenter.access.rules import Visitor
from callcenter.standards.queries import home_zone
from callcenter.web.api import layer as api
from callcenter.web.pages.words import words


@dataclass(frozen=True)
class Reader:
    """Who reads a page and how: known before the database is asked for anything else, errors included.

    `language` is zh-CN or en-US; `theme` light, dark, or nothing to follow the system; `query` has the last
    value of each name. `partial`: htmx asks for a part of a page.
    """

    who: Visitor
    language: str
    theme: str
    url: str
    query: Mapping[str, str]
    address: str
    headers: Headers
    request_id: str

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.headers.get("hx-request") == "true"

    @cached_property
    def words(self) -> NullTranslations:
        """Return what the pages say in the reader's language."""
        return words(self.language)

    def t(self, message: str, **values: object) -> str:
        """Return a sentence in the reader's language, its values filled in."""
        said = self.words.gettext(message)
        return said % values if values else said

    def with_query(self, **changes: object) -> str:
        """Return this page's address with other values in its query; None takes a name out."""
        kept = dict(self.query) | {name: str(value) for name, value in changes.items()}
        kept = {name: value for name, value in kept.items() if changes.get(name, value) is not None}
        return f"{self.url}?{urlencode(kept)}" if kept else self.url

    @property
    def here(self) -> str:
        """Return this page's own address, its query included."""
        return self.with_query()


@dataclass(frozen=True)
class Asked(api.Asked):
    """One request as a page sees it: all that an endpoint of the API sees, its reader, and a posted form."""

    who: Visitor
    reader: Reader
    form: Mapping[str, str]

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone that times are shown in: the centre's."""
        return home_zone(self.session)

    def t(self, message: str, **values: object) -> str:
        """Return a sentence in the reader's language, its values filled in."""
        return self.reader.t(message, **values)


@dataclass(frozen=True)
class Page:
    """Show a template with a context."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Go:
    """Lead to another page by GET; `said` is told there once, in a toast, whose undo posts to `undo`."""

    to: str
    said: str | None = None
    undo: str | None = None


Answer = Page | Go | Response


@dataclass(frozen=True)
class Endpoint:
    """A method of a path: the function, the least role, the model of its query if it names one."""

    method: str
    path: str
    call: Callable[..., Answer]
    role: str
    unhurried: bool
    query: type[BaseModel] | None
    writes: bool = False


@dataclass
class Pages:
    """The pages of one module, collected by decorating functions."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, *, role: str, writes: bool = False) -> Callable[..., Any]:
        """Register a page; the role `nobody` is everybody, `kiosk` a wallboard's screen as well.

        One that `writes` is written down: that somebody looked is part of its one transaction.
        """
        return self._register("GET", path, role, unhurried=False, writes=writes)

    def post(self, path: str, *, role: str, unhurried: bool = False) -> Callable[..., Any]:
        """Register an order: one transaction, committed after it.

        An unhurried one is given a session that only reads, and opens its transaction when its slow work,
        such as hashing a password, is done.
        """
        return self._register("POST", path, role, unhurried=unhurried)

    def _register(
        self, method: str, path: str, role: str, *, unhurried: bool, writes: bool = False
    ) -> Callable[..., Any]:
        def keep(call: Callable[..., Answer]) -> Callable[..., Answer]:
            query = get_type_hints(call).get("query")
            self.endpoints.append(Endpoint(method, path, call, role, unhurried, query, writes))
            return call

        return keep

"""Promises: what is owed by when, how much time is left, and why it is due then."""

from collections.abc import Callable
from datetime import timedelta
from typing import get_args

from callcenter.web.api import promises as api
from callcenter.web.pages.asked import Answer, Asked, Page, Pages
from callcenter.web.pages.choices import line_names, named
from callcenter.web.pages.names import PROMISES

pages = Pages()
RULES: tuple[str, ...] = get_args(api.Rule)


@pages.get("/promises", role="agent")
def list_promises(asked: Asked, query: api.PromiseQuery) -> Answer:
    """List promises, the first due first."""
    return Page(
        "promises.html",
        {
            "list": api.promises(asked, query),
            "line_names": line_names(asked),
            "state_names": named(asked, PROMISES),
            "rule_names": [(rule, rule) for rule in RULES],
            "share": _share(asked),
        },
    )


def _share(asked: Asked) -> Callable[[api.PromiseItem], float | None]:
    """Return what tells how much of a promise's time is left, from 1 to 0; None of one that is over."""

    def left(item: api.PromiseItem) -> float | None:
        if item.state not in ("open", "late"):
            return None
        whole = item.due_at - (item.counted_from or item.made_at)
        return max(0.0, min(1.0, (item.due_at - asked.at) / max(whole, timedelta(seconds=1))))

    return left


@pages.get("/promises/{id}", role="agent")
def show_promise(asked: Asked) -> Answer:
    """Let a promise explain itself: why due then, by which calendar and rule, what happened."""
    found = api.promise(asked)
    why: list[str] = found.explanation.get(asked.reader.language) or next(
        iter(found.explanation.values()), []
    )
    return Page("promise.html", {"promise": found, "why": why, "share": _share(asked)(found)})

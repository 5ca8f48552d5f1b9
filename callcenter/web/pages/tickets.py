"""Tickets: Mine, Unassigned, All; each one a timeline of what people did and what is owed."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from callcenter.audit.desks import TicketFilter, count_tickets, list_tickets
from callcenter.errors import Conflict, Invalid, Missing
from callcenter.staff.queries import agent, agents
from callcenter.tickets import actions
from callcenter.web.api import tickets as api
from callcenter.web.api.inputs import Page as Part
from callcenter.web.api.inputs import PageQuery, Word, line_named
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.choices import line_names, named, told
from callcenter.web.pages.names import CHANNELS, MATTERS, TICKETS
from callcenter.web.pages.words import marked as _

pages = Pages()
WHOSE = Literal["mine", "unassigned", "all"]
TAKEN = _("The ticket is yours.")
CHANGED = _("Saved.")
CLOSED = _("The ticket is closed.")
REOPENED = _("The ticket is open again.")
NOTED = _("The note is on the ticket.")
MOST_NOTE = 8000


class TicketList(PageQuery):
    """Filters of the list; `whose` is its tab."""

    whose: WHOSE | None = None
    state: Literal["new", "open", "solved", "closed"] | None = None
    kind: api.Kind | None = None
    line: Word | None = None
    q: Word | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@pages.get("/tickets", role="agent")
def tickets(asked: Asked, query: TicketList) -> Answer:
    """List tickets, the newest first; tabs count what is neither solved nor closed."""
    whose = query.whose or ("mine" if asked.who.agent_id else "all")
    wanted = TicketFilter(
        **_owned(asked, whose),
        state=query.state,
        kind=query.kind,
        line_id=line_named(asked.session, query.line).id if query.line else None,
        search=query.q,
    )
    rows = list_tickets(asked.session, wanted, api.TICKETS.after(asked, query), query.limit + 1)
    place = api.TICKETS.cut(asked, query, rows, lambda row: (row.Ticket.created_at, row.Ticket.id))
    shown, following = place
    items = [api.TicketItem(**api._fields(row)) for row in shown]
    return Page(
        "tickets.html",
        {
            "list": Part[api.TicketItem](items=items, next=following),
            "tabs_of": [_tab(asked, each, whose) for each in _tabs(asked)],
            "line_names": line_names(asked),
            "state_names": named(asked, TICKETS),
            "kind_names": named(asked, MATTERS),
        },
    )


def _tabs(asked: Asked) -> tuple[str, ...]:
    return ("mine", "unassigned", "all") if asked.who.agent_id else ("unassigned", "all")


_TABS = {"mine": _("Mine"), "unassigned": _("Unassigned"), "all": _("All tickets")}


def _tab(asked: Asked, name: str, here: str) -> tuple[str, str, int, bool]:
    count = count_tickets(asked.session, TicketFilter(**_owned(asked, name), live=True))
    return asked.reader.with_query(whose=name, cursor=None), asked.t(_TABS[name]), count, name == here


def _owned(asked: Asked, whose: str) -> dict[str, Any]:
    if whose == "unassigned":
        return {"unowned": True}
    return {"owner_id": asked.who.agent_id} if whose == "mine" and asked.who.agent_id else {}


@pages.get("/tickets/{number}", role="agent")
def ticket(asked: Asked) -> Answer:
    """Show one ticket: what it says, what is owed about it, what happened."""
    return _ticket(asked)


def _ticket(asked: Asked, problem: str | None = None, given: dict[str, str] | None = None) -> Page:
    found = api.ticket(asked)
    happened = api.history(asked, PageQuery(limit=200))
    context = {
        "ticket": found,
        "events": happened.items,
        "given": given or {},
        "problem": problem,
        "agent_names": [("", "–"), *((each.key, each.name) for each in agents(asked.session))],
        "state_names": [(key, asked.t(word)) for key, word in TICKETS.items() if key != "closed"],
        "kind_names": named(asked, MATTERS),
        "channel": asked.t(CHANNELS[found.channel]),
        "mine": bool(asked.who.agent_id and found.owner == agent(asked.session, asked.who.agent_id).key),
    }
    return Page("ticket.html", context, 422 if problem else 200)


@pages.post("/tickets/{number}/save", role="agent")
def save(asked: Asked) -> Answer:
    """Change what the form says, unless somebody else has changed it since it was read."""
    form = asked.form
    given = {
        name: form.get(name, "").strip()
        for name in ("kind", "state", "owner", "subject", "problem", "solution")
    }
    wanted: dict[str, Any] = {name: value or None for name, value in given.items()}
    try:
        change = api.TicketChange.model_validate(wanted | {"version": int(form.get("version", "0") or 0)})
        api.change_ticket(asked, change)
    except (ValidationError, ValueError):
        return _ticket(asked, asked.t(_("This could not be read: look at what you wrote.")), given)
    except (Conflict, Invalid) as refused:
        return _ticket(asked, told(asked, refused), given)
    return Go(_here(asked), asked.t(CHANGED))


@pages.post("/tickets/{number}/take", role="agent")
def take(asked: Asked) -> Answer:
    """Let the ticket be mine; it can be given back."""
    if asked.who.agent_id is None:
        raise Missing("agent", "of this account")
    before = api.ticket(asked).owner
    mine = agent(asked.session, asked.who.agent_id).key
    api.change_ticket(asked, api.TicketChange(owner=mine))
    return Go(_here(asked), asked.t(TAKEN), f"{_here(asked)}/give?to={before or ''}")


@pages.post("/tickets/{number}/give", role="agent")
def give(asked: Asked) -> Answer:
    """Give the ticket to somebody, or to nobody."""
    to = asked.reader.query.get("to") or None
    api.change_ticket(asked, api.TicketChange(owner=to))
    return Go(_here(asked), asked.t(CHANGED))


@pages.post("/tickets/{number}/close", role="agent")
def close(asked: Asked) -> Answer:
    """Close the ticket; for eight seconds that can be undone."""
    try:
        api.close_ticket(asked, api.TicketClose(solution=asked.form.get("solution", "").strip() or None))
    except Conflict as refused:
        return _ticket(asked, told(asked, refused))
    return Go(_here(asked), asked.t(CLOSED), f"{_here(asked)}/reopen")


@pages.post("/tickets/{number}/reopen", role="agent")
def reopen(asked: Asked) -> Answer:
    """Open a closed ticket again: what it owed, it owes again."""
    api.change_ticket(asked, api.TicketChange(state="open"))
    return Go(_here(asked), asked.t(REOPENED))


@pages.post("/tickets/{number}/note", role="agent")
def note(asked: Asked) -> Answer:
    """Write a note for colleagues."""
    text = asked.form.get("note", "").strip()[:MOST_NOTE]
    try:
        actions.add_note(asked.session, asked.path["number"], text, asked.at, asked.who.actor)
    except Invalid:
        return _ticket(asked, asked.t(_("Write what the note is to say.")))
    return Go(_here(asked), asked.t(NOTED))


def _here(asked: Asked) -> str:
    return f"/tickets/{asked.path['number']}"

"""Callbacks: what is owed, when it is tried, and what an agent may do about it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from callcenter.errors import Conflict, Invalid
from callcenter.phone_numbers import masked
from callcenter.web.api import callbacks as api
from callcenter.web.api.inputs import Page as Part
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.choices import line_names, named, told
from callcenter.web.pages.names import CALLBACKS
from callcenter.web.pages.words import marked as _

pages = Pages()
CALLED = _("The customer is called as soon as it is his turn.")
CANCELLED = _("The callback is cancelled.")
MOVED = _("The callback is promised for another time.")
NO_TIME = _("Give a date and a time.")


@pages.get("/callbacks", role="agent")
def list_callbacks(asked: Asked, query: api.CallbackQuery) -> Answer:
    """List callbacks, the first due first."""
    found = api.callbacks(asked, query)
    shown = [item.model_copy(update={"number": masked(item.number)}) for item in found.items]
    return Page(
        "callbacks.html",
        {
            "list": Part[api.CallbackItem](items=shown, next=found.next),
            "line_names": line_names(asked),
            "state_names": named(asked, CALLBACKS),
        },
    )


@pages.get("/callbacks/{id}", role="agent")
def show_callback(asked: Asked) -> Answer:
    """Show one callback with every attempt to reach its customer."""
    return _callback(asked)


def _callback(asked: Asked, problem: str | None = None) -> Page:
    asked.session.flush()
    found = api.callback(asked)
    shown = found.model_copy(update={"number": masked(found.number)})
    here = found.due_at.astimezone(asked.zone)
    context = {"callback": shown, "proposed": f"{here:%Y-%m-%dT%H:%M}", "problem": problem}
    return Page("callback.html", context, 422 if problem else 200)


def _back(asked: Asked, said: str) -> Go:
    return Go(f"/callbacks/{asked.path['id']}", asked.t(said))


@pages.post("/callbacks/{id}/call", role="agent")
def call_now(asked: Asked) -> Answer:
    """Call as soon as an agent is free, and not first when it is due."""
    try:
        api.call_now(asked)
    except Conflict as refused:
        return _callback(asked, told(asked, refused))
    return _back(asked, CALLED)


@pages.post("/callbacks/{id}/cancel", role="agent")
def cancel(asked: Asked) -> Answer:
    """Cancel it, for the reason that was given."""
    reason = asked.form.get("reason", "").strip()[:40]
    try:
        api.cancel(asked, api.CallbackCancel(reason=reason or "cancelled"))
    except Conflict as refused:
        return _callback(asked, told(asked, refused))
    return _back(asked, CANCELLED)


@pages.post("/callbacks/{id}/move", role="agent")
def move(asked: Asked) -> Answer:
    """Promise another time, to which the customer has agreed."""
    due = moment_in(asked.form.get("due_at", ""), asked.zone)
    if due is None:
        return _callback(asked, asked.t(NO_TIME))
    reason = asked.form.get("reason", "").strip()[:60] or None
    try:
        wanted = api.CallbackMove(due_at=due, consent=True, reason=reason)
        api.reschedule(asked, wanted)
    except ValidationError:
        return _callback(asked, asked.t(NO_TIME))
    except (Conflict, Invalid) as refused:
        return _callback(asked, told(asked, refused))
    return _back(asked, MOVED)


def moment_in(text: str, zone: ZoneInfo) -> datetime | None:
    """Read what a field for date and time gives, in the centre's zone; None for anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone) if text else None
    except ValueError:
        return None

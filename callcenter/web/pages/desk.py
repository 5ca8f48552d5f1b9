"""The desk: what an agent does now, the call on his phone, whose it is, and what he still owes.

The call itself is on the telephone that the centre file gives the agent; what is decided about it is decided
here or by its keys, whichever comes first.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from callcenter.calls.models import Call
from callcenter.calls.queries import leg_by_sid
from callcenter.configuration import configuration
from callcenter.errors import CallCenterError, Conflict, Invalid, Missing, Sentence
from callcenter.lines.rules import cadence
from callcenter.phone_numbers import masked
from callcenter.routing.models import Offer
from callcenter.routing.rules import CHOSEN
from callcenter.tickets.queries import ticket_of_call
from callcenter.web.api import agents as api
from callcenter.web.api import callbacks as callbacks_api
from callcenter.web.api import promises as promises_api
from callcenter.web.api import tickets as tickets_api
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.choices import told
from callcenter.web.pages.words import marked as _

pages = Pages()
REASONS = {
    "meal": _("Meal"),
    "training": _("Training"),
    "meeting": _("Meeting"),
    "personal": _("Personal"),
}
"""Why an agent takes a break (HL-13: every break has a reason)."""
MOST = 8


@pages.get("/desk", role="agent")
def desk(asked: Asked) -> Answer:
    """Show the desk of the agent to whom the account belongs."""
    return Page("desk.html", _now(asked) | _work(asked))


@pages.get("/desk/now", role="agent")
def desk_now(asked: Asked) -> Answer:
    """Show what changes by the second: state and offer."""
    return Page("desk_now.html", _now(asked))


def _me(asked: Asked) -> UUID:
    if asked.who.agent_id is None:
        raise Missing("agent", "of this account")
    return asked.who.agent_id


def _now(asked: Asked) -> dict[str, Any]:
    if asked.who.agent_id is None:
        return {"me": None, "offer": None, "card": None, "reasons": [], "cycle": 1, "target": 3}
    me = api._agent_item(asked, _me(asked))
    mine = api.offers(asked, api.OfferQuery(agent=me.key)).items
    offer = mine[0] if mine else None
    rings = _rings(asked, offer) if offer else (None, 6.0, 3)
    return {
        "me": me,
        "offer": offer,
        "ringing_at": rings[0],
        "cycle": rings[1],
        "target": rings[2],
        "card": _card(asked, offer) if offer else None,
        "reasons": [(key, asked.t(word)) for key, word in REASONS.items()],
    }


def _rings(asked: Asked, offer: api.OfferItem) -> tuple[Any, float, int]:
    """Return since when the phone rings by the carrier's stamp, how long a ring lasts, and the target."""
    row = asked.session.get_one(Offer, offer.id)
    leg = leg_by_sid(asked.session, row.leg_sid) if row.leg_sid else None
    line = configuration(asked.session).lines[row.line_id]
    return leg and leg.ringing_at, cadence(line.cadence_country).cycle_seconds, line.rings_target


def _card(asked: Asked, offer: api.OfferItem) -> dict[str, Any]:
    """Return who is on the other end: the whole number, for it is his own call, ticket, what is owed."""
    call = asked.session.get(Call, offer.call) if offer.call else None
    ticket = ticket_of_call(asked.session, call) if call else None
    promises = tickets_api._detail(asked, ticket.number).promises if ticket else []
    return {"number": offer.from_, "ticket": ticket, "promises": promises, "call": call}


def _work(asked: Asked) -> dict[str, Any]:
    if asked.who.agent_id is None:
        return {"tickets": [], "promises": [], "callbacks": []}
    key = api._agent_item(asked, _me(asked)).key
    tickets = tickets_api.tickets(asked, tickets_api.TicketQuery(owner=key, limit=MOST)).items
    return {
        "tickets": [ticket for ticket in tickets if ticket.state in ("new", "open")],
        "promises": promises_api.promises(
            asked, promises_api.PromiseQuery(owner=key, state="owed", limit=MOST)
        ).items,
        "callbacks": [
            each.model_copy(update={"number": masked(each.number)})
            for each in callbacks_api.callbacks(
                asked, callbacks_api.CallbackQuery(state="booked", limit=MOST)
            ).items
        ],
    }


@pages.post("/desk/state", role="agent")
def set_state(asked: Asked) -> Answer:
    """Set what the agent does; a break says why. During a call it comes true afterwards."""
    _me(asked)
    wanted, _colon, reason = asked.form.get("state", "").partition(":")
    if wanted not in CHOSEN:
        raise Invalid("state", Sentence("{!r} is not one of {}", wanted, ", ".join(CHOSEN)))
    change = api.AgentStateChange.model_validate({"state": wanted, "reason": reason or None})
    try:
        api.set_state(_for_me(asked), change)
    except CallCenterError as refused:
        return Go("/desk", told(asked, refused))
    return Go("/desk")


def _for_me(asked: Asked) -> Asked:
    """Return the request with the agent himself as what it is about."""
    return replace(asked, path={"id": str(_me(asked))})


@pages.post("/desk/offers/{id}/accept", role="agent")
def accept(asked: Asked) -> Answer:
    """Take the call: whoever listens to the announcement already is led into the room."""
    return _decide(asked, api.accept)


@pages.post("/desk/offers/{id}/decline", role="agent")
def decline(asked: Asked) -> Answer:
    """Let the next agent have it."""
    return _decide(asked, api.decline)


def _decide(asked: Asked, decision: Any) -> Answer:
    try:
        decision(asked)
    except Conflict as refused:
        return Go("/desk", told(asked, refused))
    return Go("/desk")

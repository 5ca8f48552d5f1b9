"""The call audit: every call in a list, and one call's whole story. Who looked is written down."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from callcenter.audit.looks import looks_at
from callcenter.audit.queries import find_call
from callcenter.calls.queries import recordings_of
from callcenter.calls.rules import OUTBOUND_OUTCOMES, OUTCOMES
from callcenter.carrier.port import CarrierError
from callcenter.errors import Forbidden, Missing, Unavailable
from callcenter.ledger.actions import write
from callcenter.phone_numbers import masked
from callcenter.staff.queries import agents
from callcenter.web.api import calls as api
from callcenter.web.api.problems import invalid_fields
from callcenter.web.pages import sheets
from callcenter.web.pages.asked import Answer, Asked, Page, Pages
from callcenter.web.pages.choices import line_names
from callcenter.web.pages.moments import moments_of
from callcenter.web.pages.names import OUTCOMES as OUTCOME_NAMES
from callcenter.web.pages.words import marked as _

pages = Pages()
LEAST_REASON = 4


class CallList(api.CallQuery):
    """The filters of the list, as the API has them."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50


def page_of(asked: Asked, query: api.CallQuery) -> Any:
    """Return a part of the list with every customer's number masked."""
    found = api.calls(asked, query)
    return found.model_copy(update={"items": [_masked(item) for item in found.items]})


def _masked(item: api.CallItem) -> api.CallItem:
    if item.direction == "inbound":
        return item.model_copy(update={"from_": masked(item.from_)})
    return item.model_copy(update={"to": masked(item.to)})


@pages.get("/calls", role="agent")
def list_calls(asked: Asked, query: CallList) -> Answer:
    """List calls, the newest first; what the filters say is in the address."""
    outcomes = dict.fromkeys((*OUTCOMES, *OUTBOUND_OUTCOMES))
    return Page(
        "calls.html",
        {
            "list": page_of(asked, query),
            "line_names": line_names(asked),
            "agent_names": [(each.key, each.name) for each in agents(asked.session)],
            "outcome_names": [(key, asked.t(OUTCOME_NAMES[key])) for key in outcomes],
        },
    )


@pages.get("/calls/{id}", role="agent", writes=True)
def show_call(asked: Asked) -> Answer:
    """Tell one call's story; that somebody read it is written down."""
    return _story(asked)


def _story(asked: Asked, *, revealed: bool = False, problem: str | None = None) -> Page:
    told = api.call(asked)
    shown = told if revealed else _masked(told)
    looks = looks_at(asked.session, told.id) if asked.who.may("supervisor") else []
    context = {
        "call": shown,
        "revealed": revealed,
        "problem": problem,
        "moments": moments_of(asked, told),
        "looks": looks,
    }
    return Page("call.html", context, 422 if problem else 200)


@pages.post("/calls/{id}/reveal", role="supervisor")
def reveal(asked: Asked) -> Answer:
    """Show the customer's whole number this once, for a reason that is written down."""
    reason = asked.form.get("reason", "").strip()[:200]
    if len(reason) < LEAST_REASON:
        return _story(asked, problem=asked.t(_("Say why you need the number: it is written down.")))
    row = find_call(asked.session, asked.path["id"])
    if row is None:
        raise Missing("call", "with this id or SID")
    write(asked.session, asked.who.actor, "call.reveal", "call", row.call.id, asked.at, {"reason": reason})
    return _story(asked, revealed=True)


@pages.get("/calls/{id}/recordings/{sid}", role="agent", writes=True)
def play(asked: Asked) -> Answer:
    """Play a recording of a call, through us only; that somebody listened is written down."""
    row = find_call(asked.session, asked.path["id"])
    if row is None:
        raise Missing("call", "with this id or SID")
    if not asked.who.may("supervisor") and asked.who.agent_id != row.call.agent_id:
        raise Forbidden("An agent listens to the calls that he took.")
    sid = asked.path["sid"]
    if sid not in {recording.sid for recording in recordings_of(asked.session, row.call.id)}:
        raise Missing("recording", "of this call")
    write(asked.session, asked.who.actor, "recording.play", "call", row.call.id, asked.at, {"recording": sid})
    try:
        sound = asked.work.carrier.recording(sid)
    except CarrierError as fault:
        raise Unavailable("The carrier does not give this recording now; try again later.") from fault
    return Response(sound, media_type="audio/wav", headers={"Accept-Ranges": "none"})


@pages.post("/calls.csv", role="supervisor")
def export(asked: Asked) -> Answer:
    """Stream the list with its filters as a sheet; who took it, and with which filters, is written down."""
    given = {name: value for name, value in asked.form.items() if value and name in CallList.model_fields}
    given |= {"from": asked.form["from"]} if asked.form.get("from") else {}
    try:
        query = CallList.model_validate(given)
    except ValidationError as error:
        raise invalid_fields(error) from error
    page_of(asked, query)  # What is wrong with the filters is said before the first line leaves.
    filters = {"filters": sorted(given)}
    write(asked.session, asked.who.actor, "calls.export", "calls", "csv", asked.at, filters)
    return StreamingResponse(_rows(asked, query, asked.zone), media_type="text/csv; charset=utf-8",
                             headers={"Content-Disposition": 'attachment; filename="calls.csv"'})  # fmt: skip


def _rows(asked: Asked, query: CallList, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the lines, a part of the list at a time; the request's own session is over by then."""
    head = (
        _("Started"), _("Direction"), _("Number"), _("Line"), _("Outcome"), _("Waited, s"), _("Agent"),
        _("Rings"), _("Ring, s"), _("Within three rings"), _("Ticket"), _("Language"), _("Id"),
    )  # fmt: skip
    yield sheets.BOM + sheets.line(*(asked.t(name) for name in head))
    cursor: str | None = query.cursor
    for _page in range(sheets.MOST_PAGES):
        with asked.work.db.reading() as session:
            part = page_of(_on(asked, session), query.model_copy(update={"cursor": cursor, "limit": 200}))
        for item in part.items:
            yield sheets.line(
                sheets.when(item.started_at, zone), asked.t(_DIRECTIONS[item.direction]),
                item.from_ if item.direction == "inbound" else item.to, item.line,
                asked.t(OUTCOME_NAMES.get(item.outcome, item.outcome)), item.wait_seconds, item.agent,
                item.rings, item.ring_seconds, item.within_three_rings, item.ticket, item.language,
                UUID(str(item.id)),
            )  # fmt: skip
        cursor = part.next
        if cursor is None:
            return


_DIRECTIONS = {"inbound": _("from a customer"), "outbound": _("to a customer")}


def _on(asked: Asked, session: Session) -> Asked:
    """Return the same request on another session."""
    return replace(asked, session=session)

"""Calls: the list, and one call's story. Reading a story is written down."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.access.rules import Principal
from callcenter.audit.queries import CallFilter, CallRow, calls_of, find_call, list_calls
from callcenter.audit.stories import story_of
from callcenter.calls.rules import OUTBOUND_OUTCOMES, OUTCOMES
from callcenter.errors import Forbidden, Invalid, Missing, Sentence
from callcenter.ledger.actions import write
from callcenter.organisation.queries import find_centre
from callcenter.phone_numbers import canonical, masked
from callcenter.standards.queries import Position, rows_behind
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Day,
    Instant,
    Page,
    PageQuery,
    Shape,
    Word,
    agent_named,
    line_named,
)
from callcenter.web.api.layer import Api, Asked
from callcenter.web.api.scopes import OF_CALLS, FigureName, ScopeQuery, Side, formula_named, scope_of, set_of
from callcenter.web.api.story import CallStory, tell

api = Api()
CALLS = Cursor("calls")
OUTCOME_LIST = "^({0})(,({0}))*$".format("|".join((*OUTCOMES, *OUTBOUND_OUTCOMES)))


class CallItem(Shape):
    """A call in the list. Seconds are counted from the carrier's stamps; null is not known or not so.

    `wait_seconds` runs from the queue's entry until both were joined, or the queue was left.
    """

    id: UUID
    sid: str | None
    direction: str
    from_: Annotated[str | None, Field(alias="from")]
    to: str
    line: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    wait_seconds: float | None
    agent: str | None
    ring_seconds: float | None
    rings: int | None
    within_three_rings: bool | None
    ring_source: str | None
    offers: int
    first_offer_within_three_rings: bool | None
    ticket: str | None
    language: str | None


class CallDetail(CallItem, CallStory):
    """One call with its whole story."""


class CallQuery(PageQuery):
    """Filters; numbers as people write them, `outcome` one or several parted by commas, days inclusive.

    `figure` and `side` give the calls behind a figure of /standards, of days, a line or branch, an agent.
    """

    from_: Annotated[Word | None, Field(alias="from")] = None
    to: Word | None = None
    line: Word | None = None
    agent: Word | None = None
    outcome: Annotated[Word | None, Field(json_schema_extra={"pattern": OUTCOME_LIST})] = None
    direction: Literal["inbound", "outbound"] | None = None
    started_after: Instant | None = None
    started_before: Instant | None = None
    day_from: Day | None = None
    day_to: Day | None = None
    q: Word | None = None
    queued: bool | None = None
    ended: bool | None = None
    short: bool | None = None
    ring: Literal["judged", "measurable", "estimated", "accepted", "first_offer_judged"] | None = None
    figure: FigureName | None = None
    side: Side = "denominator"
    branch: Word | None = None
    as_of: Instant | None = None


@api.get("/calls", role="agent")
def calls(asked: Asked, query: CallQuery) -> Page[CallItem]:
    """List calls, the newest first. Agents see numbers masked but for their own calls."""
    after = CALLS.after(asked, query)
    if query.figure is None:
        rows = list_calls(asked.session, _filter(asked, query), after, query.limit + 1)
    else:
        rows = calls_of(asked.session, _behind(asked, query, after))
    shown, following = CALLS.cut(asked, query, rows, lambda row: (row.call.started_at, row.call.id))
    return Page[CallItem](items=[CallItem(**call_fields(row, asked.who)) for row in shown], next=following)


def _behind(asked: Asked, query: CallQuery, after: Position | None) -> list[UUID]:
    """Return the calls behind a side of a figure, the newest first, one more than a page has."""
    formula = formula_named(query.figure)
    if formula.kind not in OF_CALLS:
        raise Invalid("figure", "is not of calls: see /standards/rows")
    given = query.model_fields_set - WITH_FIGURE
    if given:
        raise Invalid("figure", Sentence("does not go with {}", ", ".join(sorted(given))))
    names = {name: getattr(query, name) for name in ("line", "branch", "agent", "as_of")}
    scope = scope_of(asked, ScopeQuery(from_=query.day_from, to=query.day_to, **names))
    scope = replace(scope, since=query.started_after, until=query.started_before)
    if scope.agent_id and not formula.by_agent:
        raise Invalid("figure", "is not counted for one agent")
    rows = rows_behind(asked.session, scope, formula.kind, set_of(formula, query.side), asked.at, None, None)
    calls = sorted({(row.at, row.call) for row in rows if row.call}, reverse=True)
    return [call for at, call in calls if after is None or (at, call) < after][: query.limit + 1]


WITH_FIGURE = frozenset(
    {
        "figure", "side", "line", "branch", "agent", "as_of", "day_from", "day_to", "started_after",
        "started_before", "cursor", "limit",
    }
)  # fmt: skip


@api.get("/calls/{id}", role="agent", writes=True)
def call(asked: Asked) -> CallDetail:
    """Tell one call, by our id or the carrier's SID; agents only their own."""
    row = find_call(asked.session, asked.path["id"])
    if row is None:
        raise Missing("call", "with this id or SID")
    story = story_of(asked.session, row.call)
    mine = {row.call.agent_id} | {offer.agent_id for offer, _ in story.offers if offer.accepted_at}
    if not asked.who.may("supervisor") and asked.who.agent_id not in mine:
        raise Forbidden("An agent reads the stories of the calls that he took.")
    write(asked.session, asked.who.actor, "call.read", "call", row.call.id, asked.at)
    return CallDetail(**call_fields(row, asked.who, own=True), **tell(row.call, story))


def call_fields(row: CallRow, who: Principal, *, own: bool = False) -> dict[str, Any]:
    """Return the fields of a call in the list, the customer's number masked for who may not see it."""
    call, sides = row.call, row.sides
    ring, first = sides.ring, sides.first_offer
    whole = own or may_see_number(who, call.agent_id)
    inbound = call.direction == "inbound"
    caller = call.from_number or call.from_raw
    return {
        "id": call.id, "sid": call.sid, "direction": call.direction,
        "from_": caller if whole or not inbound else masked(caller),
        "to": call.to_number if whole or inbound else masked(call.to_number),
        "line": row.line, "started_at": call.started_at, "ended_at": call.ended_at, "outcome": call.outcome,
        "wait_seconds": wait_seconds(call.queued_at, call.joined_at or call.left_queue_at),
        "agent": row.agent, "ring_seconds": ring and ring.ring_seconds, "rings": ring and ring.rings,
        "within_three_rings": ring and ring.within, "ring_source": ring and ring.source,
        "offers": sides.offers, "first_offer_within_three_rings": first and first.within,
        "ticket": sides.ticket, "language": call.language,
    }  # fmt: skip


def may_see_number(who: Principal, agent_id: UUID | None) -> bool:
    """Supervisors see whole numbers, agents those of their own calls."""
    return who.may("supervisor") or (who.agent_id is not None and who.agent_id == agent_id)


def wait_seconds(since: datetime | None, until: datetime | None) -> float | None:
    """Return the seconds between two instants, None while either is missing."""
    return (until - since).total_seconds() if since and until else None


def _filter(asked: Asked, query: CallQuery) -> CallFilter:
    """Translate names and numbers; an agent who searches by number searches his own calls."""
    session = asked.session
    by_number = query.from_ or query.to or query.q
    return CallFilter(
        from_number=number_asked(session, query.from_),
        to_number=number_asked(session, query.to),
        line_id=line_named(session, query.line).id if query.line else None,
        agent_id=agent_named(session, query.agent).id if query.agent else None,
        answered_by=asked.who.agent_id if by_number and not asked.who.may("supervisor") else None,
        outcomes=_outcomes(query.outcome),
        direction=query.direction,
        since=query.started_after,
        until=query.started_before,
        first_day=query.day_from,
        last_day=query.day_to,
        search=number_asked(session, query.q),
        queued=query.queued,
        ended=query.ended,
        short=query.short,
        ring=query.ring,
    )


def number_asked(session: Session, text: str | None) -> str | None:
    """Return a number in its canonical form, anything else as it was written.

    Only what says that it is a whole number is read as one: `1234` may be the last digits.
    """
    if text is None or not (text.startswith(("+", "0")) or len(text) >= LEAST_WHOLE):
        return text
    home = find_centre(session)
    return (canonical(text, home.country) if home else None) or text


LEAST_WHOLE = 10


def _outcomes(text: str | None) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in text.split(",")) if text else ()
    known = dict.fromkeys((*OUTCOMES, *OUTBOUND_OUTCOMES))
    if not set(wanted) <= set(known):
        raise Invalid("outcome", Sentence("must be of {}", ", ".join(known)))
    return wanted

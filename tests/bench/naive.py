"""The straightforward version of the two webhooks: what the benchmark's ratios are taken against.

Starlette as in its tutorial, a session a request, entities, the SDK's RequestValidator. The form is read with
`parse_qsl`, as `request.form()` would need another package (and 90 us more).
The conversation, the calendar and the numbers are the product's own, so that both say the same and write the
same rows; what differs is how they get there. Nothing here is slow on purpose: that would be no baseline.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from callcenter.bell import RqDoorbell
from callcenter.calendars.models import Calendar, CalendarDay, CalendarPeriod
from callcenter.calendars.rules import Hours as Calendars
from callcenter.calendars.rules import SpecialDay, add_working, is_open, next_opening
from callcenter.calls.models import Call, CallEvent, CallWords, Leg
from callcenter.customers.models import Customer, CustomerNumber
from callcenter.lines.models import Line
from callcenter.notices.models import Notice
from callcenter.organisation.models import Branch, Centre, Skill
from callcenter.phone_numbers import canonical
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentState, Wait
from callcenter.routing.rules import expected_wait
from callcenter.staff.models import Agent, AgentSkill
from callcenter.switchboard.driver import Addresses
from callcenter.tickets.models import Ticket, TicketCounter, TicketEvent, TicketWords
from callcenter.tickets.rules import readable_number
from ivr.asks import OpenTicket, Queued, TicketOpened
from ivr.flow import advance
from ivr.hearing import Answered, Arrived, Hours, LineFacts, MenuItem, Pressed
from ivr.record import to_json
from ivr.turns import Step, Turn
from ivr.twiml import render
from tests.web.twilio import PUBLIC_URL, TOKEN

Form = dict[str, str]
_ADDRESSES = Addresses(PUBLIC_URL, "/twilio/voice")


def make_app(database_url: str, redis_url: str) -> Starlette:
    """Return the application."""
    engine = sa.create_engine(database_url, pool_size=20, max_overflow=20)
    sessions = sessionmaker(engine, expire_on_commit=False)
    bell = RqDoorbell(redis_url)

    def endpoint(work: Callable[[Session, Form], str], rings: bool) -> Any:
        def in_a_session(form: Form) -> str:
            with sessions() as session:
                document = work(session, form)
                session.commit()
            if rings:
                bell.ring("match", "all")
            return document

        async def answer(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
            signature = request.headers.get("X-Twilio-Signature", "")
            validator = RequestValidator(TOKEN)  # type: ignore[no-untyped-call]
            if not validator.validate(PUBLIC_URL + request.url.path, form, signature):
                return Response(status_code=403)
            document = await run_in_threadpool(in_a_session, form)
            return Response(document, media_type="text/xml")

        return answer

    return Starlette(
        routes=[
            Route("/health/live", lambda _: Response("live")),
            Route("/twilio/voice", endpoint(arrive, rings=False), methods=["POST"]),
            Route("/twilio/voice/keys/1", endpoint(choose, rings=True), methods=["POST"]),
        ]
    )


def arrive(session: Session, form: Form) -> str:
    """Answer the first webhook of a call."""
    at = datetime.now(UTC)
    sid = form["CallSid"]
    known = _said(session, sid, "arrived")
    if known:
        return known
    home = session.scalars(sa.select(Centre)).one()
    line = session.scalars(sa.select(Line).where(Line.number == canonical(form["To"], home.country))).one()
    number = canonical(form["From"], home.country)
    customer = _customer(session, number)
    calendar = _calendar(session, line.calendar_id)
    zone = ZoneInfo(calendar.zone)
    opening = next_opening(calendar, at)
    hours = Hours(is_open(calendar, at), at.astimezone(zone), opening.astimezone(zone) if opening else None)
    call = Call(
        sid=sid, direction="inbound", line_id=line.id, customer_id=customer.id if customer else None,
        from_number=number, from_raw=form["From"], to_number=line.number, stage="greeting",
        day=at.astimezone(zone).date(), started_at=at,
    )  # fmt: skip
    session.add(call)
    session.flush()
    leg = Leg(sid=sid, call_id=call.id, role="caller", state="ringing", created_at=at, checked_at=at, turn=0)
    session.add(leg)
    session.add(Notice(type="call", subject_id=str(call.id), at=at))
    session.add(_event(call, leg, "call", "arrived", at, {"line": line.key}))
    heard = Arrived(_facts(session, line), hours, number, customer.name if customer else None)
    return _say(session, call, leg, "arrived", heard, advance(None, heard), [], at)


def choose(session: Session, form: Form) -> str:
    """Answer a key of the menu: a ticket, a place in the line."""
    at = datetime.now(UTC)
    leg = session.scalars(sa.select(Leg).where(Leg.sid == form["CallSid"]).with_for_update()).one()
    known = _said(session, leg.sid, "1")
    if known:
        return known
    call = session.get_one(Call, leg.call_id, with_for_update=True)
    line = session.get_one(Line, call.line_id)
    call.stage = "menu"
    heard = Pressed(form["Digits"])
    assert leg.step is not None
    turn = advance(Step.from_json(leg.step), heard)
    call.language = turn.step.memory["language"]
    place = _enter_line(session, call, line, at)
    turn = advance(turn.step, Answered(place))
    assert isinstance(turn.ask, OpenTicket)
    opened = TicketOpened(_open_ticket(session, call, line, turn.ask.kind, at).number)
    turn = advance(turn.step, Answered(opened))
    return _say(session, call, leg, "1", heard, turn, [to_json(place), to_json(opened)], at)


def _open_ticket(session: Session, call: Call, line: Line, kind: str, at: datetime) -> Ticket:
    home = session.scalars(sa.select(Centre)).one()
    customer = _customer(session, call.from_number)
    if customer is None:
        customer = Customer(language=call.language, created_at=at)
        session.add(customer)
        session.flush()
        session.add(
            CustomerNumber(customer_id=customer.id, canonical=call.from_number, raw=call.from_raw[:60])
        )
    call.customer_id = customer.id
    day = at.astimezone(ZoneInfo(home.timezone)).date()
    counter = session.get_one(TicketCounter, (home.key, day), with_for_update=True)
    counter.last += 1
    ticket = Ticket(
        number=readable_number(day, counter.last), kind=kind, channel="phone", state="new", line_id=line.id,
        call_id=call.id, customer_id=customer.id, language=call.language, created_at=at, updated_at=at,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    session.add(TicketWords(ticket_id=ticket.id))
    session.add(
        TicketEvent(
            ticket_id=ticket.id, kind="opened", at=at, actor="ivr", detail={"kind": kind, "channel": "phone"}
        )
    )
    limit = timedelta(hours=home.policies["answer_within_working_hours"])
    session.add(
        Promise(
            rule="HL-9", subject_kind="ticket", subject_id=ticket.id, customer_id=customer.id, made_at=at,
            due_at=add_working(_calendar(session, line.calendar_id), at, limit) or at + limit,
            grace_seconds=0, state="open", why={"rule": "HL-9"},
        )
    )  # fmt: skip
    for type in ("ticket", "promise"):
        session.add(Notice(type=type, subject_id=str(ticket.id), at=at))
    return ticket


def _enter_line(session: Session, call: Call, line: Line, at: datetime) -> Queued:
    key = next(item["skill"] for item in line.menu if item["choice"] == "technical")
    skill = session.scalars(sa.select(Skill).where(Skill.key == key)).one()
    wait = Wait(
        subject_kind="call", subject_id=call.id, call_id=call.id, line_id=line.id, skill_id=skill.id,
        language=call.language, entered_at=at, state="waiting",
    )  # fmt: skip
    session.add(wait)
    session.add(Notice(type="queue", subject_id=str(call.id), at=at))
    call.queued_at, call.stage = at, "queue"
    session.flush()
    place = (
        1
        + session.scalars(
            sa.select(sa.func.count(Wait.id)).where(
                Wait.skill_id == skill.id, Wait.state == "waiting", Wait.entered_at < at
            )
        ).one()
    )
    agents = session.scalars(
        sa.select(sa.func.count(Agent.id))
        .join(AgentSkill, AgentSkill.agent_id == Agent.id)
        .join(AgentState, AgentState.agent_id == Agent.id)
        .where(AgentSkill.skill_id == skill.id, AgentState.state != "offline")
    ).one()
    told = expected_wait(place, agents, 180.0)
    wait.told_position, wait.told_high = place, told.high_minutes * 60
    offer = told.high_minutes * 60 > line.callback_offer_after_seconds
    return Queued(place, told.low_minutes, told.high_minutes, offer)


def _say(
    session: Session,
    call: Call,
    leg: Leg,
    key: str,
    heard: Arrived | Pressed,
    turn: Turn,
    answers: list[Any],
    at: datetime,
) -> str:
    document = render(turn, _ADDRESSES.after(leg.turn + 1))
    leg.step = turn.step.to_json()
    leg.turn += 1
    event = _event(call, leg, key, "turn", at, {"number": leg.turn, "step": turn.step.name})
    session.add(event)
    session.flush()
    session.add(CallWords(event_id=event.id, heard=to_json(heard), answers=answers, document=document))
    return document


def _event(call: Call, leg: Leg, key: str, kind: str, at: datetime, detail: dict[str, Any]) -> CallEvent:
    return CallEvent(
        call_id=call.id, leg_sid=leg.sid, key=key, kind=kind, at=at, recorded_at=at, detail=detail
    )


def _said(session: Session, sid: str, key: str) -> str | None:
    return session.scalar(
        sa.select(CallWords.document)
        .join(CallEvent, CallEvent.id == CallWords.event_id)
        .where(CallEvent.leg_sid == sid, CallEvent.key == key)
    )


def _customer(session: Session, number: str | None) -> Customer | None:
    return session.scalars(
        sa.select(Customer)
        .join(CustomerNumber, CustomerNumber.customer_id == Customer.id)
        .where(CustomerNumber.canonical == number)
    ).first()


def _calendar(session: Session, calendar_id: UUID) -> Calendars:
    calendar = session.get_one(Calendar, calendar_id)
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for row in session.scalars(sa.select(CalendarPeriod).where(CalendarPeriod.calendar_id == calendar_id)):
        week[row.weekday].append((row.opens_minute, row.closes_minute))
    days = session.scalars(sa.select(CalendarDay).where(CalendarDay.calendar_id == calendar_id))
    special = {day.day: SpecialDay(day.name, tuple((a, b) for a, b in day.periods)) for day in days}
    return Calendars(calendar.timezone, tuple(tuple(sorted(each)) for each in week), special)


def _facts(session: Session, line: Line) -> LineFacts:
    branch = session.get_one(Branch, line.branch_id)
    return LineFacts(
        line.key, branch.head_office, line.organisation, branch.names, line.product, tuple(line.languages),
        tuple(MenuItem(item["key"], item["choice"]) for item in line.menu), line.recording_notice,
    )  # fmt: skip

"""Finding tickets."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call
from callcenter.promises.models import Promise
from callcenter.statements import Query, as_read, at_most, locked, table_of
from callcenter.tickets.models import Ticket, TicketEvent, TicketWords

FIRST_OWNER = (Ticket.first_owner_agent_id, Call.agent_id, Ticket.owner_agent_id)
"""Who owns a ticket first: who took it, else the agent of its call, else its owner (HL-17)."""
_OF_CALL = Query(
    lambda _: sa.select(*table_of(Ticket).c).where(table_of(Ticket).c.call_id == sa.bindparam("call_id"))
)


_OF_SID = Query(
    lambda _: (
        sa.select(*table_of(Ticket).c)
        .join(Call, Call.id == table_of(Ticket).c.call_id)
        .where(Call.sid == sa.bindparam("sid"))
    )
)


def ticket_of_call(session: Session, call: Call) -> Ticket | None:
    """Return the ticket that a call is about: the one it chose, else the one it opened."""
    if call.ticket_id is not None:
        return session.get(Ticket, call.ticket_id)
    found = _OF_CALL.rows(session, {"call_id": call.id})
    return as_read(session, Ticket, found[0]) if found else None


def ask_ticket_of_sid(session: Session, sid: str) -> Callable[[], Ticket | None]:
    """Ask for the ticket that a call has opened; what is returned waits for it."""
    found = _OF_SID.ask(session, {"sid": sid})
    return lambda: next((as_read(session, Ticket, row) for row in found()), None)


def ticket_by_number(session: Session, number: str, *, lock: bool = False) -> Ticket | None:
    """Return a ticket by its readable number."""
    statement = sa.select(Ticket).where(Ticket.number == number)
    return session.execute(locked(statement) if lock else statement).scalar_one_or_none()


def newest_ticket_of(session: Session, customer_id: UUID, *, not_of_call: UUID) -> Ticket | None:
    """Return the newest ticket of a customer, open ones first, the call's own left out."""
    statement = (
        sa.select(Ticket)
        .where(Ticket.customer_id == customer_id, Ticket.call_id.is_(None) | (Ticket.call_id != not_of_call))
        .order_by((Ticket.state == "closed").asc(), Ticket.created_at.desc(), Ticket.id.desc())
        .limit(at_most(1))
    )
    return session.execute(statement).scalars().first()


def owner_of_promise(session: Session, promise_id: UUID) -> UUID | None:
    """Return the agent who owes a promise: who made it, else who took its ticket first (HL-17)."""
    of_ticket = sa.func.coalesce(
        Promise.ticket_id, sa.case((Promise.subject_kind == "ticket", Promise.subject_id))
    )
    statement = (
        sa.select(sa.func.coalesce(Promise.owner_agent_id, *FIRST_OWNER))
        .outerjoin(Ticket, Ticket.id == of_ticket)
        .outerjoin(Call, Call.id == Ticket.call_id)
        .where(Promise.id == promise_id)
    )
    owner: UUID | None = session.scalar(statement)
    return owner


def ticket_words(session: Session, ticket_id: UUID) -> TicketWords:
    """Return what people wrote on a ticket."""
    return session.execute(sa.select(TicketWords).where(TicketWords.ticket_id == ticket_id)).scalar_one()


def ticket_events(
    session: Session, ticket_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[TicketEvent]:
    """Return a ticket's history, oldest first: all of it, or a part after one of its events."""
    statement = sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id)
    if after is not None:
        statement = statement.where(TicketEvent.id > after)
    return list(session.scalars(statement.limit(limit)))

"""What a caller's choice will need, asked for together with his call: one round trip to the database less.

It is a guess by the key that was pressed. What turns out not to be needed was read in vain; what is needed
and was not asked for is asked for then.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.configuration import believed
from callcenter.routing.queries import Outlook, ask_outlook
from callcenter.switchboard.facts import skill_in
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import ask_ticket_of_sid
from ivr.hearing import Heard, Pressed


@dataclass
class Ahead:
    """The ticket that a call has opened, and what whoever wants a skill in a language has before him."""

    ticket: Callable[[], Ticket | None] | None = None
    outlooks: dict[tuple[UUID | None, str], Callable[[], Outlook]] = field(default_factory=dict)


def ask_ahead(session: Session, sid: str, to_raw: str, heard: Heard, at: datetime) -> Ahead:
    """Ask for what leads to an agent, if the key that was pressed does so in the menu of the line called.

    `to_raw` is the number that was called, as the carrier wrote it. The call must be locked by then, or its
    lock be asked for. The configuration is the one that this process has read last: an older one only guesses
    worse.
    """
    home = believed(session)
    line = home.line_of(to_raw) if home else None
    item = next((it for it in line.menu if heard == Pressed(it["key"])), None) if line else None
    if home is None or line is None or item is None or not item.get("skill"):
        return Ahead()
    skill_id, language = skill_in(home, line, item["choice"]), line.languages[0]
    asked = ask_outlook(session, sid, line.id, at, skill_id, language)
    return Ahead(ask_ticket_of_sid(session, sid), {(skill_id, language): asked})

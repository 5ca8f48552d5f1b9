"""Small faults, planted to see whether the judge sees them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from callcenter.switchboard import answers, rooms
from ivr import asks, twiml
from ivr.flow import message


def no_goodbye() -> AbstractContextManager[Any]:
    """Hang up without a word."""
    real = message.end
    return patch.object(message, "end", lambda m, ending, *says: real(m, ending))


def no_ticket() -> AbstractContextManager[Any]:
    """Tell the caller a ticket's number, and open none."""
    return patch.dict(
        answers._ANSWERS, {asks.OpenTicket: lambda _desks, _ask: asks.TicketOpened("261123001")}
    )


def too_long_a_sentence() -> AbstractContextManager[Any]:
    """Say more than fits into one Say (Twilio 13521: 4,500 encoded bytes)."""
    real = twiml.speak
    told = patch.object(
        twiml, "_said", twiml._said.__wrapped__
    )  # Nothing that was said before is said again.
    long = patch.object(twiml, "speak", lambda say: real(say) * 40)
    return _both(told, long)


def no_answer() -> AbstractContextManager[Any]:
    """Let people meet, and never write it down."""
    return patch.object(rooms, "customer_in_room", lambda *_: None)


@contextmanager
def _both(one: AbstractContextManager[Any], other: AbstractContextManager[Any]) -> Iterator[None]:
    with one, other:
        yield

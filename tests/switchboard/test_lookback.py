"""The carrier's lists against ours: what nobody told us of becomes rows and tickets, once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from callcenter.calls.models import Call, Leg, Lookback, Recording
from callcenter.carrier.port import CarrierDown
from callcenter.carrier.twin import Twin
from callcenter.jobs import Work, perform
from callcenter.switchboard import inbound, progress
from callcenter.switchboard.jobs import reconcile_leg
from callcenter.tickets.models import Ticket
from tests import xinghe
from tests.doubles import SettableTime

CALLER = "+8613800138000"


@pytest.fixture(autouse=True)
def centre(work: Work) -> None:
    """The example centre, whose lists were compared with the carrier's a moment ago."""
    xinghe.open_centre(work)
    perform(work, "look_back", "recent")


def look(work: Work, time: SettableTime, reach: str = "recent") -> None:
    """Look back at the sweep's next time."""
    time.moves(seconds=15 if reach == "recent" else 3600)
    perform(work, "look_back", reach)


def rows(work: Work, table: type) -> list:  # type: ignore[type-arg]
    with work.db.reading() as session:
        return list(session.scalars(sa.select(table)))


def a_call(twin: Twin, time: SettableTime, to: str = xinghe.HOTLINE, end: str = "completed") -> str:
    """Let a call come and go that no webhook of ours has seen."""
    sid = twin.arrives(CALLER, to)
    time.moves(seconds=20)
    twin.becomes(sid, end)
    return sid


# reliability.md F: "found again by listing the carrier's calls and recordings of the outage; the ticket
# exists <= 60 s after recovery": 30 s for late webhooks, then the next sweep.
def test_a_message_that_nobody_told_of_is_a_ticket_within_a_minute(
    work: Work, twin: Twin, time: SettableTime
) -> None:
    sid = twin.arrives(CALLER, xinghe.HOTLINE)
    tape = twin.tapes_message(sid, 12)
    time.moves(seconds=12)
    twin.becomes(sid, "completed")
    over = time.at
    while not rows(work, Ticket):
        look(work, time)
        assert time.at - over <= timedelta(seconds=60)
    (call,), (ticket,) = rows(work, Call), rows(work, Ticket)
    assert (call.sid, call.from_number, call.outcome) == (sid, CALLER, "voicemail")
    assert (ticket.channel, ticket.kind, ticket.emergency) == ("phone", "general", True)
    assert ticket.call_id == call.id
    assert [kept.sid for kept in rows(work, Recording)] == [tape]


def test_looking_again_changes_nothing(work: Work, twin: Twin, time: SettableTime) -> None:
    twin.tapes_message(a_call(twin, time), 12)
    time.moves(seconds=30)
    for reach in ("recent", "recent", "whole", "whole"):
        look(work, time, reach)
    assert len(rows(work, Call)) == len(rows(work, Ticket)) == len(rows(work, Recording)) == 1


# Outcomes (numbers.md): our fault is `failed`; who hung up before anybody picked up met none.
@pytest.mark.parametrize(
    ("end", "outcome"),
    [("completed", "failed"), ("failed", "failed"), ("no-answer", "abandoned_in_greeting")],
)
def test_a_call_that_nobody_told_of_has_its_row(
    work: Work, twin: Twin, time: SettableTime, end: str, outcome: str
) -> None:
    sid = a_call(twin, time, end=end)
    time.moves(seconds=30)
    look(work, time)
    (call,) = rows(work, Call)
    assert (call.sid, call.outcome, call.direction) == (sid, outcome, "inbound")
    assert call.ended_at == twin.calls[sid].ended_at
    assert rows(work, Ticket) == []


# The mark stands where the last look ended: an outage may last as long as it likes.
def test_a_long_outage_is_looked_through_to_its_beginning(work: Work, twin: Twin, time: SettableTime) -> None:
    sids = []
    for _ in range(5):
        sids.append(a_call(twin, time))
        twin.tapes_message(sids[-1], 9)
        time.moves(hours=7)
    look(work, time)
    assert {call.sid for call in rows(work, Call)} == set(sids)
    assert len(rows(work, Ticket)) == 5


def test_a_carrier_that_does_not_answer_is_asked_again_from_the_same_mark(
    work: Work, twin: Twin, time: SettableTime
) -> None:
    a_call(twin, time)
    for verb in ("calls_since", "recordings_since"):
        time.moves(hours=3)
        twin.refuse(verb, CarrierDown("500"))
        look(work, time)
    assert rows(work, Call) == []
    look(work, time)
    assert len(rows(work, Call)) == 1


# The account may serve others as well: their calls and messages are none of ours.
def test_calls_of_numbers_that_are_no_line_are_left_alone(work: Work, twin: Twin, time: SettableTime) -> None:
    for to in ("+861012345678", "client:other"):
        twin.tapes_message(a_call(twin, time, to=to), 9)
    time.moves(seconds=30)
    look(work, time)
    assert rows(work, Call) == rows(work, Ticket) == rows(work, Recording) == []


# What was before the installation is not its own.
def test_the_first_look_goes_back_nowhere(work: Work, twin: Twin, time: SettableTime) -> None:
    with work.transaction() as session:
        session.execute(sa.delete(Lookback))
    twin.tapes_message(a_call(twin, time), 9)
    time.moves(days=2)
    look(work, time)
    look(work, time, "whole")
    look(work, time, "whole")
    assert rows(work, Call) == []


def test_a_message_of_a_known_call_belongs_to_it(work: Work, twin: Twin, time: SettableTime) -> None:
    sid = twin.arrives(CALLER, xinghe.HOTLINE)
    with work.transaction() as session:
        inbound.arrive(work, session, sid=sid, from_raw=CALLER, to_raw=xinghe.HOTLINE, at=time.at)
    tape = twin.tapes_message(sid, 5)
    time.moves(minutes=1)
    look(work, time)
    (call,), (kept,) = rows(work, Call), rows(work, Recording)
    assert (kept.sid, kept.call_id, call.message_left) == (tape, call.id, True)


# A message that the conversation has asked for is no emergency because its callback was lost.
# (A number that is no line takes a message at once.)
@pytest.mark.parametrize(("to", "emergency"), [(xinghe.HOTLINE, True), ("+861000000000", False)])
def test_only_a_message_after_an_apology_is_an_emergency(
    work: Work, twin: Twin, time: SettableTime, to: str, emergency: bool
) -> None:
    sid = twin.arrives(CALLER, to)
    with work.transaction() as session:
        inbound.arrive(work, session, sid=sid, from_raw=CALLER, to_raw=to, at=time.at)
    twin.tapes_message(sid, 5)
    time.moves(minutes=1)
    look(work, time)
    assert [ticket.emergency for ticket in rows(work, Ticket)] == [emergency]


# A recording's callback comes minutes late (telephony.md, pitfall 9): the ticket is there already.
def test_the_callback_that_comes_after_all_changes_nothing(
    work: Work, twin: Twin, time: SettableTime
) -> None:
    sid = a_call(twin, time)
    tape = twin.tapes_message(sid, 9)
    time.moves(minutes=1)
    look(work, time)
    with work.transaction() as session:
        progress.recording(session, sid=tape, call_sid=sid, seconds=9, from_raw="", to_raw="", at=time.at)
    assert len(rows(work, Ticket)) == len(rows(work, Recording)) == 1
    assert rows(work, Ticket)[0].emergency


def test_two_that_look_at_once_ask_the_carrier_once(work: Work, twin: Twin, time: SettableTime) -> None:
    twin.refuse("calls_since", CarrierDown("asked"), CarrierDown("asked twice"))
    time.moves(seconds=15)
    perform(work, "look_back", "recent")
    perform(work, "look_back", "recent")
    with pytest.raises(CarrierDown, match="asked twice"):
        twin.calls_since(time.at)


# A REST API that answers 404 to everything (another account's key) hangs up on nobody.
def test_a_living_caller_is_not_ended_by_a_404(work: Work, time: SettableTime) -> None:
    with work.transaction() as session:
        inbound.arrive(work, session, sid="CA" + "4" * 32, from_raw=CALLER, to_raw=xinghe.HOTLINE, at=time.at)
    for wait, outcome in ((timedelta(hours=4), "open"), (timedelta(hours=2), "failed")):
        time.at += wait
        reconcile_leg(work, str(rows(work, Leg)[0].id))
        assert [call.outcome for call in rows(work, Call)] == [outcome]

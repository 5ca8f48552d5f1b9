"""A leg for tests: tell it what is heard, read what it says and asks; the centre's answers are scripted."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from ivr.asks import (
    AcceptOffer,
    BookCallback,
    CallbackBooked,
    DeclineOffer,
    FindAgent,
    FindTicket,
    HowLong,
    KeepMessage,
    LeaveQueue,
    Left,
    MessageKept,
    NumberRead,
    OfferGone,
    OfferWon,
    OpenTicket,
    Queued,
    ReachCustomer,
    ReadNumber,
    RoomReady,
    TakeTicket,
    TicketFound,
    TicketOpened,
)
from ivr.flow import advance
from ivr.hearing import Answered, Arrived, Heard, Hours, LineFacts, MenuItem, PickedUp
from ivr.turns import Gather, Music, Say, Turn, Verb
from ivr.twiml import Urls
from ivr.words import speak

SHANGHAI = timezone(timedelta(hours=8))
SATURDAY_NOON = datetime(2026, 11, 21, 12, 10, tzinfo=SHANGHAI)
OWN_NUMBER = "+8613800138000"

HEAD_OFFICE = LineFacts(
    key="main",
    head_office=True,
    organisation={"zh-CN": "星河软件", "en-US": "Xinghe Software"},
    branch={"zh-CN": "总部", "en-US": "head office"},
    product={"zh-CN": "星河开票", "en-US": "Xinghe Invoice"},
    languages=("zh-CN", "en-US"),
    menu=(
        MenuItem("1", "technical"),
        MenuItem("2", "presales"),
        MenuItem("3", "complaint"),
        MenuItem("4", "ticket_state"),
        MenuItem("5", "callback"),
        MenuItem("0", "agent"),
        MenuItem("*", "repeat"),
    ),
    recording_notice=True,
)
BRANCH = LineFacts(
    key="wuxi",
    head_office=False,
    organisation={"zh-CN": "星河软件", "en-US": "Xinghe Software"},
    branch={"zh-CN": "无锡", "en-US": "Wuxi"},
    product={},
    languages=("en-US",),
    menu=(MenuItem("1", "technical"), MenuItem("2", "callback")),
    recording_notice=False,
)
OPEN = Hours(True, SATURDAY_NOON)
CLOSED = Hours(False, SATURDAY_NOON, datetime(2026, 11, 25, 9, 0, tzinfo=SHANGHAI))

ANSWERS: Mapping[type, Any] = {
    OpenTicket: TicketOpened("261121001"),
    TakeTicket: TicketOpened("261120003"),
    FindAgent: Queued(1, None, None, False),
    HowLong: Queued(1, None, None, False),
    LeaveQueue: Left(won=False),
    ReadNumber: NumberRead("+8613800138000", "138 0013 8000"),
    BookCallback: CallbackBooked(
        "138 0013 8000", datetime(2026, 11, 21, 15, 0, tzinfo=SHANGHAI), SATURDAY_NOON
    ),
    FindTicket: TicketFound("261121001", "open"),
    KeepMessage: MessageKept("261121002"),
    AcceptOffer: OfferWon("room-1"),
    DeclineOffer: OfferGone(),
    ReachCustomer: RoomReady("room-1"),
}
"""What the centre answers on a day on which everything works."""

URLS = Urls(
    next="https://centre.example/twilio/voice/7/next",
    keys="https://centre.example/twilio/voice/7/keys",
    queue="https://centre.example/twilio/voice/7/queue",
    wait="https://centre.example/twilio/voice/7/wait",
    talk="https://centre.example/twilio/voice/7/talk",
    recorded="https://centre.example/twilio/voice/7/recorded",
    recording_status="https://centre.example/twilio/recording",
    conference_status="https://centre.example/twilio/conference",
    music="https://centre.example/audio/hold.wav",
    room_music="https://centre.example/audio/hold.xml",
)


def arrived(line: LineFacts | None = HEAD_OFFICE, **changes: Any) -> Arrived:
    """A caller with a number, during the hours."""
    return Arrived(**{"line": line, "hours": OPEN, "number": OWN_NUMBER} | changes)


def picked_up(purpose: str = "offer", **changes: Any) -> PickedUp:
    """An agent of the head office picks up, or a customer whom we call back."""
    facts = {"line": HEAD_OFFICE, "language": "zh-CN", "matter": "technical", "purpose": purpose}
    return PickedUp(**facts | changes)


def utc(hour: int) -> datetime:
    """An hour of the Saturday on which the stories happen, in UTC."""
    return datetime(2026, 11, 21, hour, tzinfo=UTC)


class Leg:
    """One leg of a call. An answer may be a list: its items in turn, the last one from then on."""

    def __init__(self, first: Heard, answers: Mapping[type, Any] | None = None) -> None:
        self.answers = {**ANSWERS, **(answers or {})}
        self.asked: list[Any] = []
        self.turn: Turn
        self.step = None
        self.hears(first)

    def hears(self, *heard: Heard) -> "Leg":
        """Go on with each in order, answering whatever is asked; stand at the last document."""
        for one in heard:
            self.turn = advance(self.step, one)
            while self.turn.ask is not None:
                self.asked.append(self.turn.ask)
                answer = self._answer(type(self.turn.ask))
                self.turn = advance(self.turn.step, Answered(answer))
            self.step = self.turn.step
        return self

    def _answer(self, question: type) -> Any:
        answer = self.answers[question]
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    @property
    def name(self) -> str:
        """The step at which the leg stands."""
        return self.turn.step.name

    @property
    def memory(self) -> Mapping[str, Any]:
        """What the leg remembers."""
        return self.turn.step.memory

    @property
    def says(self) -> list[str]:
        """The sentences of the last document."""
        return [speak(verb) for verb in flat(self.turn) if isinstance(verb, Say)]

    @property
    def prompts(self) -> list[str]:
        """The ids of the prompts of the last document."""
        return [verb.prompt for verb in flat(self.turn) if isinstance(verb, Say)]

    @property
    def does(self) -> list[Verb]:
        """The verbs of the last document that are no sentences; of a Gather only its keys."""
        return [verb for verb in self.turn.does if not isinstance(verb, Say)]

    @property
    def music(self) -> bool:
        """Whether the last document plays music."""
        return any(isinstance(verb, Music) for verb in flat(self.turn))


def flat(turn: Turn) -> list[Verb]:
    """The verbs of a document, those inside a Gather included."""
    verbs: list[Verb] = []
    for verb in turn.does:
        verbs.extend(verb.says if isinstance(verb, Gather) else (verb,))
    return verbs

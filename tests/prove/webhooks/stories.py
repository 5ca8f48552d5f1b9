"""Calls as the carrier tells them, and what each must have become: the ledger of a proof.

A story is written down before it is sent. What must come of it stands beside it, by hand: nothing here asks
the product.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from tests.prove.webhooks.forms import NOBODYS, form, sid, signed, stamp
from tests.prove.webhooks.wires import Request

ENDS = ("completed", "busy", "failed", "no-answer", "canceled")
ABANDONED = frozenset({"abandoned_short", "abandoned_in_queue"})


@dataclass(frozen=True)
class Post:
    """One webhook; `hangs_up` when the call was over before, `voice` when it asks for a document."""

    request: Request
    voice: bool = False
    hangs_up: bool = False


@dataclass
class Story:
    """A call or a placed leg, its webhooks in the order of sending, and what must be true at the end."""

    kind: str
    sid: str
    posts: list[Post]
    state: str
    outcomes: frozenset[str]
    tickets: tuple[str, ...] = ()
    turns: int = 0
    stamps: dict[str, datetime] = field(default_factory=dict)
    late: list[Post] = field(default_factory=list)
    attempt: UUID | None = None


@dataclass
class Caller:
    """Writes the story of one inbound call."""

    number: int
    at: datetime

    def __post_init__(self) -> None:
        self.sid = sid("CA", self.number)
        self.phone = f"+86138{self.number % 10**8:08}"

    def voice(self, path: str, *, hangs_up: bool = False, to: str = "", **other: str) -> Post:
        """A request for a document."""
        told = form(self.sid, self.phone, **({"to": to} if to else {}), **other)
        return Post(signed(path, told), voice=True, hangs_up=hangs_up)

    def end(self, status: str, **other: str) -> Post:
        """The number's status callback: once, at the end."""
        told = form(
            self.sid, self.phone, CallStatus=status, Timestamp=stamp(self.at), SequenceNumber="0", **other
        )
        return Post(signed("/twilio/status", told))

    def message(self, to: str) -> Post:
        """The callback of a recording, which may come after the end."""
        told = form(self.sid, self.phone, to=to, RecordingSid=sid("RE", self.number))
        told |= {"RecordingStatus": "completed", "RecordingDuration": "12"}
        return Post(signed("/twilio/recording", told))

    def story(self, kind: str, status: str, turns: int, outcome: str | frozenset[str], *posts: Post) -> Story:
        """Put it together."""
        outcomes = frozenset({outcome}) if isinstance(outcome, str) else outcome
        ended = {"ended_at": self.at.replace(microsecond=0)}
        return Story(kind, self.sid, list(posts), status, outcomes, turns=turns, stamps=ended)


def inbound(number: int, at: datetime) -> Story:
    """Return the story of a caller; the kinds and the five ends take turns."""
    kinds = (_greeting, _menu, _queue, _message, _end_before_key, _complaint, _end_before_call)
    return kinds[number % len(kinds)](Caller(number, at), ENDS[number // len(kinds) % len(ENDS)])


def _greeting(caller: Caller, status: str) -> Story:
    outcome = "failed" if status == "failed" else "abandoned_in_greeting"
    return caller.story("greeting", status, 1, outcome, caller.voice("/twilio/voice"), caller.end(status))


def _menu(caller: Caller, _status: str) -> Story:
    posts = (caller.voice("/twilio/voice"), caller.voice("/twilio/voice/next/1"), caller.end("completed"))
    return caller.story("menu", "completed", 2, "abandoned_in_menu", *posts)


def _queue(caller: Caller, _status: str, key: str = "1", ticket: str = "technical") -> Story:
    posts = (
        caller.voice("/twilio/voice"),
        caller.voice("/twilio/voice/keys/1", Digits=key),
        caller.voice("/twilio/voice/wait/2"),
        caller.end("completed"),
    )
    story = caller.story(f"queue-{key}", "completed", 3, ABANDONED, *posts)
    story.tickets = (ticket,)
    return story


def _complaint(caller: Caller, status: str) -> Story:
    return _queue(caller, status, "3", "complaint")


def _message(caller: Caller, _status: str) -> Story:
    posts = (
        caller.voice("/twilio/voice", to=NOBODYS),
        caller.voice("/twilio/voice/recorded/1", to=NOBODYS, RecordingDuration="12"),
        caller.end("completed"),
        caller.message(NOBODYS),
    )
    story = caller.story("message", "completed", 2, "voicemail", *posts)
    story.tickets = ("general",)
    return story


def _end_before_key(caller: Caller, status: str) -> Story:
    """Twilio, pitfall 1: the status overtakes the last webhook, which then must change nothing."""
    outcome = "failed" if status == "failed" else "abandoned_in_greeting"
    key = caller.voice("/twilio/voice/keys/1", hangs_up=True, Digits="1")
    posts = (caller.voice("/twilio/voice"), caller.end(status), key)
    return caller.story("end-before-key", status, 1, outcome, *posts)


def _end_before_call(caller: Caller, _status: str) -> Story:
    posts = (caller.end("no-answer"), caller.voice("/twilio/voice", hangs_up=True))
    return caller.story("end-before-call", "no-answer", 0, "abandoned_in_greeting", *posts)


LIVES = (
    ("initiated", "ringing", "in-progress", "completed"),
    ("initiated", "ringing", "no-answer"),
    ("initiated", "ringing", "busy"),
    ("initiated", "failed"),
    ("initiated", "ringing", "canceled"),
)
COLUMNS = {"initiated": "initiated_at", "ringing": "ringing_at", "in-progress": "answered_at"}


def placed(number: int, at: datetime, base: str, attempt: UUID, random: Random) -> Story:
    """Return the story of a leg that we placed: 20 % of them out of order, 5 % hours late."""
    life = LIVES[number % len(LIVES)]
    late = random.random() < 0.05
    begun = (at - timedelta(hours=3) if late else at - timedelta(minutes=1)).replace(microsecond=0)
    call = sid("CA", number)
    moments = {status: begun + timedelta(seconds=4 * order) for order, status in enumerate(life)}
    posts = [_progress(call, base, status, order, moments[status]) for order, status in enumerate(life)]
    if random.random() < 0.2:
        random.shuffle(posts)
    stamps = {COLUMNS.get(status, "ended_at"): moment for status, moment in moments.items()}
    story = Story("placed", call, posts, life[-1], frozenset({"not_reached"}), stamps=stamps, attempt=attempt)
    if late:
        hidden = random.randrange(len(posts))
        story.late = [story.posts.pop(hidden)]
    return story


def _progress(call: str, base: str, status: str, order: int, at: datetime) -> Post:
    told = form(call, "+862155550100", to="+8613900000000", CallStatus=status, Direction="outbound-api")
    return Post(signed(base, told | {"Timestamp": stamp(at), "SequenceNumber": str(order)}))


def doubled(posts: list[Post], random: Random, *, all_of_them: bool) -> Iterator[tuple[Post, str]]:
    """Say of each webhook how it is sent: `once`, `together` (twice at once), or `again` later.

    A fifth is doubled, of the requests for documents half at once; or each, so that no kind escapes.
    """
    for post in posts:
        if all_of_them:
            yield post, "together" if post.voice else "again"
        elif random.random() >= 0.2:
            yield post, "once"
        else:
            yield post, "together" if post.voice and random.random() < 0.5 else "again"

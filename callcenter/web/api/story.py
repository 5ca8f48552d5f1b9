"""How a call's story looks: shapes, and the rows poured into them; the timeline is one list by time.

The carrier's stamps have whole seconds: inside a second, moments stand in the order in which we learned them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from callcenter.audit.recognised import Recognised
from callcenter.audit.stories import Story
from callcenter.calls.models import Call, CallEvent, CallWords
from callcenter.routing.models import Offer
from callcenter.standards.models import RingMeasure
from callcenter.web.api.inputs import Shape
from callcenter.web.api.words import Words, sentences, words_by_event


class Candidate(Shape):
    """Somebody who may be calling."""

    id: UUID
    name: str | None
    organisation: str | None


class StoryCustomer(Shape):
    """Who called, as far as the number tells: `certain`, `maybe`, `unknown`, `withheld` or `doubted`.

    Only a certain customer has an id here; of `maybe`, `candidates` are whom the agent may ask for, and of
    `doubted`, whom a number names for which the carrier does not vouch.
    """

    certainty: str
    id: UUID | None
    name: str | None
    organisation: str | None
    candidates: list[Candidate]


class StoryLeg(Shape):
    """One party's connection, with the carrier's own stamps."""

    sid: str
    role: str
    agent: str | None
    state: str
    initiated_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


class StoryRing(Shape):
    """The measured ring of an offer (HL-1)."""

    source: str
    verdict: str
    seconds: float | None
    rings: int | None
    judged: bool
    within: bool | None
    borderline: bool
    profile: str
    profile_version: int


class StoryOffer(Shape):
    """The call offered to one agent."""

    id: UUID
    agent: str | None
    state: str
    reason: str | None
    leg: str | None
    made_at: datetime
    accepted_at: datetime | None
    joined_at: datetime | None
    ended_at: datetime | None
    ring: StoryRing | None


class StoryAttempt(Shape):
    """A call that we placed, or tried to."""

    id: UUID
    purpose: str
    to: str
    state: str
    reason: str | None
    sid: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class StoryOrder(Shape):
    """A redirect or a hang-up that was given to the carrier."""

    verb: str
    sid: str
    state: str
    reason: str | None
    tries: int
    created_at: datetime
    done_at: datetime | None


class StoryPromise(Shape):
    """What was promised about the call, by when."""

    id: UUID
    rule: str
    about: str
    made_at: datetime
    due_at: datetime
    state: str
    settled_at: datetime | None
    why: dict[str, Any]


class StoryRecording(Shape):
    """A recording, known by its SID."""

    sid: str
    kind: str
    seconds: int | None
    created_at: datetime


class StoryCallback(Shape):
    """A callback that this call asked for, or that this call is."""

    id: UUID
    number: str
    state: str
    due_at: datetime
    tries: int
    settled_at: datetime | None


class Moment(Shape):
    """Something that happened: `heard` from the person, `said` to him, sentence by sentence.

    `words` are the prompts in force behind what was said, in their versions, and how far each was heard.
    """

    at: datetime
    kind: str
    leg: str | None = None
    agent: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
    heard: dict[str, Any] | None = None
    said: list[str] = Field(default_factory=list)
    answers: list[Any] | None = None
    document: str | None = None
    words: list[Words] = Field(default_factory=list)


class CallStory(Shape):
    """All that belongs to a call besides its fields in the list."""

    stage: str
    fault: str | None
    queued_at: datetime | None
    joined_at: datetime | None
    left_queue_at: datetime | None
    customer: StoryCustomer
    legs: list[StoryLeg]
    timeline: list[Moment]
    offer_list: list[StoryOffer]
    attempts: list[StoryAttempt]
    orders: list[StoryOrder]
    tickets: list[str]
    promises: list[StoryPromise]
    recordings: list[StoryRecording]
    callbacks: list[StoryCallback]


def tell(call: Call, story: Story) -> dict[str, Any]:
    """Return the fields of CallStory."""
    return {
        "stage": call.stage,
        "fault": call.fault,
        "queued_at": call.queued_at,
        "joined_at": call.joined_at,
        "left_queue_at": call.left_queue_at,
        "customer": customer_of(story.recognised),
        "legs": [StoryLeg(**_pick(StoryLeg, leg, agent=_agent(story, leg.agent_id))) for leg in story.legs],
        "timeline": [moment for _, moment in sorted(_moments(story), key=lambda pair: pair[0])],
        "offer_list": [_offer(story, offer, ring) for offer, ring in story.offers],
        "attempts": [
            StoryAttempt(**_pick(StoryAttempt, each, purpose=each.purpose_kind, to=each.to_address))
            for each in story.attempts
        ],
        "orders": [StoryOrder(**_pick(StoryOrder, each)) for each in story.orders],
        "tickets": [ticket.number for ticket in story.tickets],
        "promises": [
            StoryPromise(**_pick(StoryPromise, each, about=each.subject_kind)) for each in story.promises
        ],
        "recordings": [StoryRecording(**_pick(StoryRecording, each)) for each in story.recordings],
        "callbacks": [StoryCallback(**_pick(StoryCallback, each)) for each in story.callbacks],
    }


def customer_of(recognised: Recognised) -> StoryCustomer:
    """Return who called in the API's words."""
    known = recognised.customer
    return StoryCustomer(
        certainty=recognised.certainty,
        id=known.id if known else None,
        name=known.name if known else None,
        organisation=known.organisation if known else None,
        candidates=[Candidate(**_pick(Candidate, each)) for each in recognised.candidates],
    )


def _pick(shape: type[Shape], row: object, **other: Any) -> dict[str, Any]:
    """Return a row's columns that the shape has by the same name, and the others as given."""
    return {name: getattr(row, name) for name in shape.model_fields if name not in other} | other


def _agent(story: Story, agent_id: UUID | None) -> str | None:
    return story.agents.get(agent_id) if agent_id else None


def _offer(story: Story, offer: Offer, ring: RingMeasure | None) -> StoryOffer:
    measured = ring and StoryRing(**_pick(StoryRing, ring, seconds=ring.ring_seconds))
    agent = _agent(story, offer.agent_id)
    return StoryOffer(**_pick(StoryOffer, offer, agent=agent, leg=offer.leg_sid, ring=measured))


Order = tuple[datetime, datetime]


def _placed(moment: Moment, learned: datetime) -> tuple[Order, Moment]:
    return (moment.at.replace(microsecond=0), learned), moment


def _moments(story: Story) -> Iterator[tuple[Order, Moment]]:
    in_force = words_by_event(story)
    for event, words in story.events:
        yield _placed(_event(event, words, in_force.get(event.id, [])), event.recorded_at)
    for offer, ring in story.offers:
        yield from _offer_moments(story, offer, ring)
    for attempt in story.attempts:
        placed = {"to": attempt.to_address, "state": attempt.state, "purpose": attempt.purpose_kind}
        at = attempt.sent_at or attempt.created_at
        yield _placed(Moment(at=at, kind="attempt", leg=attempt.sid, detail=placed), at)
    for order in story.orders:
        detail: dict[str, Any] = {"state": order.state, "tries": order.tries}
        moment = Moment(at=order.created_at, kind=f"order.{order.verb}", leg=order.sid, detail=detail)
        yield _placed(moment, order.created_at)


def _event(event: CallEvent, words: CallWords | None, in_force: list[Words]) -> Moment:
    document = words.document if words else None
    return Moment(
        at=event.at,
        kind=event.kind,
        leg=event.leg_sid,
        detail=event.detail,
        heard=words.heard if words else None,
        said=sentences(document) if document else [],
        answers=words.answers if words else None,
        document=document,
        words=in_force,
    )


def _offer_moments(story: Story, offer: Offer, ring: RingMeasure | None) -> Iterator[tuple[Order, Moment]]:
    """Tell an offer's life; each step was learned no earlier than the one before."""
    steps = (
        ("made", offer.made_at),
        ("accepted", offer.accepted_at),
        ("joined", offer.joined_at),
        (offer.state, offer.ended_at),
    )
    measured = {"seconds": ring.ring_seconds, "rings": ring.rings, "within": ring.within} if ring else {}
    agent, learned = _agent(story, offer.agent_id), offer.made_at
    for name, at in steps:
        if at is None:
            continue
        learned = max(learned, at)
        detail = measured if name != "made" else {}
        yield _placed(
            Moment(at=at, kind=f"offer.{name}", leg=offer.leg_sid, agent=agent, detail=detail), learned
        )

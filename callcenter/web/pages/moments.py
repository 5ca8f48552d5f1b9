"""A call's timeline as people read it: heard, pressed, said, rung; the carrier's events are folded."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from callcenter.web.api.calls import CallDetail
from callcenter.web.api.story import Moment
from callcenter.web.api.words import Words
from callcenter.web.pages.asked import Asked
from callcenter.web.pages.names import HEARD, OFFERS
from callcenter.web.pages.words import marked as _

GAP_SECONDS = 20
_ORDERS: Mapping[str, str] = {
    "order.redirect": _("Led on by the carrier"),
    "order.hang_up": _("Told the carrier to hang up"),
}
_STATUSES: Mapping[str, str] = {
    "ringing": _("Rings"),
    "in-progress": _("Picked up"),
    "completed": _("Hung up"),
    "busy": _("Busy"),
    "no-answer": _("No answer"),
    "failed": _("Could not be reached"),
    "canceled": _("Stopped"),
}


def moments_of(asked: Asked, call: CallDetail) -> list[dict[str, Any]]:
    """Return the moments of a story in order: title, texts, folded events, and the gap behind each."""
    roles = {leg.sid: leg.agent or asked.t(_ROLES.get(leg.role, leg.role)) for leg in call.legs}
    told: list[dict[str, Any]] = []
    for moment in call.timeline:
        shown = _shown(asked, moment, roles)
        if shown is None:
            if told:
                told[-1]["events"].append(_event(moment, asked))
        else:
            empty: dict[str, Any] = {"events": [], "said": [], "document": None, "kind": "turn"}
            told.append({**empty, **shown, "at": moment.at})
    for before, after in pairwise(told):
        seconds = (after["at"] - before["at"]).total_seconds()
        before["gap"] = seconds if seconds >= GAP_SECONDS else None
    return told


_ROLES: Mapping[str, str] = {"caller": _("Caller"), "customer": _("Customer"), "agent": _("Agent")}


def _shown(asked: Asked, moment: Moment, roles: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what a moment means to a person, None for what only explains the one before."""
    who = roles.get(moment.leg or "", "")
    if moment.kind in ("turn", "bookkeeping"):
        return _turn(asked, moment, who)
    if moment.kind.startswith("offer."):
        return _offer(asked, moment)
    if moment.kind == "status" and moment.detail.get("status") in _STATUSES:
        word = asked.t(_STATUSES[moment.detail["status"]])
        return {"kind": "carrier", "title": f"{who}: {word}" if who else word}
    if moment.kind == "attempt":
        return {"kind": "ringing", "title": asked.t(_("We place a call")), "text": moment.detail["state"]}
    if moment.kind in ("apology", "fallback", "found"):
        return {"kind": "late", "title": asked.t(_("Our fault: the caller heard an apology"))}
    return None


def _turn(asked: Asked, moment: Moment, who: str) -> dict[str, Any] | None:
    heard = moment.heard or {}
    say = _HEARINGS.get(str(heard.get("type")))
    title = say(asked, heard) if say else None
    if title is None and not moment.said and not moment.words:
        return None
    said = [_sentence(asked, words) for words in moment.words]
    plain = [{"text": text, "prompt": "", "heard": "", "certain": True, "cut": False} for text in moment.said]
    told = f"{who}: {title}" if title and who else title
    return {
        "kind": "turn",
        "title": told or asked.t(_("We say")),
        "said": said or plain,
        "document": moment.document,
    }


def _sentence(asked: Asked, words: Words) -> dict[str, Any]:
    """Return one prompt: what it said, in which version, and how far it was heard."""
    return {
        "text": words.said,
        "prompt": f"{words.prompt}/{words.version}",
        "heard": asked.t(HEARD[words.heard]),
        "certain": words.certain,
        "cut": words.heard in ("cut_short", "not_begun"),
    }


def _keys(asked: Asked, heard: Mapping[str, Any]) -> str:
    return asked.t(_("pressed %(keys)s"), keys=heard.get("digits", ""))


_HEARINGS: Mapping[str, Callable[[Asked, Mapping[str, Any]], str | None]] = {
    "Arrived": lambda asked, _heard: asked.t(_("The call arrives")),
    "PickedUp": lambda asked, _heard: asked.t(_("picks up")),
    "Pressed": _keys,
    "Spoke": lambda asked, heard: asked.t(_("said “%(words)s”"), words=heard.get("words", "")),
    "Silence": lambda _asked, _heard: None,
    "HungUp": lambda asked, _heard: asked.t(_("hangs up")),
    "QueueLeft": lambda asked, _heard: asked.t(_("leaves the queue")),
    "Summoned": lambda asked, heard: asked.t(_("is led into the room")) if heard.get("room") else None,
    "TalkEnded": lambda asked, _heard: asked.t(_("the talk is over")),
    "Recorded": lambda asked, heard: asked.t(_("leaves a message of %(n)s s"), n=heard.get("seconds", 0)),
}


def _offer(asked: Asked, moment: Moment) -> dict[str, Any]:
    name = moment.kind.partition(".")[2]
    agent = moment.agent or "–"
    if name == "made":
        return {"kind": "ringing", "title": asked.t(_("Offered to %(agent)s"), agent=agent)}
    word = asked.t(OFFERS.get(name, name))
    kind = {"accepted": "talking", "joined": "talking", "missed": "late", "failed": "late"}.get(name, "turn")
    told: dict[str, Any] = {"kind": kind, "title": f"{agent}: {word}"}
    if moment.detail:
        told["ring"] = moment.detail
    return told


def _event(moment: Moment, asked: Asked) -> str:
    facts = ", ".join(f"{name}={value}" for name, value in _plain(moment.detail))
    word = asked.t(_ORDERS[moment.kind]) if moment.kind in _ORDERS else moment.kind
    return f"{moment.at.astimezone(asked.zone):%H:%M:%S} {word} {facts}".strip()


def _plain(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in detail.items():
        if isinstance(value, str | int | float) and value != "":
            yield name, value

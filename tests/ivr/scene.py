"""A leg of the page of what is heard: its rows, played by the flow itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.flow import apology
from ivr.hearing import Arrived, Heard, PickedUp, Pressed, Recorded, Silence, Spoke, Summoned, TalkEnded
from ivr.turns import Connect, Enqueue, HangUp, Leave, Music, Record, Say, Turn
from ivr.words import speak
from tests.ivr.legs import Leg, flat

NAMES = {"zh-CN": "张女士", "en-US": "Ms Zhang"}
LANGUAGES = ("zh-CN", "en-US")
Both = tuple[str, str]
CALLER: Both = ("来电者", "caller")
AGENT: Both = ("坐席", "agent")
CUSTOMER: Both = ("客户", "customer")
DEEDS: Mapping[type, Both] = {
    Enqueue: ("（进入排队）", "(enters the queue)"),
    Connect: ("（进入通话）", "(enters the room)"),
    Leave: ("（离开排队）", "(leaves the queue)"),
    Record: ("（提示音，录音）", "(tone, recording)"),
    HangUp: ("（通话结束）", "(the call ends)"),
}


def told(heard: Heard) -> Both:
    """What somebody does, in both languages; bookkeeping of the carrier is nothing that one does."""
    match heard:
        case Pressed(digits):
            return f"按 {digits}", f"presses {digits}"
        case Silence():
            return "（没有按键）", "(presses nothing)"
        case Recorded(seconds):
            return f"（留言 {seconds} 秒，按 #）", f"(speaks for {seconds} s, presses #)"
        case TalkEnded():
            return "（通话；对方先挂机）", "(they talk; the other side hangs up first)"
        case _:
            gone = heard == Summoned(1, "")
            return ("（对方挂机）", "(the other side hangs up)") if gone else ("", "")


WAITS = ("（等候）", "(waits)")


@dataclass(frozen=True)
class Scene:
    """One leg: how it begins, what is heard of its person, and what the centre answers."""

    who: Both
    begins: Heard
    then: Sequence[Heard | tuple[str, str]] = ()
    answers: Mapping[type, Any] = field(default_factory=dict)
    skips: int = 0
    title: Both = ("", "")
    note: Both = ("", "")

    def rows(self) -> Iterable[str]:
        """Yield the rows of its table."""
        legs = [Leg(_in(self.begins, language), _fresh(self.answers)) for language in LANGUAGES]
        yield from self._documents([leg.turn for leg in legs], skipped=self.skips > 0)
        for number, heard in enumerate(self.then, start=2):
            each = (
                (Spoke(heard[0], 0.9), Spoke(heard[1], 0.9)) if isinstance(heard, tuple) else (heard, heard)
            )
            yield from self._deed(legs[0].name, heard)
            for leg, one in zip(legs, each, strict=True):
                leg.hears(one)
            yield from self._documents([leg.turn for leg in legs], skipped=number <= self.skips)

    def _deed(self, state: str, heard: Heard | tuple[str, str]) -> Iterable[str]:
        if isinstance(heard, tuple):
            yield _row(self.who, (f"说：“{heard[0]}”", f"says “{heard[1]}”"))
            return
        deed = WAITS if state in ("waiting", "connecting") and heard == Silence() else told(heard)
        if deed[0]:
            yield _row(self.who, deed)

    def _documents(self, turns: Sequence[Turn], *, skipped: bool) -> Iterable[str]:
        if skipped:
            yield _row(_hears(self.who), ("（开场与菜单，同上）", "(the opening and the menu, as above)"))
            return
        heard = tuple("<br>".join(_sounds(turn)) for turn in turns)
        if any(heard):
            yield _row(_hears(self.who), (heard[0], heard[1]))
        for verb in turns[0].does:
            if type(verb) in DEEDS:
                yield _row(self.who, DEEDS[type(verb)])


@dataclass(frozen=True)
class Failure(Scene):
    """What a leg hears when something broke on our side: made without anything but memory."""

    def rows(self) -> Iterable[str]:
        """Yield what is heard, the message and the goodbye."""
        yield from self._documents([apology(None)] * 2, skipped=False)


def _in(heard: Heard, language: str) -> Heard:
    """Begin in this language: the line greets in it, the customer's name is written in it."""
    languages = (language, *(other for other in LANGUAGES if other != language))
    if isinstance(heard, (Arrived, PickedUp)) and heard.line is not None:
        name = NAMES[language] if heard.name else None
        changed = {"line": replace(heard.line, languages=languages), "name": name}
        return replace(heard, **changed, **({"language": language} if isinstance(heard, PickedUp) else {}))
    return heard


def _fresh(answers: Mapping[type, Any]) -> dict[type, Any]:
    return {kind: list(value) if isinstance(value, list) else value for kind, value in answers.items()}


def _hears(who: Both) -> Both:
    return f"{who[0]}听到", f"{who[1]} hears"


def _sounds(turn: Turn) -> list[str]:
    return [
        speak(verb) if isinstance(verb, Say) else "♪" for verb in flat(turn) if isinstance(verb, (Say, Music))
    ]


def _row(who: Both, cells: Both) -> str:
    return f"| {who[0]} · {who[1]} | {cells[0]} | {cells[1]} |"

"""A call as a person would tell it: when, heard what, pressed what, talked with whom."""

from collections.abc import Iterator

from callcenter.simulator.calls import Call
from callcenter.simulator.ear import Moment

PHRASES = {
    "speech": "heard: {text}",
    "sound": "heard: [{text}]",
    "music": "music: [{text}]",
    "tone": "tone: {text}",
    "talk": "talking with {text}",
    "said": "heard: {text}",
    "recording": "recording a message",
    "pressed": "pressed {text}",
    "spoke": "said: {text}",
    "event": "{text}",
}
NOTICEABLE_SILENCE = 3.0


def offset(seconds: float) -> str:
    """Return minutes and seconds, `01:07`."""
    whole = int(seconds)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def lines(call: Call, until: float) -> list[str]:
    """Return the call's transcript, one line per moment, counted from its beginning."""
    return [f"{offset(at - call.created)} {text}" for at, _, text in moments(call, until)]


def moments(call: Call, until: float) -> Iterator[tuple[float, str, str]]:
    """Yield (seconds since the network's start, kind, what happened); a silence is told when it is one."""
    for moment in call.ear.moments:
        if moment.kind == "silence":
            if (moment.ended or until) - moment.began > NOTICEABLE_SILENCE:
                yield moment.began + NOTICEABLE_SILENCE, moment.kind, f"silence{_why(moment)}"
        elif moment.kind in PHRASES:
            yield moment.began, moment.kind, PHRASES[moment.kind].format(text=moment.text) + _cut(moment)


def _why(moment: Moment) -> str:
    return f" ({moment.text})" if moment.text else ""


def _cut(moment: Moment) -> str:
    if moment.kind != "speech" or moment.ended is None or moment.planned is None:
        return ""
    return " …(cut short)" if moment.ended - moment.began < moment.planned - 0.05 else ""

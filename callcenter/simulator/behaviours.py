"""How a called person, or a machine, takes a call."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from callcenter.simulator.addresses import Cadence

Conduct = Literal["answers", "rings out", "busy", "declines", "unreachable"]


@dataclass(frozen=True)
class Behaviour:
    """One way of taking a call; times in seconds.

    `after` counts from the first ring; `rings` answers during that ring instead. `presses` holds one
    entry per prompt, pressed `reaction` after the prompt began; `presses_at` holds (seconds after pick-up,
    keys). `talks_for` counts from the moment of being joined with somebody, `hangs_up_after` from pick-up.
    With an `extension` a switchboard picks up, and the person only takes part once these keys have come.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    conduct: Conduct = "rings out"
    after: float = 5.0
    rings: int | None = None
    presses: tuple[str, ...] = ()
    presses_at: tuple[tuple[float, str], ...] = ()
    reaction: float = 1.5
    says: str = ""
    talks_for: float | None = None
    hangs_up_after: float | None = None
    machine: bool = False
    reports_ringing: bool = True
    setup: float | None = None
    declines_as: Literal["busy", "canceled", "no-answer"] = "busy"
    extension: str = ""

    def delay(self, cadence: Cadence) -> float:
        """Return the seconds from the first ring to the reaction."""
        if self.rings is None:
            return self.after
        return (self.rings - 1) * cadence.cycle + min(1.0, cadence.cycle / 2)


def answers(
    after: float = 5.0,
    *,
    rings: int | None = None,
    presses: str | tuple[str, ...] = (),
    presses_at: tuple[tuple[float, str], ...] = (),
    reaction: float = 1.5,
    talks_for: float | None = None,
    hangs_up_after: float | None = None,
    reports_ringing: bool = True,
    setup: float | None = None,
    extension: str = "",
) -> Behaviour:
    """A person who picks up; `presses="1"` is one prompt, `("1", "2")` are two."""
    return Behaviour(
        "answers",
        after=after,
        rings=rings,
        presses=(presses,) if isinstance(presses, str) else presses,
        presses_at=presses_at,
        reaction=reaction,
        talks_for=talks_for,
        hangs_up_after=hangs_up_after,
        reports_ringing=reports_ringing,
        setup=setup,
        extension=extension,
    )


def rings_out(*, reports_ringing: bool = True) -> Behaviour:
    """Nobody is there."""
    return Behaviour("rings out", reports_ringing=reports_ringing)


def busy() -> Behaviour:
    """The line is engaged (SIP 486)."""
    return Behaviour("busy")


def declines(after: float = 4.0, how: Literal["busy", "canceled", "no-answer"] = "busy") -> Behaviour:
    """The person refuses; carriers report it differently."""
    return Behaviour("declines", after=after, declines_as=how)


def unreachable() -> Behaviour:
    """The number does not exist or is switched off (SIP 404)."""
    return Behaviour("unreachable")


def voicemail(after: float = 20.0, tape: float = 30.0, greeting: str = "请在滴声后留言。") -> Behaviour:
    """A machine answers, speaks its greeting, presses nothing, hangs up when its tape is full."""
    return Behaviour("answers", after=after, says=greeting, hangs_up_after=tape, machine=True)

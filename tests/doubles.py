"""Parts of a Work that a test sets by hand: the time, and a doorbell that remembers."""

from datetime import UTC, datetime, timedelta

from callcenter.jobs import Work, perform

SATURDAY_NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # Noon in China.


class SettableTime:
    """A clock that stands still until it is set or moved on."""

    def __init__(self, at: datetime = SATURDAY_NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def moves(self, **by: float) -> datetime:
        """Move on by `timedelta`'s arguments, as in moves(minutes=5); return the new instant."""
        self.at += timedelta(**by)
        return self.at


class RememberingBell:
    """A doorbell that hands nothing over; `rung` are the jobs whose transactions have committed."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.dead = False

    def ring(self, name: str, subject_id: str) -> bool:
        """Remember a job, or be dead and say so."""
        if not self.dead:
            self.rung.append((name, subject_id))
        return not self.dead

    def drain(self, work: Work) -> None:
        """Perform what was rung, and what that rings, until nothing is left."""
        while self.rung:
            name, subject_id = self.rung.pop(0)
            perform(work, name, subject_id)

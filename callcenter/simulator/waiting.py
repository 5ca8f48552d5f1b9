"""Queues: callers in `<Enqueue>`, in order of arrival."""

from dataclasses import dataclass, field

from callcenter.simulator.calls import Call
from callcenter.simulator.kernel import Signal


@dataclass(eq=False)
class Member:
    """A caller in a queue; `taken` fires with the QueueResult when somebody else takes him out."""

    call: Call
    entered: float
    taken: Signal = field(default_factory=Signal)
    released: Signal = field(default_factory=Signal)


@dataclass(eq=False)
class Queue:
    """One queue, made on demand; times in seconds since the start."""

    sid: str
    name: str
    created: float
    max_size: int = 1000
    members: list[Member] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    grown: Signal = field(default_factory=Signal)

    @property
    def average_wait(self) -> int:
        """Return the mean wait in whole seconds of those who have left."""
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def enter(self, member: Member) -> None:
        """Put a caller at the end."""
        self.members.append(member)
        grown, self.grown = self.grown, Signal()
        grown.fire()

    def leave(self, member: Member, at: float) -> None:
        """Take a caller out; once is enough."""
        if member in self.members:
            self.members.remove(member)
            self.waits.append(at - member.entered)

    def position(self, member: Member) -> int:
        """Return the caller's place, from 1; 0 when he is not in it."""
        return self.members.index(member) + 1 if member in self.members else 0

"""Everything that can go wrong by name; the doors translate, nobody below them knows HTTP.

CallCenterError
├── Invalid        what was given cannot be used; says which field and what would be accepted
├── Missing        there is no such thing
├── Conflict       true a moment ago, no longer: someone else was first
├── Forbidden      this role or this number is not allowed to
└── Unavailable    a part that is needed does not answer: database, Redis, carrier
"""


class CallCenterError(Exception):
    """Base of every error that this product raises on purpose."""


class Invalid(CallCenterError):
    """A value cannot be used."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


class Missing(CallCenterError):
    """A thing that was asked for does not exist."""

    def __init__(self, kind: str, name: object) -> None:
        self.kind = kind
        super().__init__(f"There is no {kind} {name}.")


class Conflict(CallCenterError):
    """The state has moved on; read it again before you try again."""


class Forbidden(CallCenterError):
    """This is not allowed to whoever asked."""


class Unavailable(CallCenterError):
    """A part that is needed does not answer."""

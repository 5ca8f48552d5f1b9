"""Everything that can go wrong by name; the doors translate, nobody below them knows HTTP.

CallCenterError
├── Invalid        what was given cannot be used; says which field and what would be accepted
├── Missing        there is no such thing
├── Conflict       true a moment ago, no longer: someone else was first
├── Forbidden      this role or this number is not allowed to
└── Unavailable    a part that is needed does not answer: database, Redis, carrier
"""

from typing import Self


class Sentence(str):
    """An English sentence that remembers its values: a door may say it in another language."""

    template: str
    values: tuple[object, ...]

    def __new__(cls, template: str, *values: object) -> Self:
        """Fill the values into the template's places, `{}` each; without values it is no template."""
        made = super().__new__(cls, template.format(*values) if values else template)
        made.template, made.values = template, values
        return made


class CallCenterError(Exception):
    """Base of every error that this product raises on purpose."""


class Invalid(CallCenterError):
    """A value cannot be used."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(Sentence("{}: {}", field, problem))


class Missing(CallCenterError):
    """A thing that was asked for does not exist."""

    def __init__(self, kind: str, name: object) -> None:
        self.kind = kind
        said = Sentence(name) if isinstance(name, str) else name
        super().__init__(Sentence("There is no {} {}.", Sentence(kind), said))


class Conflict(CallCenterError):
    """The state has moved on; read it again before you try again."""


class Forbidden(CallCenterError):
    """This is not allowed to whoever asked."""


class Unavailable(CallCenterError):
    """A part that is needed does not answer."""

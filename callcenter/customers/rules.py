"""How certain a number is about who phones: pure."""

from dataclasses import dataclass
from uuid import UUID

from callcenter.phone_numbers import is_withheld

# A number that hundreds share tells an agent nothing; so many are named.
MOST_CANDIDATES = 20


@dataclass(frozen=True)
class Recognition:
    """Who phones, as far as the number tells.

    `certain`: one customer and nobody else. `maybe`: one of several, who share the number or sit behind its
    switchboard; nobody is greeted by name, nothing is merged. `unknown`: never heard of, or not readable.
    `withheld`: no number was told. `doubted`: the carrier does not vouch for the number; the candidates are
    those whom it would name.
    """

    certainty: str
    candidates: tuple[UUID, ...] = ()

    @property
    def customer_id(self) -> UUID | None:
        """The one customer whom the number names."""
        return self.candidates[0] if self.certainty == "certain" else None

    def detail(self) -> dict[str, object]:
        """Return what an event keeps of it."""
        named = [str(customer_id) for customer_id in self.candidates[:MOST_CANDIDATES]]
        return {"certainty": self.certainty, "candidates": [] if self.certainty == "certain" else named}


_VOUCHED = frozenset(f"TN-Validation-Passed-A{way}" for way in ("", "-Diverted", "-Passthrough"))
WITHHELD = Recognition("withheld")
UNKNOWN = Recognition("unknown")


def without_number(raw: str | None) -> Recognition:
    """Return what a caller is who has no canonical number, by what the carrier told instead."""
    return WITHHELD if is_withheld(raw) else UNKNOWN


def is_doubted(attestation: str, *, attested_only: bool) -> bool:
    """Say whether a number is not to be believed, by what the carrier says of it (StirVerstat).

    Twilio, "Trusted calling with SHAKEN/STIR": `TN-Validation-Failed`, with A, B or C and `-Diverted` or
    `-Passthrough` behind it, was forged or damaged on its way. Only `TN-Validation-Passed-A` says that the
    caller may use the number: B knows the caller alone, C nothing but the gateway. Most countries attest
    nothing.
    """
    if attested_only:
        return attestation not in _VOUCHED
    return attestation.startswith("TN-Validation-Failed")


def judge(exact: list[UUID], behind: list[UUID]) -> Recognition:
    """Return how certain a number is: of those known by just this number, and those of its switchboard.

    One by just this number is certain, unless somebody has an extension behind it: any of them may phone.
    """
    everybody = tuple(dict.fromkeys([*exact, *behind]))
    if not everybody:
        return UNKNOWN
    return Recognition("certain" if len(everybody) == 1 and exact else "maybe", everybody)

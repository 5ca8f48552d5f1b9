"""A webhook as the handlers see it."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.errors import CallCenterError


@dataclass(frozen=True)
class Webhook:
    """A request that the carrier signed; `form` has the last value of every name."""

    form: dict[str, str]
    path: dict[str, str]
    query: dict[str, str]
    received_at: datetime

    @property
    def sid(self) -> str:
        """The call's SID, or the conference's where the carrier speaks of no call; its form was checked."""
        return self.form.get("CallSid") or self.form["ConferenceSid"]


class Refused(CallCenterError):
    """The request is signed but is not what this address takes."""

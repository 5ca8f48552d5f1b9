"""The parameters of webhooks: Twilio's, in Twilio's spelling."""

from datetime import datetime
from functools import lru_cache

from callcenter.simulator.addresses import country_of
from callcenter.simulator.calls import Call
from callcenter.simulator.settings import API_VERSION
from callcenter.simulator.webhooks import Pairs

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def of_call(account_sid: str, call: Call) -> Pairs:
    """Return what every webhook about a call carries, the legacy twins included."""
    pairs = {
        "CallSid": call.sid,
        "AccountSid": account_sid,
        "From": call.from_,
        "To": call.to,
        "Caller": call.from_,
        "Called": call.to,
        "CallStatus": str(call.status),
        "Direction": call.direction,
        "ApiVersion": API_VERSION,
        **_places("From", "Caller", call.from_),
        **_places("To", "Called", call.to),
    }
    if call.parent is not None:
        pairs["ParentCallSid"] = call.parent.sid
    if call.answered_by is not None:
        pairs["AnsweredBy"] = call.answered_by
    return tuple((pairs | call.extras).items())


def _places(name: str, twin: str, address: str) -> dict[str, str]:
    country = country_of(address)
    return {
        f"{side}{part}": country if part == "Country" else ""
        for side in (name, twin)
        for part in ("City", "State", "Zip", "Country")
    }


@lru_cache(maxsize=4096)
def rfc2822(instant: datetime) -> str:
    """Return the time stamp of a webhook: RFC 2822, UTC, whole seconds."""
    day, month = _DAYS[instant.weekday()], _MONTHS[instant.month - 1]
    return f"{day}, {instant:%d} {month} {instant:%Y %H:%M:%S} +0000"

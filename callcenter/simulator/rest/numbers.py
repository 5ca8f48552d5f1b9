"""The account's numbers, as far as pointing them at an installation needs it.

Source: Twilio "IncomingPhoneNumber resource".
"""

from callcenter.simulator.rest import shapes
from callcenter.simulator.rest.errors import not_found
from callcenter.simulator.rest.paging import page
from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.webhooks import Callback
from callcenter.simulator.world import Number


def listing(query: RestQuery) -> tuple[int, Json]:
    """GET /IncomingPhoneNumbers, one number by PhoneNumber."""
    rows = [n for n in query.world.numbers.values() if query.get("PhoneNumber") in ("", n.address)]
    return 200, page(query, "incoming_phone_numbers", rows, lambda n: shapes.number(query.world, n))


def _find(query: RestQuery, sid: str) -> Number:
    number = next((n for n in query.world.numbers.values() if n.sid == sid), None)
    if number is None:
        raise not_found(shapes.uri(query.world, f"IncomingPhoneNumbers/{sid}.json"))
    return number


def fetch(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /IncomingPhoneNumbers/{sid}."""
    return 200, shapes.number(query.world, _find(query, sid))


def update(query: RestQuery, sid: str) -> tuple[int, Json]:
    """POST /IncomingPhoneNumbers/{sid}: where calls are announced."""
    number = _find(query, sid)
    number.voice = query.callback("VoiceUrl", "VoiceMethod") or number.voice
    number.fallback = _changed(query, "VoiceFallback", number.fallback)
    number.status = _changed(query, "StatusCallback", number.status)
    number.name = query.get("FriendlyName", number.name)
    return 200, shapes.number(query.world, number)


def _changed(query: RestQuery, name: str, present: Callback | None) -> Callback | None:
    url = "StatusCallback" if name == "StatusCallback" else f"{name}Url"
    return query.callback(url, f"{name}Method") if query.has(url) else present
